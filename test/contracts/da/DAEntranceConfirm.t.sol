// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {EntryLib} from "../../../contracts/libraries/EntryLib.sol";
import {HistoryLib} from "../../../contracts/libraries/HistoryLib.sol";
import {SubmissionData, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {EntranceTest} from "./EntranceTest.sol";
import {Signing} from "./Signing.sol";

/// @notice From a quorum to the log.
contract DAEntranceConfirmTest is EntranceTest {
    event BatchConfirmed(
        bytes32 indexed batchId,
        uint256 rowsTxSeq,
        uint256 metadataTxSeq,
        uint96 signedStake,
        uint96 totalStake,
        bytes32 seed,
        uint64 retainUntil,
        bytes32 auditSeed,
        uint256 absent
    );

    uint64 internal epoch;

    function setUp() external {
        epoch = _deployWith(4);
    }

    function test_AConfirmedBatchIsAvailableAndInTheLog() external {
        Case memory c = _case(18, 4097 * 256, "log");
        _submit(c);
        bytes32 seed = _mine();
        uint64 until = uint64(vm.getBlockNumber()) + RETENTION;
        IDASigners.Attestation memory a = _signed(c, _slots(2));
        vm.expectEmit(address(flow));
        emit IFlow.Submit(address(entrance), c.commitment.rowsRoot, 0, 16 * 1024, 18 * 1024, _rowsData(c));
        vm.expectEmit(address(flow));
        emit IFlow.Submit(address(entrance), c.commitment.metadataRoot, 1, 36 * 1024, 4608, _metadataData(c));
        vm.expectEmit(address(entrance));
        bytes32 auditSeed = keccak256(abi.encode(seed, c.id));
        emit BatchConfirmed(c.id, 0, 1, 3 ether, 4 ether, seed, until, auditSeed, 1 << 2);
        vm.prank(actor("anyone"));
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);

        IDAEntrance.BatchRecord memory r = entrance.record(c.id);
        bytes32 certificate = keccak256(abi.encode(IDAEntrance.Certificate(seed, auditSeed, 1 << 2)));
        vm.assertEq(r.certificate, certificate);
        vm.assertFalse(r.bondLost || r.withheld || r.bondWithdrawn || r.failed);
        vm.assertEq(r.confirmBlock, vm.getBlockNumber());
        vm.assertEq(r.retainUntil, until);
        vm.assertEq(entrance.retainUntil(c.id), until);
        vm.assertEq(uint256(entrance.statusOf(c.id)), uint256(IDAEntrance.Status.Available));
        // Paid to the wei: what is left is bond and DA fee.
        vm.assertEq(address(entrance).balance, 18 * (uint256(BOND) + DA_FEE));
        vm.assertEq(entrance.credit(submitter), 0);
    }

    function test_TheMessageNamesBatchEpochAndSeed() external {
        Case memory c = _case();
        _submit(c);
        bytes32 seed = _mine();
        bytes32 message = entrance.messageOf(c.id);
        vm.assertEq(message, _messageOf(block.chainid, address(entrance), c.id, epoch, seed));
        // Afterwards the seed is not on record: whoever needs the message brings the certificate.
        _confirm(c);
        vm.expectRevert(_wrongStatus(c, IDAEntrance.Status.Available));
        entrance.messageOf(c.id);
    }

    /// @dev A23: whoever signed could not know what audits are drawn from; and nobody is called absent who signed.
    function test_A23_TheCertificateNamesTheAbsentAndASeedOfTheBlockBefore() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _slots(0));
        uint256 state = vm.snapshotState();
        bytes32 seed = blockhash(entrance.record(c.id).submitBlock);
        bytes32[3] memory seen;
        for (uint256 later = 0; later < 3; ++later) {
            vm.roll(vm.getBlockNumber() + later);
            vm.setBlockhash(entrance.record(c.id).submitBlock, seed);
            bytes32 last = later == 0 ? seed : keccak256(abi.encode("before", later));
            vm.setBlockhash(vm.getBlockNumber() - 1, last);
            entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
            seen[later] = entrance.record(c.id).certificate;
            bytes32 auditSeed = keccak256(abi.encode(last, c.id));
            vm.assertEq(seen[later], keccak256(abi.encode(IDAEntrance.Certificate(seed, auditSeed, 1))));
            vm.revertToState(state);
        }
        vm.assertTrue(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
    }

    function test_A18_NoSeedInTheBlockOfSubmission() external {
        Case memory c = _case();
        _submit(c);
        uint256 number = vm.getBlockNumber();
        bytes memory early = abi.encodeWithSelector(IDAEntrance.TooEarly.selector, number, number + 1);
        vm.expectRevert(early);
        entrance.messageOf(c.id);
        IDASigners.Attestation memory a;
        _expectRefused(early, c, a);
    }

    function test_TheWindowEndsAtTheDeadline() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _none());
        uint256 id = vm.snapshotState();
        uint64 deadline = entrance.confirmDeadline(c.id);
        _rollKeeping(c, deadline);
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
        vm.revertToState(id);
        _rollKeeping(c, deadline + 1);
        _expectRefused(_wrongStatus(c, IDAEntrance.Status.Unavailable), c, a);
    }

    function test_A22_AForgottenBlockHashIsNoSeed() external {
        entrance = _newEntrance(250, RETENTION, BOND, DA_FEE).entrance();
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _none());
        uint256 submitBlock = vm.getBlockNumber() - 1;
        vm.setBlockhash(submitBlock, 0);
        bytes memory reason = abi.encodeWithSelector(IDAEntrance.SeedUnavailable.selector, submitBlock);
        _expectRefused(reason, c, a);
        vm.expectRevert(reason);
        entrance.messageOf(c.id);
    }

    function test_ConfirmationHappensOnce() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _none());
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
        _expectRefused(_wrongStatus(c, IDAEntrance.Status.Available), c, a);
        vm.assertEq(flow.numSubmissions(), 2);
    }

    function test_A15_ExactlyTwoThirdsAreNotEnough() external {
        epoch = _deployWithFresh(3);
        Case memory c = _submitted(_case());
        bytes memory reason = abi.encodeWithSelector(IDAEntrance.QuorumNotReached.selector, 2 ether, 3 ether);
        _expectRefused(reason, c, _signed(c, _slots(1)));
        // One wei more, in time to count, decides.
        vm.deal(address(this), 1);
        signers.deposit{value: 1}(_accountOf(0));
        epoch = _settle();
        c.commitment.attempt = 1;
        _submitted(c);
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _signed(c, _slots(1)));
    }

    /// @dev What the registry reports is given here; the comparison is what is tested.
    function test_A15_ThresholdsFor1To200Signers() external {
        Case memory c = _submitted(_case());
        for (uint256 n = 1; n <= 200; ++n) {
            uint256 total = n * 1 ether;
            uint256 twoThirds = (2 * total) / 3;
            // The least stake above two thirds.
            _assertQuorum(c, twoThirds, total, false);
            _assertQuorum(c, twoThirds - 1, total, false);
            _assertQuorum(c, twoThirds + 1, total, true);
            // Whole signers.
            _assertQuorum(c, (n * 2) / 3, n, false);
            _assertQuorum(c, (n * 2) / 3 + 1, n, true);
        }
        _assertQuorum(c, 0, 0, false);
        _assertQuorum(c, type(uint96).max, type(uint96).max, true);
    }

    /// @dev A quorum's signature, right but for one of the five things that it names.
    function test_A11_EachFieldOfTheMessageIsSigned() external {
        Case memory c = _submitted(_case());
        uint256 submitBlock = entrance.record(c.id).submitBlock;
        bytes32 seed = blockhash(submitBlock);
        bytes32 right = _messageOf(block.chainid, address(entrance), c.id, epoch, seed);
        vm.assertEq(right, entrance.messageOf(c.id));

        Case memory other = _case(15, 10_000, "other");
        _submit(other);
        vm.assertEq(entrance.record(other.id).epoch, epoch);
        _expectMessageRefused(c, _messageOf(block.chainid + 1, address(entrance), c.id, epoch, seed));
        _expectMessageRefused(c, _messageOf(block.chainid, address(signers), c.id, epoch, seed));
        _expectMessageRefused(c, _messageOf(block.chainid, address(entrance), other.id, epoch, seed));
        _expectMessageRefused(c, _messageOf(block.chainid, address(entrance), c.id, epoch + 1, seed));
        _expectMessageRefused(c, _messageOf(block.chainid, address(entrance), c.id, epoch - 1, seed));
        _expectMessageRefused(c, _messageOf(block.chainid, address(entrance), c.id, epoch, ~seed));
        // Nor is the proof of a possession, or the message under another tag, an attestation.
        IDASigners.Attestation memory a = _signed(c, _none());
        uint256 all;
        for (uint256 i = 0; i < secrets.length; ++i) all = addmod(all, secrets[i], Signing.R);
        a.signature = Signing.prove(all, right);
        _expectRefused(abi.encodeWithSelector(IDASigners.SignatureInvalid.selector), c, a);

        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _attestation(epoch, right, _none()));
    }

    /// @dev What was signed before the chain changed under it: each replay is whole and honest, and of no use.
    function test_A11_AnHonestSignatureIsOfNoUseElsewhere() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _none());
        bytes memory invalid = abi.encodeWithSelector(IDASigners.SignatureInvalid.selector);

        Case memory other = _case(15, 10_000, "other");
        _submit(other);
        _mine();
        _expectRefused(invalid, other, a);

        uint256 state = vm.snapshotState();
        // The same batch after a reorg: another hash of its block, nothing else.
        vm.setBlockhash(entrance.record(c.id).submitBlock, keccak256("reorg"));
        _expectRefused(invalid, c, a);
        vm.revertToState(state);

        vm.chainId(2);
        _expectRefused(invalid, c, a);
        vm.chainId(31337);

        // The same validators and the same submission, one deployment later.
        entrance = _newEntrance(WINDOW, RETENTION, BOND, DA_FEE).entrance();
        Case memory elsewhere = _submitted(_case());
        _expectRefused(invalid, elsewhere, a);
    }

    function test_A11_TheEpochOfSubmissionIsSignedAlsoInTheNextOne() external {
        // Submitted in the last block of an epoch, confirmed in the next.
        vm.roll(START + (epoch + 1) * EPOCH_BLOCKS - 1);
        Case memory c = _submitted(_case());
        vm.assertEq(signers.currentEpoch(), epoch + 1);
        vm.assertEq(entrance.record(c.id).epoch, epoch);
        bytes32 seed = blockhash(entrance.record(c.id).submitBlock);
        _expectMessageRefused(c, _messageOf(block.chainid, address(entrance), c.id, epoch + 1, seed));
        _confirm(c);
    }

    /// @dev Stake that comes in the block before a submission, and in its own block: neither signs nor counts.
    function test_A16_StakeThatComesWithABatchHasNoSayInIt() external {
        vm.deal(address(this), 2000 ether);
        signers.deposit{value: 1000 ether}(_accountOf(0));
        _register(actor("newcomer"), 777, 1000 ether);
        _mine();
        signers.deposit{value: 1000 ether}(_accountOf(0));
        Case memory c = _submitted(_case());
        vm.assertEq(entrance.record(c.id).epoch, epoch);
        // The rich one and a friend are two of four, as they were.
        bytes memory reason = abi.encodeWithSelector(IDAEntrance.QuorumNotReached.selector, 2 ether, 4 ether);
        _expectRefused(reason, c, _signed(c, _slots(1, 3)));
        // The newcomer's slot is not in the set: it can be neither counted nor missed.
        IDASigners.Attestation memory a = _signed(c, _slots(3));
        a.absent[0] = IDASigners.NonSigner(4, 0, Signing.publicKey(777));
        _expectRefused(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, epoch), c, a);
        // And the others decide without the rich one.
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _signed(c, _slots(0)));
    }

    function test_A17_ChangesInTheBlockOfConfirmationDoNotDisturb() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _slots(3));
        _join(1000 ether);
        vm.deal(address(this), 1000 ether);
        signers.deposit{value: 1000 ether}(_accountOf(0));
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
    }

    function test_NodesMustBeThoseCommittedTo() external {
        Case memory c = _submitted(_case());
        IDASigners.Attestation memory a = _signed(c, _none());
        bytes32 first = c.rowNodes[0];
        c.rowNodes[0] = keccak256("other");
        bytes32 given = keccak256(abi.encodePacked(c.rowNodes));
        bytes32 required = c.commitment.rowsRoot;
        _expectRefused(abi.encodeWithSelector(EntryLib.IdentityMismatch.selector, given, required), c, a);
        c.rowNodes[0] = first;

        bytes32[] memory metadataNodes = c.metadataNodes;
        c.metadataNodes = c.rowNodes;
        required = c.commitment.metadataRoot;
        given = c.commitment.rowsRoot;
        _expectRefused(abi.encodeWithSelector(EntryLib.IdentityMismatch.selector, given, required), c, a);
        c.metadataNodes = metadataNodes;
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
    }

    function test_F3_ACommitmentToAnotherNumberOfNodesCannotBeConfirmed() external {
        // 15 rows are four nodes; the submitter committed to two.
        Case memory c = _case();
        bytes32[] memory two = new bytes32[](2);
        (two[0], two[1]) = (c.rowNodes[0], c.rowNodes[1]);
        c.rowNodes = two;
        c.commitment.rowsRoot = keccak256(abi.encodePacked(two));
        _submitted(c);
        _expectRefused(abi.encodeWithSelector(EntryLib.NodeCount.selector, 2, 4), c, _signed(c, _none()));
        bytes32[] memory none = new bytes32[](0);
        c = _case();
        c.commitment.rowsRoot = keccak256("");
        _submitted(c);
        c.rowNodes = none;
        _expectRefused(abi.encodeWithSelector(EntryLib.NodeCount.selector, 0, 4), c, _signed(c, _none()));
    }

    function test_A32_APriceThatFallsLeavesCredit() external {
        vm.prank(priceAdmin);
        market.setPricePerSector(PRICE / 2);
        vm.roll(vm.getBlockNumber() + 250);
        Case memory c = _case();
        _submit(c);
        uint256 escrow = entrance.record(c.id).storageFee;
        uint256 submitBlock = vm.getBlockNumber();
        vm.roll(submitBlock + 6);
        vm.setBlockhash(submitBlock, keccak256("seed"));
        _confirm(c);
        vm.assertEq(entrance.credit(submitter), escrow / 2);
    }

    function test_A32_ThePriceNeverRisesAboveTheEscrow() external {
        entrance = _newEntrance(250, RETENTION, BOND, DA_FEE).entrance();
        Case memory c = _case();
        // Announced in the block of submission, after it; and by the deadline not yet in force.
        _submit(c);
        vm.prank(priceAdmin);
        market.setPricePerSector(1000 * PRICE);
        uint256 submitBlock = vm.getBlockNumber();
        vm.roll(submitBlock + 250);
        vm.setBlockhash(submitBlock, keccak256("seed"));
        _confirm(c);
        vm.assertEq(entrance.credit(submitter), 0);

        // Announced before: the escrow holds what it will be, whether it comes in time or not.
        c.commitment.attempt = 1;
        _submit(c);
        submitBlock = vm.getBlockNumber();
        vm.roll(submitBlock + 250);
        vm.setBlockhash(submitBlock, keccak256("seed"));
        _confirm(c);
        vm.assertEq(entrance.credit(submitter), 0);
    }

    function _deployWithFresh(uint256 validators) internal returns (uint64) {
        delete secrets;
        return _deployWith(validators);
    }

    function _assertQuorum(Case memory c, uint256 signed, uint256 total, bool expected) internal {
        IDASigners.Attestation memory a;
        bytes memory answer = abi.encode(signed, total);
        vm.mockCall(address(signers), abi.encodeWithSelector(IDASigners.verify.selector), answer);
        uint256 state = vm.snapshotState();
        try entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a) {
            vm.assertTrue(expected, "confirmed");
        } catch (bytes memory reason) {
            vm.assertFalse(expected, "refused");
            vm.assertEq(reason, abi.encodeWithSelector(IDAEntrance.QuorumNotReached.selector, signed, total));
        }
        vm.revertToState(state);
    }

    /// @dev Every validator signs it.
    function _expectMessageRefused(Case memory c, bytes32 message) internal {
        IDASigners.Attestation memory a = _attestation(epoch, message, _none());
        _expectRefused(abi.encodeWithSelector(IDASigners.SignatureInvalid.selector), c, a);
    }

    function _messageOf(
        uint256 chainId,
        address at,
        bytes32 batchId,
        uint64 e,
        bytes32 seed
    ) internal pure returns (bytes32) {
        bytes32 domainType = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        bytes32 domain = keccak256(abi.encode(domainType, keccak256("0G-DA"), keccak256("1"), chainId, at));
        bytes32 typeHash = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
        return keccak256(abi.encode(typeHash, domain, batchId, uint256(e), seed));
    }

    function _rollKeeping(Case memory c, uint256 number) internal {
        uint256 submitBlock = entrance.record(c.id).submitBlock;
        bytes32 seed = blockhash(submitBlock);
        vm.roll(number);
        vm.setBlockhash(submitBlock, seed);
    }

    function _wrongStatus(Case memory c, IDAEntrance.Status status) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDAEntrance.WrongStatus.selector, c.id, status, IDAEntrance.Status.Submitted);
    }

    function _expectRefused(bytes memory reason, Case memory c, IDASigners.Attestation memory a) internal {
        vm.expectRevert(reason);
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
    }

    function _rowsData(Case memory c) internal pure returns (SubmissionData memory data) {
        data.length = 18 * 262_144;
        data.nodes = new SubmissionNode[](2);
        data.nodes[0] = SubmissionNode(c.rowNodes[0], 14);
        data.nodes[1] = SubmissionNode(c.rowNodes[1], 11);
    }

    function _metadataData(Case memory c) internal view returns (SubmissionData memory data) {
        data.length = 4097 * 256;
        bytes32 stream = keccak256(abi.encode(keccak256("0G-DA/stream/v1"), block.chainid, address(entrance)));
        data.tags = abi.encodePacked(sha256("STREAM"), stream);
        data.nodes = new SubmissionNode[](2);
        data.nodes[0] = SubmissionNode(c.metadataNodes[0], 12);
        data.nodes[1] = SubmissionNode(c.metadataNodes[1], 9);
    }
}
