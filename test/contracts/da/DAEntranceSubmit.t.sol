// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {EntranceTest} from "./EntranceTest.sol";

/// @notice What is recorded, what is paid, what is refused at submission.
contract PartnerOfItsCaller {
    function entrance() external view returns (address) {
        return msg.sender;
    }
}

contract DAEntranceSubmitTest is EntranceTest {
    event BatchSubmitted(
        bytes32 indexed batchId,
        address indexed submitter,
        uint64 indexed epoch,
        IDAEntrance.BatchCommitment commitment
    );

    uint64 internal epoch;

    function setUp() external {
        epoch = _deployWith(4);
    }

    function test_TheRecordSaysWhatWasSubmitted() external {
        Case memory c = _case(17, 1000, "record");
        c.commitment.blobCount = 3;
        c.commitment.attempt = 2;
        bytes32 id = entrance.batchIdOf(submitter, c.commitment);
        uint256 value = _quote(c);
        vm.deal(submitter, value);
        vm.expectEmit(address(entrance));
        emit BatchSubmitted(id, submitter, epoch, c.commitment);
        vm.prank(submitter);
        vm.assertEq(entrance.submitBatch{value: value}(c.commitment), id);

        IDAEntrance.BatchRecord memory r = entrance.record(id);
        vm.assertEq(r.batchRoot, c.commitment.batchRoot);
        vm.assertEq(r.rowsRoot, c.commitment.rowsRoot);
        vm.assertEq(r.metadataRoot, c.commitment.metadataRoot);
        vm.assertEq(r.submitter, submitter);
        vm.assertEq(r.blobCount, 3);
        vm.assertEq(r.rowCount, 17);
        vm.assertEq(r.metadataLength, 1000);
        vm.assertEq(r.attempt, 2);
        vm.assertEq(r.submitBlock, vm.getBlockNumber());
        vm.assertEq(r.epoch, epoch);
        vm.assertEq(r.bond, 17 * uint256(BOND));
        vm.assertEq(r.confirmBlock, 0);
        vm.assertEq(r.retainUntil, 0);
        vm.assertEq(r.certificate, 0);
        vm.assertFalse(r.failed);
        vm.assertFalse(r.bondWithdrawn);
        vm.assertEq(uint256(entrance.statusOf(id)), uint256(IDAEntrance.Status.Submitted));
        vm.assertEq(entrance.confirmDeadline(id), r.submitBlock + WINDOW);
        vm.assertEq(entrance.firstBlock(), START);
        // The log is not touched, the money is here.
        vm.assertEq(flow.numSubmissions(), 0);
        vm.assertEq(address(entrance).balance, value);
        vm.assertEq(entrance.samplingPool(), 17 * uint256(DA_FEE));
    }

    function test_TheQuoteCountsPaddedSectorsOfBothEntries() external view {
        (uint256 storageFee, uint256 daFee, uint256 bond) = entrance.quoteBatch(17, 4097 * 256);
        // 17 rows pad to 18 (sixteenths of 32), 4097 sectors to 4608.
        vm.assertEq(storageFee, (18 * 1024 + 4608) * PRICE);
        vm.assertEq(daFee, 17 * uint256(DA_FEE));
        vm.assertEq(bond, 17 * uint256(BOND));
    }

    function test_TheQuoteCoversAnAnnouncedPrice() external {
        (uint256 before, , ) = entrance.quoteBatch(15, 10_000);
        vm.prank(priceAdmin);
        market.setPricePerSector(3 * PRICE);
        (uint256 afterwards, , ) = entrance.quoteBatch(15, 10_000);
        vm.assertEq(afterwards, 3 * before);
    }

    function test_TheIdBindsEverythingButTheMetadata() external {
        IDAEntrance.BatchCommitment memory c = _case().commitment;
        bytes32 id = entrance.batchIdOf(submitter, c);
        bytes32 expected = keccak256(
            abi.encode(
                keccak256("0G-DA/batch/v1"),
                block.chainid,
                address(entrance),
                submitter,
                uint256(c.attempt),
                c.batchRoot,
                uint256(c.blobCount),
                c.rowsRoot,
                uint256(c.rowCount)
            )
        );
        vm.assertEq(id, expected);
        c.metadataRoot = keccak256("other");
        ++c.metadataLength;
        vm.assertEq(entrance.batchIdOf(submitter, c), id);

        // A12: no other field moves without the id.
        vm.assertNotEq(entrance.batchIdOf(priceAdmin, c), id);
        ++c.attempt;
        vm.assertNotEq(entrance.batchIdOf(submitter, c), id);
        (c.attempt, c.blobCount) = (c.attempt - 1, c.blobCount + 1);
        vm.assertNotEq(entrance.batchIdOf(submitter, c), id);
        (c.blobCount, c.rowCount) = (c.blobCount - 1, c.rowCount + 1);
        vm.assertNotEq(entrance.batchIdOf(submitter, c), id);
        --c.rowCount;
        (c.batchRoot, c.rowsRoot) = (c.rowsRoot, c.batchRoot);
        vm.assertNotEq(entrance.batchIdOf(submitter, c), id);
        (c.batchRoot, c.rowsRoot) = (c.rowsRoot, c.batchRoot);
        vm.assertEq(entrance.batchIdOf(submitter, c), id);
        // A11: nor chain or contract.
        DAEntrance other = _newEntrance(WINDOW, RETENTION, BOND, DA_FEE).entrance();
        vm.assertNotEq(other.batchIdOf(submitter, c), id);
        vm.chainId(2);
        vm.assertNotEq(entrance.batchIdOf(submitter, c), id);
    }

    function test_SurplusBecomesCredit() external {
        Case memory c = _case();
        uint256 quote = _quote(c);
        _submitAs(submitter, c, quote + 5);
        vm.assertEq(entrance.credit(submitter), 5);
        vm.prank(submitter);
        entrance.withdraw(payable(submitter));
        vm.assertEq(submitter.balance, 5);
        vm.assertEq(address(entrance).balance, quote);
    }

    function test_LessThanTheQuoteIsRefused() external {
        Case memory c = _case();
        uint256 quote = _quote(c);
        vm.deal(submitter, quote);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.PaymentTooLow.selector, quote - 1, quote));
        vm.prank(submitter);
        entrance.submitBatch{value: quote - 1}(c.commitment);
    }

    function test_ABatchIsSubmittedOnceWhateverBecomesOfIt() external {
        Case memory c = _case();
        bytes32 id = _submit(c);
        bytes memory already = abi.encodeWithSelector(IDAEntrance.BatchAlreadySubmitted.selector, id);
        _expectRefused(already, c.commitment);
        _expire(c);
        vm.assertEq(uint256(entrance.statusOf(id)), uint256(IDAEntrance.Status.Unavailable));
        _expectRefused(already, c.commitment);
        entrance.failBatch(id);
        _expectRefused(already, c.commitment);
        // Another attempt is another batch.
        ++c.commitment.attempt;
        vm.assertNotEq(_submit(c), id);
    }

    function test_TwoSubmittersOfOneContentAreTwoBatches() external {
        Case memory c = _case();
        bytes32 mine = _submit(c);
        bytes32 yours = _submitAs(actor("another"), c, _quote(c));
        vm.assertNotEq(mine, yours);
        vm.assertEq(entrance.record(yours).submitter, actor("another"));
    }

    function test_A15_WithoutStakeNothingIsAccepted() external {
        _deploySystem();
        Case memory c = _case();
        _expectRefused(abi.encodeWithSelector(IDAEntrance.NoValidators.selector, 0), c.commitment);
        delete secrets;
        _join(1 ether);
        vm.roll(START + 2 * EPOCH_BLOCKS - 1);
        _expectRefused(abi.encodeWithSelector(IDAEntrance.NoValidators.selector, 1), c.commitment);
        vm.roll(START + 2 * EPOCH_BLOCKS);
        _submit(c);
    }

    function test_A32_CountsOutOfBoundsAreRefused() external {
        IDAEntrance.BatchCommitment memory c = _case().commitment;
        c.blobCount = 0;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.BlobCount.selector, 0, 1024), c);
        c.blobCount = 1025;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.BlobCount.selector, 1025, 1024), c);
        c.blobCount = 16;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.RowCount.selector, 15, 16, 512), c);
        c.rowCount = 513;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.RowCount.selector, 513, 16, 512), c);
        c.rowCount = type(uint32).max;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.RowCount.selector, type(uint32).max, 16, 512), c);
        c.rowCount = 512;
        c.metadataLength = 0;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.MetadataLength.selector, 0, 1_179_648), c);
        c.metadataLength = 1_179_649;
        _expectRefused(abi.encodeWithSelector(IDAEntrance.MetadataLength.selector, 1_179_649, 1_179_648), c);
        c.metadataLength = 1_179_648;
        vm.deal(address(this), 1000 ether);
        entrance.submitBatch{value: 1000 ether}(c);
    }

    function test_A4_ZeroRootsAreRefused() external {
        bytes memory refused = abi.encodeWithSelector(IDAEntrance.ZeroRoot.selector);
        IDAEntrance.BatchCommitment memory c = _case().commitment;
        c.batchRoot = 0;
        _expectRefused(refused, c);
        c = _case().commitment;
        c.rowsRoot = 0;
        _expectRefused(refused, c);
        c = _case().commitment;
        c.metadataRoot = 0;
        _expectRefused(refused, c);
    }

    function test_UnknownBatchesAreNamed() external {
        bytes memory unknown = abi.encodeWithSelector(IDAEntrance.UnknownBatch.selector, bytes32("x"));
        vm.assertEq(uint256(entrance.statusOf("x")), uint256(IDAEntrance.Status.None));
        vm.expectRevert(unknown);
        entrance.record("x");
        vm.expectRevert(unknown);
        entrance.messageOf("x");
        vm.expectRevert(unknown);
        entrance.confirmDeadline("x");
        vm.expectRevert(unknown);
        entrance.retainUntil("x");
        vm.expectRevert(unknown);
        entrance.failBatch("x");
        vm.expectRevert(unknown);
        entrance.withdrawBond("x");
    }

    function test_TheConstructorRefusesWhatCannotWork() external {
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.ConfirmWindowTooLong.selector, 251, 250));
        _newEntrance(251, RETENTION, BOND, DA_FEE);
        vm.expectRevert(IDAEntrance.ZeroParameter.selector);
        _newEntrance(0, RETENTION, BOND, DA_FEE);
        vm.expectRevert(IDAEntrance.ZeroParameter.selector);
        _newEntrance(WINDOW, 0, BOND, DA_FEE);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.RetentionTooLong.selector, 1 << 48, (1 << 48) - 1));
        _newEntrance(WINDOW, 1 << 48, BOND, DA_FEE);
        _newEntrance(250, RETENTION, 0, 0);
    }

    function test_TheConstructorRefusesPartnersThatAreNotThereOrAnothers() external {
        IDAEntrance.Terms memory terms = IDAEntrance.Terms(WINDOW, RETENTION, BOND, DA_FEE);
        (address flow_, address signers_) = (address(flow), address(signers));
        (address here, address codeless) = (address(sampling), address(1234));
        address ours = address(new PartnerOfItsCaller());
        bytes memory noCode = abi.encodeWithSelector(IDAEntrance.NoCode.selector, codeless);
        vm.expectRevert(noCode);
        new DAEntrance(codeless, IDAEntrance.Partners(signers_, here, here), terms);
        vm.expectRevert(noCode);
        new DAEntrance(flow_, IDAEntrance.Partners(codeless, here, here), terms);
        vm.expectRevert(noCode);
        new DAEntrance(flow_, IDAEntrance.Partners(signers_, codeless, here), terms);
        vm.expectRevert(noCode);
        new DAEntrance(flow_, IDAEntrance.Partners(signers_, ours, codeless), terms);
        // These work for the entrance that is there already.
        vm.expectPartialRevert(IDAEntrance.WrongPartner.selector);
        new DAEntrance(flow_, IDAEntrance.Partners(signers_, here, here), terms);
        vm.expectPartialRevert(IDAEntrance.WrongPartner.selector);
        new DAEntrance(flow_, IDAEntrance.Partners(signers_, ours, here), terms);
    }

    function test_EtherComesFromFlowOrWithABatch() external {
        vm.deal(address(this), 1 ether);
        (bool success, bytes memory reason) = address(entrance).call{value: 1}("");
        vm.assertFalse(success);
        vm.assertEq(reason, abi.encodeWithSelector(IDAEntrance.NotFlow.selector, address(this)));
        vm.deal(address(flow), 1);
        vm.prank(address(flow));
        (success, ) = address(entrance).call{value: 1}("");
        vm.assertTrue(success);
    }

    function _expectRefused(bytes memory reason, IDAEntrance.BatchCommitment memory c) internal {
        vm.deal(submitter, 1000 ether);
        vm.expectRevert(reason);
        vm.prank(submitter);
        entrance.submitBatch{value: 1000 ether}(c);
    }
}
