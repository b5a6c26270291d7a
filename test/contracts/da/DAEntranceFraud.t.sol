// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDAFraud} from "../../../contracts/interfaces/IDAFraud.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {PointEvaluation} from "../../../contracts/libraries/PointEvaluation.sol";
import {BlobProof} from "../../../contracts/types/BlobProof.sol";
import {RowSector, RowsPart} from "../../../contracts/types/FraudProof.sol";
import {FraudTest} from "./FraudTest.sol";

/// @notice Corrupt blobs are caught, honest ones are not framed; and what either costs and shows.
contract DAEntranceFraudTest is FraudTest {
    address internal reporter = actor("reporter");

    function setUp() external {
        _deployWith(1);
        _certify();
    }

    /// @dev One row and several, in one call and in parts, a flipped element of the redundancy and one of the data.
    function test_F1_WhatTypeScriptFindsCorruptIsFlagged() external {
        uint256 state = vm.snapshotState();
        for (uint256 i = 0; i < 7; ++i) {
            Claim memory c = _corrupt(i);
            vm.startPrank(reporter);
            _prove(c);
            vm.stopPrank();
            _assertFlagged(c.proof);
            vm.revertToState(state);
        }
    }

    /// @dev The right rows, the right opening, of every kind of position: equal, so nobody is framed (F6).
    function test_F6_HonestBlobsAreNotFramed() external {
        for (uint256 i = 0; i < 18; ++i) {
            Claim memory c = _honest(i);
            vm.expectPartialRevert(IDAFraud.NotCorrupt.selector);
            _prove(c);
            // Nor by another value: the commitment does not open to it.
            c.opening.value = bytes32(uint256(c.opening.value) ^ 1);
            vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
            _prove(c);
        }
        (bool corrupt, ) = entrance.flagsOf(_batch.id, ONE_ROW);
        vm.assertFalse(corrupt);
    }

    /// @dev Any bit of the rows, of their paths, of the opening, and any other position.
    function testFuzz_F6_NoOneWrongBitFramesAnHonestBlob(uint256 which, uint256 bit) external {
        Claim memory c = _honest(which % 18);
        uint256 rows = c.parts[0].rows.length;
        bit = bound(bit, 0, rows * 4608 + 256 + 384 + 13 - 1);
        if (bit < rows * 4608) {
            RowSector memory row = c.parts[0].rows[bit / 4608];
            uint256 word = (bit % 4608) / 256;
            if (word < 8) row.sector[word] ^= bytes32(1 << (bit % 256));
            else row.path[word - 8] ^= bytes32(1 << (bit % 256));
        } else if (bit < rows * 4608 + 256) {
            c.opening.value ^= bytes32(1 << (bit % 256));
        } else if (bit < rows * 4608 + 640) {
            bit -= rows * 4608 + 256;
            c.opening.proof[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        } else {
            c.position ^= 1 << (bit - rows * 4608 - 640);
        }
        (bool accepted, ) = address(entrance).call(_proveCall(c));
        vm.assertFalse(accepted);
    }

    function test_F5_F7_WhatNoPackingHasIsFlagged() external {
        uint256 state = vm.snapshotState();
        for (uint256 i = 0; i < 4; ++i) {
            BlobProof memory proof = _proofOf(vm.parseJsonUint(_json, string.concat(_item(".malformed", i), ".blob")));
            vm.prank(reporter);
            _proveMalformed(_item(".malformed", i), proof, 8);
            _assertFlagged(proof);
            vm.revertToState(state);
            // Of its sector no other element is.
            uint256 own = vm.parseJsonUint(_json, string.concat(_item(".malformed", i), ".element"));
            for (uint256 element = 0; element < 8; ++element) {
                if (element == own) continue;
                vm.expectPartialRevert(IDAFraud.NotMalformed.selector);
                _proveMalformed(_item(".malformed", i), proof, element);
            }
        }
        BlobProof memory other = _proofOf(THREE_ROWS);
        vm.expectPartialRevert(MerklePath.PathLength.selector);
        _proveMalformed(_item(".malformed", 0), other, 8);
        other = _proofOf(5);
        other.index = 6;
        vm.expectPartialRevert(IDAEntrance.BlobNotInBatch.selector);
        _proveMalformed(_item(".malformed", 0), other, 8);
    }

    /// @dev (0, 2) is on the curve and of order 3. Validators refuse such a header; here nothing can be opened against it.
    function test_F4_ACommitmentOfSmallOrderOpensToNothing() external {
        Claim memory c = _claim(".smallOrder");
        vm.assertEq(c.proof.index, SMALL_ORDER);
        vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
        _prove(c);
        vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
        entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
    }

    function test_AnyContractReadsAnElementOfAOneRowBlob() external {
        for (uint256 i = 0; i < 9; ++i) {
            Claim memory c = _honest(i);
            (bool valid, bool withheld) = entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
            vm.assertTrue(valid && !withheld);
            vm.assertEq(c.opening.value, c.parts[0].rows[0].sector[c.position % 8]);
            vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
            entrance.verifyElement(_batch.id, c.proof, c.position ^ 1, c.opening);
            // The same element of the field, written otherwise (F7).
            bytes32 value = c.opening.value;
            c.opening.value = bytes32(uint256(value) + PointEvaluation.R);
            vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
            entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
            c.opening.value = value;
            c.opening.proof = bytes.concat(c.opening.proof, bytes1(0));
            vm.expectPartialRevert(PointEvaluation.OpeningRefused.selector);
            entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
        }
        Claim memory three = _honest(9);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.NotOneRow.selector, 3));
        entrance.verifyElement(_batch.id, three.proof, three.position, three.opening);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 8192, 8192));
        three.proof = _proofOf(ONE_ROW);
        entrance.verifyElement(_batch.id, three.proof, 8192, three.opening);
    }

    function test_TheBondGoesOnceHalfToTheReporterHalfToNobody() external {
        Claim memory first = _corrupt(0);
        Claim memory second = _corrupt(1);
        vm.prank(reporter);
        _prove(first);
        vm.assertEq(entrance.credit(reporter), _bond / 2);
        vm.assertEq(entrance.burnt(), _bond - _bond / 2);
        // A second corrupt blob is flagged; there is no second bond.
        _prove(second);
        _assertFlagged(second.proof);
        vm.assertEq(entrance.credit(address(this)), 0);
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.BlobCorrupt.selector, _batch.id, first.proof.index));
        _prove(first);
        vm.roll(uint256(entrance.retainUntil(_batch.id)) + 1);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.BondForfeited.selector, _batch.id));
        entrance.withdrawBond(_batch.id);
        vm.prank(reporter);
        entrance.withdraw(payable(reporter));
        vm.assertEq(reporter.balance, _bond / 2);
    }

    function test_AReturnedBondIsNotLostAndTheBlobIsFlaggedStill() external {
        vm.roll(uint256(entrance.retainUntil(_batch.id)) + 1);
        entrance.withdrawBond(_batch.id);
        Claim memory c = _corrupt(0);
        vm.prank(reporter);
        _prove(c);
        _assertFlagged(c.proof);
        vm.assertEq(entrance.credit(reporter), 0);
        vm.assertEq(entrance.burnt(), 0);
        vm.assertEq(entrance.credit(submitter), _bond);
    }

    function test_PartsAreSummedInOrderAndForEachCallerAlone() external {
        // Five rows as 2 + 2 + 1.
        Claim memory c = _corrupt(4);
        vm.assertEq(c.parts.length, 3);
        (bytes32 id, uint256 position) = (_batch.id, c.position);
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.RowsMissing.selector, 2, 5));
        entrance.proveCorrupt(id, c.proof, position, c.parts[0], c.opening);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.sumRows(id, c.proof, position, c.parts[1]);
        entrance.sumRows(id, c.proof, position, c.parts[0]);
        vm.assertEq(entrance.rowsSummed(address(this), id, c.proof.index, position), 2);
        vm.assertEq(entrance.rowsSummed(reporter, id, c.proof.index, position), 0);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.sumRows(id, c.proof, position, c.parts[0]);
        // Another's sum is another's: it begins at the first row.
        vm.prank(reporter);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.sumRows(id, c.proof, position, c.parts[1]);
        RowsPart memory part = c.parts[1];
        part.height = 2;
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.PartNotAligned.selector, 2, 4));
        entrance.sumRows(id, c.proof, position, part);
        part.height = 4;
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.PartTooHigh.selector, 4, 3));
        entrance.sumRows(id, c.proof, position, part);
        part.height = 0;
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.RowsInPart.selector, 2, 1));
        entrance.sumRows(id, c.proof, position, part);
        part.height = 1;
        entrance.sumRows(id, c.proof, position, part);
        entrance.sumRows(id, c.proof, position, c.parts[2]);
        // All rows are in: no row can be added, and none is needed.
        part.height = 0;
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.RowsInPart.selector, 2, 0));
        entrance.proveCorrupt(id, c.proof, position, part, c.opening);
        part.rows = new RowSector[](0);
        entrance.sumRows(id, c.proof, position, part);
        vm.assertEq(entrance.rowsSummed(address(this), id, c.proof.index, position), 5);
        entrance.proveCorrupt(id, c.proof, position, part, c.opening);
        _assertFlagged(c.proof);
    }

    function test_NoRowsProveNothingUntilAllAreSummed() external {
        Claim memory c = _corrupt(4);
        RowsPart memory none = RowsPart(0, new RowSector[](0), new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.RowsInPart.selector, 0, 1));
        entrance.proveCorrupt(_batch.id, c.proof, c.position, none, c.opening);
        entrance.sumRows(_batch.id, c.proof, c.position, c.parts[0]);
        vm.expectRevert(abi.encodeWithSelector(IDAFraud.RowsInPart.selector, 0, 1));
        entrance.proveCorrupt(_batch.id, c.proof, c.position, none, c.opening);
    }

    /// @dev Whatever way its rows were summed: its sum is what its commitment opens to.
    function test_AnHonestBlobWhoseRowsAreAllSummedIsNotCorrupt() external {
        Claim memory c = _honest(0);
        for (uint256 i = 0; i < c.parts.length; ++i) entrance.sumRows(_batch.id, c.proof, c.position, c.parts[i]);
        RowsPart memory none = RowsPart(0, new RowSector[](0), new bytes32[](0));
        vm.expectPartialRevert(IDAFraud.NotCorrupt.selector);
        entrance.proveCorrupt(_batch.id, c.proof, c.position, none, c.opening);
    }

    function test_OnlyCertifiedBatchesAreJudged() external {
        _batch.commitment.attempt = 1;
        Case memory again = _submitted(_batch);
        Claim memory c = _corrupt(0);
        vm.expectPartialRevert(IDAEntrance.WrongStatus.selector);
        entrance.proveCorrupt(again.id, c.proof, c.position, c.parts[0], c.opening);
        vm.expectPartialRevert(IDAEntrance.WrongStatus.selector);
        entrance.sumRows(again.id, c.proof, c.position, c.parts[0]);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.UnknownBatch.selector, bytes32("x")));
        entrance.flagsOf("x", 0);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, BLOBS, BLOBS));
        entrance.flagsOf(_batch.id, BLOBS);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 8192, 8192));
        entrance.proveCorrupt(_batch.id, c.proof, 8192, c.parts[0], c.opening);
    }

    /// @dev A chain without the precompile answers a call with success and nothing.
    function test_WithoutThePrecompileNothingIsOpened() external {
        Claim memory c = _honest(0);
        vm.mockCall(address(0x0a), "", "");
        vm.expectRevert(abi.encodeWithSelector(PointEvaluation.PrecompileMissing.selector, address(0x0a)));
        entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
    }

    function test_WithheldBatchesSaySoInEveryRead() external {
        Claim memory c = _honest(0);
        challenges.lose(_batch.id, reporter);
        (bool corrupt, bool withheld) = entrance.flagsOf(_batch.id, 0);
        vm.assertTrue(!corrupt && withheld);
        vm.assertTrue(entrance.record(_batch.id).withheld && entrance.record(_batch.id).bondLost);
        (, withheld) = entrance.verifyElement(_batch.id, c.proof, c.position, c.opening);
        vm.assertTrue(withheld);
        vm.assertEq(entrance.credit(reporter), _bond / 2);
        // Again, by another unanswered challenge: nothing more to lose, and no reason to be stuck.
        challenges.lose(_batch.id, actor("second"));
        vm.assertEq(entrance.credit(actor("second")), 0);
        vm.assertEq(entrance.burnt(), _bond - _bond / 2);
    }

    function test_PartnersAloneMoveTheMoney() external {
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.NotChallenges.selector, address(this)));
        entrance.loseBond(_batch.id, reporter);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.NotChallenges.selector, address(sampling)));
        sampling.lose(_batch.id, reporter);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.NotSampling.selector, address(challenges)));
        challenges.pay(reporter, 1);
        uint256 pool = entrance.samplingPool();
        vm.assertEq(sampling.pay(reporter, 1), 1);
        vm.assertEq(sampling.pay(reporter, type(uint256).max), pool - 1);
        vm.assertEq(sampling.pay(reporter, 1), 0);
        vm.assertEq(entrance.credit(reporter), pool);
        vm.assertEq(entrance.samplingPool(), 0);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.UnknownBatch.selector, bytes32("x")));
        challenges.lose("x", reporter);
    }

    function test_TheBondStaysWhileAChallengeIsOpen() external {
        vm.roll(uint256(entrance.retainUntil(_batch.id)) + 1);
        challenges.setOpen(_batch.id, 2);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.ChallengesOpen.selector, _batch.id, 2));
        entrance.withdrawBond(_batch.id);
        challenges.setOpen(_batch.id, 0);
        entrance.withdrawBond(_batch.id);
        vm.assertEq(entrance.credit(submitter), _bond);
    }

    /// @dev Flagged for ever: every read refuses the blob, and no other of its batch.
    function _assertFlagged(BlobProof memory proof) internal {
        (bytes32 id, uint256 index) = (_batch.id, proof.index);
        (bool corrupt, bool withheld) = entrance.flagsOf(id, index);
        vm.assertTrue(corrupt && !withheld);
        bytes memory refused = abi.encodeWithSelector(IDAFraud.BlobCorrupt.selector, id, index);
        bytes32[8] memory sector;
        Claim memory c = _honest(0);
        vm.expectRevert(refused);
        entrance.readSector(id, proof, 0, sector, new bytes32[](0));
        vm.expectRevert(refused);
        entrance.verifyCell(id, proof, 0, 0, "", new bytes32[](0));
        vm.expectRevert(refused);
        entrance.verifyElement(id, proof, 0, c.opening);
        // It is in the batch all the same.
        entrance.verifyBlob(id, proof);
        entrance.verifyElement(id, c.proof, c.position, c.opening);
        for (uint256 other = 0; other < 2; ++other) {
            (corrupt, ) = entrance.flagsOf(id, other);
            vm.assertFalse(corrupt);
        }
    }

    /// @param element 8: the one that is malformed
    function _proveMalformed(string memory item, BlobProof memory proof, uint256 element) internal {
        bytes32[] memory words = vm.parseJsonBytes32Array(_json, string.concat(item, ".sector"));
        bytes32[8] memory sector;
        for (uint256 i = 0; i < 8; ++i) sector[i] = words[i];
        if (element == 8) element = vm.parseJsonUint(_json, string.concat(item, ".element"));
        uint256 index = vm.parseJsonUint(_json, string.concat(item, ".sectorIndex"));
        bytes32[] memory path = vm.parseJsonBytes32Array(_json, string.concat(item, ".path"));
        entrance.proveMalformed(_batch.id, proof, index, sector, element, path);
    }
}
