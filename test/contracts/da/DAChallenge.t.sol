// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAChallenge} from "../../../contracts/da/DAChallenge.sol";
import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {BatchRows} from "../../../contracts/libraries/BatchRows.sol";
import {Cast} from "../../../contracts/libraries/Cast.sol";
import {EntryLib} from "../../../contracts/libraries/EntryLib.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";
import {Vm} from "../base/Vm.sol";
import {ChallengeTest, Registry} from "./ChallengeTest.sol";
import {KnownRows} from "./KnownRows.sol";

/// @notice Whenever it is paid it calls again; it can be told to refuse, or to answer with a megabyte.
contract Receiver {
    DAChallenge private immutable _challenges;
    bytes private _again;
    bool public succeeded;
    bool private _refuses;
    uint256 private _words;

    constructor(DAChallenge challenges) {
        _challenges = challenges;
    }

    function behave(bytes calldata again, bool refuses, uint256 words) external {
        (_again, _refuses, _words) = (again, refuses, words);
    }

    function act(bytes calldata data) external payable {
        (bool success, bytes memory reason) = address(_challenges).call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    receive() external payable {
        if (_again.length != 0) (succeeded, ) = address(_challenges).call(_again);
        require(!_refuses, "no");
        uint256 words = _words;
        assembly ("memory-safe") {
            if words {
                return(0, mul(words, 32))
            }
        }
    }
}

contract DAChallengeTest is ChallengeTest {
    using KnownRows for KnownRows.Batch;

    KnownRows.Batch internal batch;
    bytes32 internal batchId;

    function setUp() external {
        _deploy();
        // Row 9 lies under the second of the nodes 8, 4 and 1.
        batch = KnownRows.make("known", 13, 9);
        batchId = _available(batch);
    }

    // Asking

    function test_AChallengeIsOnRecord() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(challenger, bond);
        vm.expectEmit(address(challenges));
        emit IDAChallenge.Challenged(batchId, challenger, 9, 77, bond, 0, uint64(START + WINDOW));
        vm.prank(challenger);
        vm.assertEq(challenges.challenge{value: bond}(where), START + WINDOW);
        IDAChallenge.Challenge memory open = challenges.challengeOf(where);
        vm.assertEq(open.challenger, challenger);
        vm.assertEq(open.bond, bond);
        vm.assertEq(open.deadline, START + WINDOW);
        vm.assertEq(open.deposit, 0);
        vm.assertFalse(challenges.isAnswered(where));
        vm.assertEq(challenges.openChallenges(batchId), 1);
    }

    function testFuzz_TheBondIsTwiceAnAnswerAtTheBaseFee(uint64 baseFee, uint256 short) external {
        vm.fee(baseFee);
        uint256 required = 2 * challenges.ANSWER_GAS() * (baseFee > MIN_BASE_FEE ? baseFee : MIN_BASE_FEE);
        vm.assertEq(challenges.requiredBond(batchId), required);
        short = bound(short, 1, required);
        vm.deal(address(this), required);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.BondTooLow.selector, required - short, required));
        challenges.challenge{value: required - short}(_at(batchId, 9, 77));
        challenges.challenge{value: required}(_at(batchId, 9, 77));
    }

    /// @dev Of any amount, in either end.
    function testFuzz_WhatIsPaidAboveTheBasePriceComesBack(uint96 more, bool answered) external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(challenger, bond + more);
        vm.expectEmit(address(challenges));
        emit IDAChallenge.Challenged(batchId, challenger, 9, 77, bond, more, uint64(START + WINDOW));
        vm.prank(challenger);
        challenges.challenge{value: bond + more}(where);
        vm.assertEq(challenges.challengeOf(where).deposit, more);
        _pass(answered ? WINDOW : WINDOW + 1);
        if (answered) _answer(batch, where);
        else challenges.resolve(where);
        vm.assertEq(challenges.credit(node), answered ? bond : 0);
        vm.assertEq(challenges.credit(challenger), answered ? more : bond + more);
    }

    function test_A32_ADepositBeyond96BitsIsRefused() external {
        uint256 bond = challenges.requiredBond(batchId);
        uint256 deposit = uint256(type(uint96).max) + 1;
        vm.deal(address(this), bond + deposit);
        vm.expectRevert(abi.encodeWithSelector(Cast.CastOverflow.selector, deposit, type(uint96).max));
        challenges.challenge{value: bond + deposit}(_at(batchId, 9, 77));
        challenges.challenge{value: bond + deposit - 1}(_at(batchId, 9, 77));
    }

    function test_OnlyCellsOfTheBatchAreAskedFor() external {
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(address(this), bond);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 13, 13));
        challenges.challenge{value: bond}(_at(batchId, 13, 0));
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 128, 128));
        challenges.challenge{value: bond}(_at(batchId, 0, 128));
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, type(uint256).max, 13));
        challenges.challenge{value: bond}(_at(batchId, type(uint256).max, 0));
        vm.expectRevert(abi.encodeWithSelector(Registry.UnknownBatch.selector, bytes32("no batch")));
        challenges.challenge{value: bond}(_at("no batch", 0, 0));
        vm.assertEq(challenges.openChallenges(batchId), 0);
    }

    function test_OnlyAvailableBatchesAreChallenged() external {
        registry.put("submitted", _record(batch, 0));
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(address(this), bond);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotAvailable.selector, bytes32("submitted")));
        challenges.challenge{value: bond}(_at("submitted", 0, 0));
    }

    function test_TheWindowEndsWithinTheRetention() external {
        uint256 until = START + RETENTION;
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(address(this), bond);
        vm.roll(until - WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.RetentionEnds.selector, until + 1, until));
        challenges.challenge{value: bond}(_at(batchId, 9, 77));
        vm.roll(until - WINDOW);
        vm.assertEq(challenges.challenge{value: bond}(_at(batchId, 9, 77)), until);
    }

    function test_ACellIsAskedForUntilItIsAnswered() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = _challenge(where);
        vm.deal(address(this), bond);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.AlreadyChallenged.selector, _idOf(where), START + WINDOW));
        challenges.challenge{value: bond}(where);
        _answer(batch, where);
        // Its bytes are on chain, for everybody.
        vm.assertTrue(challenges.isAnswered(where));
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.AlreadyAnswered.selector, _idOf(where)));
        challenges.challenge{value: bond}(where);
        vm.assertEq(challenges.openChallenges(batchId), 0);
    }

    function test_ACellThatNobodyShowedIsAskedForAgain() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        _challenge(where);
        _pass(WINDOW + 1);
        challenges.resolve(where);
        vm.assertFalse(challenges.isAnswered(where));
        _challenge(where);
        vm.assertEq(challenges.openChallenges(batchId), 1);
    }

    // Answering

    function test_AnAnswerTakesTheBondAndShowsTheBytes() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = _challenge(where);
        bytes memory cell = batch.cell(77);
        vm.expectEmit(address(challenges));
        emit IDAChallenge.Answered(batchId, node, 9, 77, bond, cell);
        _answer(batch, where);
        vm.assertEq(challenges.credit(node), bond);
        vm.assertEq(challenges.openChallenges(batchId), 0);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotChallenged.selector, _idOf(where)));
        challenges.challengeOf(where);
        vm.prank(node);
        challenges.withdraw(payable(node));
        vm.assertEq(node.balance, bond);
        vm.assertEq(address(challenges).balance, 0);
    }

    function test_A19_SixtyFourAnswersAreTheRowWhoeverHoldsItBack() external {
        vm.recordLogs();
        for (uint256 column = 64; column < 128; ++column) {
            _challenge(_at(batchId, 9, column));
            _answer(batch, _at(batchId, 9, column));
        }
        uint256 seen = 0;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IDAChallenge.Answered.selector) continue;
            (, uint256 column, , bytes memory cell) = abi.decode(logs[i].data, (uint256, uint256, uint256, bytes));
            vm.assertEq(cell, batch.cell(column));
            ++seen;
        }
        vm.assertEq(seen, 64);
    }

    function testFuzz_EveryCellOfAnyBatchCanBeAnswered(uint256 rowCount, uint256 row, uint256 column) external {
        rowCount = bound(rowCount, 1, 512);
        KnownRows.Batch memory b = KnownRows.make("fuzz", rowCount, row % rowCount);
        IDAChallenge.CellId memory where = _at(_available(b), b.row, column % 128);
        uint256 bond = _challenge(where);
        _answer(b, where);
        vm.assertEq(challenges.credit(node), bond);
    }

    /// @dev Of the cell, the path and the nodes.
    function testFuzz_OneWrongBitIsNoAnswer(uint256 what, uint256 bit) external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        _challenge(where);
        (bytes memory cell, RowsProof memory proof) = (batch.cell(77), batch.proof(77));
        what = bound(what, 0, 2);
        if (what == 0) cell[(bit / 8) % 2048] ^= bytes1(uint8(1 << (bit % 8)));
        if (what == 1) proof.path[(bit / 256) % proof.path.length] ^= bytes32(1 << (bit % 256));
        if (what == 2) proof.nodes[(bit / 256) % proof.nodes.length] ^= bytes32(1 << (bit % 256));
        if (what == 2) vm.expectPartialRevert(EntryLib.IdentityMismatch.selector);
        else vm.expectPartialRevert(BatchRows.NotUnderRowsRoot.selector);
        challenges.answer(where, cell, proof);
        vm.assertEq(challenges.openChallenges(batchId), 1);
        _answer(batch, where);
    }

    function test_A1_ANodeIsNoCellAndAnotherCellIsNotTheOne() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        _challenge(where);
        RowsProof memory proof = batch.proof(77);
        vm.expectRevert(abi.encodeWithSelector(RowTree.CellLength.selector, 64, 2048));
        challenges.answer(where, new bytes(64), proof);
        RowsProof memory longer = RowsProof(proof.nodes, new bytes32[](proof.path.length + 1));
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 10, 9));
        challenges.answer(where, batch.cell(77), longer);
        vm.expectPartialRevert(BatchRows.NotUnderRowsRoot.selector);
        challenges.answer(where, batch.cell(76), batch.proof(76));
    }

    function test_AnAnswerForAnotherCellIsForNoChallenge() external {
        _challenge(_at(batchId, 9, 77));
        IDAChallenge.CellId memory other = _at(batchId, 9, 76);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotChallenged.selector, _idOf(other)));
        challenges.answer(other, batch.cell(76), batch.proof(76));
    }

    function test_A28_AnAnswerIsPaidOnce() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        _challenge(where);
        _answer(batch, where);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotChallenged.selector, _idOf(where)));
        challenges.answer(where, batch.cell(77), batch.proof(77));
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotChallenged.selector, _idOf(where)));
        challenges.resolve(where);
    }

    function test_TheDeadlineIsTheLastBlockForAnAnswer() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        _challenge(where);
        _pass(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.StillAnswerable.selector, START + WINDOW, START + WINDOW));
        challenges.resolve(where);
        uint256 state = vm.snapshotState();
        _answer(batch, where);
        vm.revertToState(state);
        _pass(1);
        vm.expectRevert(
            abi.encodeWithSelector(IDAChallenge.AnswerTooLate.selector, START + WINDOW + 1, START + WINDOW)
        );
        challenges.answer(where, batch.cell(77), batch.proof(77));
        challenges.resolve(where);
    }

    // What silence costs

    function test_A19_SilenceCostsTheBatchItsBondAndTheChallengerNothing() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = _challenge(where);
        _pass(WINDOW + 1);
        vm.expectEmit(address(challenges));
        emit IDAChallenge.Unanswered(batchId, challenger, 9, 77, bond);
        // By anyone: the reporter is who asked.
        vm.prank(node);
        challenges.resolve(where);
        vm.assertEq(registry.reporters(batchId).length, 1);
        vm.assertEq(registry.reporters(batchId)[0], challenger);
        vm.assertEq(challenges.credit(challenger), bond);
        vm.assertEq(challenges.credit(node), 0);
        vm.assertEq(challenges.openChallenges(batchId), 0);
    }

    function test_EachUnansweredChallengeIsResolvedByItself() external {
        uint256 bond = 0;
        for (uint256 column = 0; column < 8; ++column) bond += _challenge(_at(batchId, 9, column));
        _pass(WINDOW + 1);
        for (uint256 column = 0; column < 8; ++column) challenges.resolve(_at(batchId, 9, column));
        vm.assertEq(challenges.credit(challenger), bond);
        vm.assertEq(registry.reporters(batchId).length, 8);
        vm.prank(challenger);
        challenges.withdraw(payable(challenger));
        vm.assertEq(address(challenges).balance, 0);
    }

    function test_NoChallengeNothingToResolve() external {
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotChallenged.selector, _idOf(where)));
        challenges.resolve(where);
    }

    // Money

    function test_NothingIsWithdrawnFromNoCredit() external {
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NothingToWithdraw.selector, address(this)));
        challenges.withdraw(payable(address(this)));
    }

    function test_A24_AReentrantReceiverGetsItsMoneyOnce() external {
        Receiver thief = new Receiver(challenges);
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(address(this), bond);
        thief.act{value: bond}(abi.encodeCall(IDAChallenge.challenge, (where)));
        // Others' money is there to be stolen.
        _challenge(_at(batchId, 9, 78));
        _pass(WINDOW + 1);
        challenges.resolve(where);
        uint256 state = vm.snapshotState();
        bytes[3] memory again = [
            abi.encodeCall(IDAChallenge.withdraw, (payable(address(thief)))),
            abi.encodeCall(IDAChallenge.resolve, (where)),
            abi.encodeCall(IDAChallenge.answer, (where, batch.cell(77), batch.proof(77)))
        ];
        for (uint256 i = 0; i < again.length; ++i) {
            thief.behave(again[i], false, 0);
            thief.act(abi.encodeCall(IDAChallenge.withdraw, (payable(address(thief)))));
            vm.assertFalse(thief.succeeded());
            vm.assertEq(address(thief).balance, bond);
            vm.assertEq(address(challenges).balance, bond);
            vm.revertToState(state);
        }
    }

    function test_A25_AReceiverThatRefusesOrTalksHarmsItselfAlone() external {
        Receiver receiver = new Receiver(challenges);
        IDAChallenge.CellId memory where = _at(batchId, 9, 77);
        uint256 bond = challenges.requiredBond(batchId);
        vm.deal(address(this), bond);
        receiver.act{value: bond}(abi.encodeCall(IDAChallenge.challenge, (where)));
        _challenge(_at(batchId, 9, 78));
        _pass(WINDOW + 1);
        challenges.resolve(where);
        challenges.resolve(_at(batchId, 9, 78));

        receiver.behave("", true, 0);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.WithdrawalRefused.selector, address(receiver), bond));
        receiver.act(abi.encodeCall(IDAChallenge.withdraw, (payable(address(receiver)))));
        vm.assertEq(challenges.credit(address(receiver)), bond);
        vm.prank(challenger);
        challenges.withdraw(payable(challenger));
        vm.assertEq(challenger.balance, bond);
        // A megabyte of answer changes nothing.
        receiver.behave("", false, 32_768);
        receiver.act(abi.encodeCall(IDAChallenge.withdraw, (payable(address(receiver)))));
        vm.assertEq(address(receiver).balance, bond);
    }

    // Deployment

    function test_WhatADeploymentMayNotFix() external {
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.ZeroParameter.selector));
        new DAChallenge(address(0), WINDOW, MIN_BASE_FEE);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.ZeroParameter.selector));
        new DAChallenge(address(registry), WINDOW, 0);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.WindowTooShort.selector, 255, 256));
        new DAChallenge(address(registry), 255, MIN_BASE_FEE);
    }

    /// @dev With any window and any price: an accepted deployment never holds money that nobody can get.
    function testFuzz_A32_AcceptedParametersWork(uint64 window, uint96 price) external {
        window = uint64(bound(window, 256, RETENTION));
        price = uint96(bound(price, 1, type(uint96).max / (2 * challenges.ANSWER_GAS())));
        challenges = new DAChallenge(address(registry), window, price);
        registry.serve(address(challenges));
        uint256 bond = _challenge(_at(batchId, 9, 77));
        vm.assertGe(bond, uint256(price) * 2 * challenges.ANSWER_GAS());
        _pass(uint256(window) + 1);
        challenges.resolve(_at(batchId, 9, 77));
        vm.prank(challenger);
        challenges.withdraw(payable(challenger));
        vm.assertEq(challenger.balance, bond);
    }
}
