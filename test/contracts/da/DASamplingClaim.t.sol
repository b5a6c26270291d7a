// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {BatchRows} from "../../../contracts/libraries/BatchRows.sol";
import {BLS} from "../../../contracts/libraries/BLS.sol";
import {Draw} from "../../../contracts/libraries/Draw.sol";
import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {Signing} from "./Signing.sol";
import {SomeEntrance, SomeSigners} from "./SamplingDoubles.sol";
import {SamplingTest} from "./SamplingTest.sol";

/// @notice A batch of three rows: fee 0.003, prize 0.004, so a ticket of one validator of four wins with 2.3 %.
contract DASamplingClaimTest is SamplingTest {
    Case internal _case;
    IDASampling.Attested internal _a;
    IDASampling.Ticket internal _t;
    IDASampling.Shown internal _shownCell;

    function setUp() external {
        _deploy();
        // A salt in whose batch somebody wins.
        _case = _confirmed("wins 1", 3);
        (uint8 slot, uint8 index) = _find(_case, true);
        _a = _attested(_case, slot);
        _t = _ticket(index);
        _shownCell = _shown(_case, _a.signature, index);
    }

    function test_AWinningTicketIsPaidToTheAccountOfItsKeyWhoeverSendsIt() external {
        address account = _accountOf(_a.slot);
        vm.expectEmit(address(sampling));
        emit IDASampling.SampleClaimed(_case.id, _a.slot, account, _t.index, MIN_PRIZE, MIN_PRIZE);
        vm.prank(actor("anybody"));
        _send();
        vm.assertEq(entrance.credit(account), MIN_PRIZE);
        vm.assertEq(entrance.samplingPool(), 10 ether - MIN_PRIZE);
        vm.assertEq(sampling.paidTickets(_case.id), uint256(_a.slot) * 128 + _t.index + 1);
    }

    function test_ALateSignerIsPaidToo() external {
        _case.certificate.absent = 1 << _a.slot;
        _put(_case, vm.getBlockNumber() - 1, vm.getBlockNumber());
        _a.certificate = _case.certificate;
        _send();
        vm.assertEq(entrance.credit(_accountOf(_a.slot)), MIN_PRIZE);
    }

    function test_ALosingTicketIsRefused() external {
        (uint8 slot, uint8 index) = _find(_case, false);
        IDASampling.Attested memory a = _attested(_case, slot);
        IDASampling.Shown memory shown = _shown(_case, a.signature, index);
        vm.expectPartialRevert(IDASampling.NotWinning.selector);
        sampling.claimSample(a, _ticket(index), shown);
    }

    /// @dev A28: the same ticket again, in the same round and in a later one.
    function test_A28_ATicketIsPaidOnce() external {
        _send();
        bytes memory refusal = abi.encodeWithSelector(IDASampling.AlreadyClaimed.selector, _case.id, _a.slot, _t.index);
        _refused(refusal);
        vm.roll(vm.getBlockNumber() + 100);
        _refused(refusal);
    }

    /// @dev A24: whoever is called while a claim is paid finds it paid.
    function test_A24_AClaimWithinAClaimIsRefused() external {
        entrance.callBack(abi.encodeCall(IDASampling.claimSample, (_a, _t, _shownCell)));
        _send();
        vm.assertFalse(entrance.callbackWorked());
        vm.assertEq(entrance.credit(_accountOf(_a.slot)), MIN_PRIZE);
    }

    function test_TheWindowEndsWithItsLastBlock() external {
        uint256 last = vm.getBlockNumber() + _terms().claimWindow;
        vm.roll(last + 1);
        _refused(abi.encodeWithSelector(IDASampling.WindowClosed.selector, last + 1, last));
        vm.roll(last);
        _send();
    }

    function test_ABatchThatIsNotConfirmedPaysNothing() external {
        _put(_case, vm.getBlockNumber() - 1, 0);
        _refused(abi.encodeWithSelector(IDASampling.NotConfirmed.selector, _case.id));
        _a.batchId = "unknown";
        _refused(abi.encodeWithSelector(SomeEntrance.UnknownBatch.selector, bytes32("unknown")));
    }

    function test_AnyOtherCertificateIsRefused() external {
        _a.certificate.seed = "another seed";
        _refusedAs(IDASampling.CertificateMismatch.selector);
        _a.certificate = _case.certificate;
        _a.certificate.auditSeed = "another seed";
        _refusedAs(IDASampling.CertificateMismatch.selector);
        _a.certificate = _case.certificate;
        _a.certificate.absent = 1;
        _refusedAs(IDASampling.CertificateMismatch.selector);
    }

    function test_OneWhoIsNoSignerIsRefused() external {
        _a.slot = uint8(VALIDATORS);
        _refused(abi.encodeWithSelector(IDASampling.NotASigner.selector, _a.slot, EPOCH));
        signers.add(_a.slot, actor("stranger"), keccak256("key"), STAKE);
        _refusedAs(IDASampling.KeyMismatch.selector);
    }

    function test_HintsAreChecked() external {
        _a.slotHint = 1;
        _refused(abi.encodeWithSelector(SomeSigners.WrongHint.selector, 1, EPOCH));
        (_a.slotHint, _t.setHint) = (0, 1);
        _refused(abi.encodeWithSelector(SomeSigners.WrongHint.selector, 1, EPOCH));
    }

    function test_OnlySamplesThatAreOwedHaveTickets() external {
        _t.index = _terms().samples;
        _refused(abi.encodeWithSelector(IDASampling.SampleOutOfRange.selector, _t.index, _terms().samples));
    }

    /// @dev A11: a signature over another chain's, contract's, epoch's, batch's or seed's message is nobody's.
    function test_A11_SignaturesOfOtherMessagesAreRefused() external {
        uint256 secret = _secretOf(_a.slot);
        bytes32 ours = _message(_case);
        bytes32[5] memory others;
        vm.chainId(2);
        others[0] = _message(_case);
        vm.chainId(31337);
        SomeEntrance here = entrance;
        entrance = new SomeEntrance(FEE);
        others[1] = _message(_case);
        entrance = here;
        others[2] = _messageWith(_case.id, EPOCH + 1, _case.certificate.seed);
        others[3] = _messageWith(keccak256("another batch"), EPOCH, _case.certificate.seed);
        others[4] = _messageWith(_case.id, EPOCH, keccak256("another seed"));
        vm.assertEq(_messageWith(_case.id, EPOCH, _case.certificate.seed), ours);
        for (uint256 i = 0; i < others.length; ++i) {
            vm.assertNotEq(others[i], ours);
            _a.signature = Signing.attest(secret, others[i]);
            _provenSignatureRefused();
        }
        _a.signature = Signing.prove(secret, ours);
        _provenSignatureRefused();
    }

    /// @dev One bit of any part that is proved: nothing passes. What the cell's bit changes first is its quality.
    function testFuzz_OneBitWrongIsRefused(uint256 part, uint256 bit) external {
        // Tickets of a batch whose fee is above four prizes and of one validator win whatever their quality.
        _makeSure();
        part = part % 5;
        if (part == 0) _shownCell.cell[bit % 2048] ^= bytes1(uint8(1 << ((bit >> 16) % 8)));
        if (part == 1) _shownCell.proof.path[bit % _shownCell.proof.path.length] ^= bytes32(1 << ((bit >> 16) % 256));
        if (part == 2) _shownCell.proof.nodes[bit % _shownCell.proof.nodes.length] ^= bytes32(1 << ((bit >> 16) % 256));
        if (part == 3) _a.key.yLo ^= 1 << (bit % 256);
        if (part == 4) _a.signature.x1Lo ^= 1 << (bit % 256);
        bytes32 before = _state();
        try sampling.claimSample(_a, _t, _shownCell) {
            vm.assertTrue(false, "accepted");
        } catch {}
        vm.assertEq(_state(), before);
    }

    function test_ACellOfAnotherRowOrColumnIsRefused() external {
        _makeSure();
        uint256 row = Draw.row(keccak256(abi.encode(_a.signature)), _t.index, _case.rowCount);
        uint256 column = Draw.column(_a.signature, _t.index);
        _shownCell = _cellAt(_case, (row + 1) % _case.rowCount, column);
        _refusedUnproved();
        _shownCell = _cellAt(_case, row, (column + 1) % 128);
        _refusedUnproved();
        _shownCell = _cellAt(_case, row, column);
        _send();
    }

    function test_CellsAndProofsOfOtherLengthsAreRefused() external {
        _makeSure();
        bytes memory cell = _shownCell.cell;
        _shownCell.cell = bytes.concat(cell, hex"00");
        _refused(abi.encodeWithSelector(RowTree.CellLength.selector, 2049, 2048));
        _shownCell.cell = "";
        _refused(abi.encodeWithSelector(RowTree.CellLength.selector, 0, 2048));
        _shownCell.cell = cell;
        _shownCell.proof.path.push();
        _refused();
        _shownCell.proof.path.pop();
        _shownCell.proof.path.pop();
        _refused();
    }

    function test_PointsAtInfinityAreRefused() external {
        _makeSure();
        _a.signature = Signing.mul(_a.signature, 0);
        // Its draw is another one: prove that.
        _shownCell = _shown(_case, _a.signature, _t.index);
        _refused(abi.encodeWithSelector(BLS.SignatureAtInfinity.selector));
    }

    function test_AShortPoolPaysWhatItHasAndAnEmptyOneRefuses() external {
        entrance.set(address(sampling), 0);
        _refused(abi.encodeWithSelector(IDASampling.PoolEmpty.selector));
        entrance.set(address(sampling), 5);
        vm.expectEmit(address(sampling));
        emit IDASampling.SampleClaimed(_case.id, _a.slot, _accountOf(_a.slot), _t.index, MIN_PRIZE, 5);
        _send();
        vm.assertEq(entrance.credit(_accountOf(_a.slot)), 5);
    }

    /// @dev A23: no batch pays more than four times what it expects, rounded up to whole prizes, whatever its hash is.
    function test_A23_ABatchPaysFourTimesWhatItExpectsAtMost() external {
        // Alone, and with a fee of 15 for a prize of 4: p = 15/4/8, so six of a draw of 128 win here, and more.
        for (uint8 slot = 1; slot < VALIDATORS; ++slot) signers.add(slot, address(1), 0, 0);
        IDASampling.Terms memory t = _terms();
        (t.samples, t.targetClaims) = (8, 100);
        _deploySampling(t);
        uint256 most = 16;
        uint256 paid = 0;
        Case memory c = _confirmed("rich", 15);
        // The same signature for every batch, so that what wins is known: the registry of this test does not mind.
        for (uint8 index = 0; index < 8; ++index) paid += _tryClaim(c, 0, index) ? 1 : 0;
        vm.assertGt(paid, 0);
        vm.assertLe(paid, most);

        // Sixteen that were paid before, all of slots that do not exist: the seventeenth is one too many.
        c = _confirmed("spent", 15);
        uint8 winner = 0;
        while (!_tryClaim(c, 0, winner)) ++winner;
        uint256 word = 0;
        for (uint256 i = 0; i < most; ++i) word = (word << 16) | (200 * 128 + i + 1);
        _setPaid(c.id, word);
        IDASampling.Attested memory a = _attested(c, 0);
        IDASampling.Shown memory shown = _shown(c, a.signature, winner);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.BatchSpent.selector, c.id, most));
        sampling.claimSample(a, _ticket(winner), shown);
        _setPaid(c.id, word >> 16);
        sampling.claimSample(a, _ticket(winner), shown);
    }

    function test_WithoutAFeeThereIsNoPrize() external {
        entrance = new SomeEntrance(0);
        _deploySampling(_terms());
        Case memory c = _confirmed("free", 3);
        IDASampling.Attested memory a = _attested(c, 0);
        IDASampling.Shown memory shown = _shown(c, a.signature, 0);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.BatchSpent.selector, c.id, 0));
        sampling.claimSample(a, _ticket(0), shown);
    }

    function _tryClaim(Case memory c, uint8 slot, uint8 index) private returns (bool paid) {
        IDASampling.Attested memory a = _attested(c, slot);
        IDASampling.Shown memory shown = _shown(c, a.signature, index);
        try sampling.claimSample(a, _ticket(index), shown) {
            return true;
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IDASampling.NotWinning.selector));
        }
    }

    /// @dev `paidTickets` is the first mapping.
    function _setPaid(bytes32 batchId, uint256 word) private {
        vm.store(address(sampling), keccak256(abi.encode(batchId, uint256(0))), bytes32(word));
        vm.assertEq(sampling.paidTickets(batchId), word);
    }

    /// @dev One validator, four samples, and a fee of four prizes: every ticket wins.
    function _makeSure() private {
        IDASampling.Terms memory t = _terms();
        (t.samples, t.minPrize) = (4, 1);
        for (uint8 slot = 1; slot < VALIDATORS; ++slot) signers.add(slot, address(1), 0, 0);
        _deploySampling(t);
        _case = _confirmed("sure", 5);
        _a = _attested(_case, 0);
        _t = _ticket(2);
        _shownCell = _shown(_case, _a.signature, 2);
    }

    function _messageWith(bytes32 batchId, uint64 epoch, bytes32 seed) private view returns (bytes32) {
        bytes32 domainType = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        bytes32 domain = keccak256(
            abi.encode(domainType, keccak256("0G-DA"), keccak256("1"), block.chainid, address(entrance))
        );
        bytes32 typehash = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
        return keccak256(abi.encode(typehash, domain, batchId, epoch, seed));
    }

    /// @dev Finds a ticket of this signature that wins, so that nothing but the signature is left to refuse.
    function _provenSignatureRefused() private {
        for (uint8 index = 0; index < _terms().samples; ++index) {
            if (!_isWinning(_case, _a.signature, index, MIN_PRIZE)) continue;
            _t.index = index;
            _shownCell = _shown(_case, _a.signature, index);
            _refused(abi.encodeWithSelector(IDASampling.SignatureInvalid.selector));
            return;
        }
        // None wins: the draw alone refuses it.
        _shownCell = _shown(_case, _a.signature, _t.index);
        _refusedAs(IDASampling.NotWinning.selector);
    }

    function _send() private {
        sampling.claimSample(_a, _t, _shownCell);
    }

    function _refused(bytes memory reason) private {
        bytes32 before = _state();
        vm.expectRevert(reason);
        _send();
        vm.assertEq(_state(), before);
    }

    function _refused() private {
        bytes32 before = _state();
        vm.expectRevert();
        _send();
        vm.assertEq(_state(), before);
    }

    function _refusedAs(bytes4 selector) private {
        bytes32 before = _state();
        vm.expectPartialRevert(selector);
        _send();
        vm.assertEq(_state(), before);
    }

    function _refusedUnproved() private {
        _refusedAs(BatchRows.NotUnderRowsRoot.selector);
    }

    function _state() private view returns (bytes32) {
        (uint256 round, uint256 prize, uint256 left) = sampling.currentRound();
        return keccak256(abi.encode(sampling.paidTickets(_case.id), entrance.samplingPool(), round, prize, left));
    }
}
