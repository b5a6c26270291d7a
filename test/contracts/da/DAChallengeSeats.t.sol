// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAChallenge} from "../../../contracts/da/DAChallenge.sol";
import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";
import {ChallengeTest} from "./ChallengeTest.sol";
import {KnownRows} from "./KnownRows.sol";

/// @notice Who withholds: it asks for cells and answers itself, late, and takes new seats in the same call.
contract Sitter {
    DAChallenge private immutable _challenges;

    constructor(DAChallenge challenges) {
        _challenges = challenges;
    }

    function sit(IDAChallenge.CellId calldata where) external {
        _challenges.challenge{value: _challenges.requiredBond(where.batchId)}(where);
    }

    function answer(IDAChallenge.CellId calldata where, bytes calldata cell, RowsProof calldata proof) external {
        _challenges.answer(where, cell, proof);
        _challenges.withdraw(payable(address(this)));
    }

    receive() external payable {}
}

/// @notice Seats at a price: what a withholder who fills them can do to who asks, which is to make him lock up money.
contract DAChallengeSeatsTest is ChallengeTest {
    using KnownRows for KnownRows.Batch;

    uint256 internal constant SEATS = 8;

    KnownRows.Batch internal held;
    bytes32 internal batchId;
    uint256 internal base;
    Sitter internal sitter;
    uint256 internal nextColumn;

    function setUp() external {
        _deploy();
        held = KnownRows.make("held", 15, 6);
        batchId = _available(held);
        base = challenges.requiredBond(batchId);
        sitter = new Sitter(challenges);
        vm.deal(address(sitter), type(uint96).max);
    }

    function test_EightSeatsAreAtTheBasePriceAndEachFurtherAtTwiceTheLast() external {
        for (uint256 i = 0; i < SEATS; ++i) vm.assertEq(_challenge(_at(batchId, 6, i)), base);
        for (uint256 i = 1; i <= 12; ++i) vm.assertEq(_challenge(_at(batchId, 6, SEATS + i)), base << i);
        uint256 required = base << 13;
        vm.deal(address(this), required);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.BondTooLow.selector, required - 1, required));
        challenges.challenge{value: required - 1}(_at(batchId, 6, 100));
        // Another batch has its own seats, and an answer makes one cheaper.
        vm.assertEq(challenges.requiredBond(_available(KnownRows.make("other", 1, 0))), base);
        _answer(held, _at(batchId, 6, 3));
        vm.assertEq(challenges.requiredBond(batchId), base << 12);
        vm.assertEq(challenges.openChallenges(batchId), SEATS + 11);
    }

    /// @dev What kept every asker out until the retention ended when eight was a wall: one call at the last block of each
    /// window that answers eight cells and takes eight seats. Now somebody else has a cell open within the first window.
    function test_A19_SeatsThatAreHeldKeepNobodyOut() external {
        _sit(SEATS);
        IDAChallenge.CellId memory withheld = _at(batchId, 3, 77);
        uint256 paid = _challenge(withheld);
        vm.assertEq(paid, 2 * base);
        _pass(WINDOW);
        for (uint256 i = 0; i < SEATS; ++i) {
            // The same eight cells are on chain now, and seats take others.
            _show(i);
            vm.expectRevert(abi.encodeWithSelector(IDAChallenge.AlreadyAnswered.selector, _idOf(_at(batchId, 6, i))));
            sitter.sit(_at(batchId, 6, i));
        }
        _sit(SEATS);
        _pass(1);
        challenges.resolve(withheld);
        vm.assertEq(registry.reporters(batchId)[0], challenger);
        vm.assertEq(challenges.credit(challenger), paid);
    }

    /// @dev However many windows it goes on: each has its asker, and each asker his seat, at twice the base price.
    function test_A19_InEveryWindowOfTheRetentionSomebodyCanAsk() external {
        _sit(SEATS);
        uint256 windows = 0;
        for (uint256 due = START + WINDOW; due + WINDOW <= START + RETENTION; due += WINDOW) {
            IDAChallenge.CellId memory where = _at(batchId, 3, windows++);
            vm.assertEq(_challenge(where), 2 * base);
            uint64 deadline = challenges.challengeOf(where).deadline;
            // The last block in which the seats are kept: eight cells are shown for eight new seats.
            vm.roll(due);
            for (uint256 i = 0; i < SEATS; ++i) _show(nextColumn - SEATS + i);
            _sit(SEATS);
            vm.roll(uint256(deadline) + 1);
            challenges.resolve(where);
        }
        vm.assertEq(windows, 13);
        vm.assertEq(registry.reporters(batchId).length, windows);
        vm.assertEq(challenges.credit(challenger), windows * 2 * base);
        // Meanwhile more than a row's 64 cells were shown.
        vm.assertEq(nextColumn - SEATS, 8 * 13);
    }

    /// @dev An asker puts down less than those before him together, and never loses more than the base price.
    function testFuzz_SeatsCostWhoFillsThemMoreThanWhoComesAfter(uint256 filled, bool answered) external {
        filled = bound(filled, SEATS, 32);
        _sit(filled);
        uint256 locked = address(challenges).balance;
        IDAChallenge.CellId memory where = _at(batchId, 6, 127);
        uint256 paid = _challenge(where);
        vm.assertEq(locked, paid + 6 * base);
        if (answered) {
            // The withholder has the cell, after all, and shows it in the last block.
            _pass(WINDOW);
            uint256 before = address(sitter).balance;
            sitter.answer(where, held.cell(127), held.proof(127));
            vm.assertEq(address(sitter).balance - before, base);
            vm.assertEq(challenges.credit(challenger), paid - base);
        } else {
            _pass(WINDOW + 1);
            challenges.resolve(where);
            vm.assertEq(challenges.credit(challenger), paid);
        }
    }

    /// @dev A seat that its holder does not answer for is a challenge like any other: it flags the batch.
    function test_ASitterThatDoesNotAnswerFlagsTheBatchItself() external {
        _sit(SEATS);
        _pass(WINDOW + 1);
        vm.prank(challenger);
        challenges.resolve(_at(batchId, 6, 0));
        vm.assertEq(registry.reporters(batchId)[0], address(sitter));
    }

    /// @dev Where gas is nearly free, there is money for 64 doublings: the price stands still there.
    function test_A32_ThePriceDoublesSixtyFourTimesAndNoMore() external {
        challenges = new DAChallenge(address(registry), WINDOW, 1);
        sitter = new Sitter(challenges);
        vm.deal(address(sitter), type(uint104).max);
        base = challenges.requiredBond(batchId);
        vm.assertEq(base, 2 * challenges.ANSWER_GAS());
        for (uint256 open = 0; open < 76; ++open) {
            uint256 doublings = open < SEATS ? 0 : open - SEATS + 1;
            vm.assertEq(challenges.requiredBond(batchId), base << (doublings < 64 ? doublings : 64));
            _sit(1);
        }
    }

    /// @dev In cells of the row that were not asked for yet.
    function _sit(uint256 seats) private {
        for (uint256 i = 0; i < seats; ++i) sitter.sit(_at(batchId, 6, nextColumn++));
    }

    function _show(uint256 column) private {
        sitter.answer(_at(batchId, 6, column), held.cell(column), held.proof(column));
    }
}
