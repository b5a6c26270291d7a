// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAChallenge} from "../../../contracts/da/DAChallenge.sol";
import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {Invariant} from "../base/Invariant.sol";
import {Test} from "../base/Test.sol";
import {Registry} from "../da/ChallengeTest.sol";
import {KnownRows} from "../da/KnownRows.sol";

/// @notice A party that, whenever it is paid, tries to be paid again.
contract GreedyParty {
    DAChallenge private immutable _challenges;

    constructor(DAChallenge challenges) {
        _challenges = challenges;
    }

    function act(bytes calldata data) external payable returns (bool success) {
        (success, ) = address(_challenges).call{value: msg.value}(data);
        if (success || msg.value == 0) return success;
        (bool returned, ) = msg.sender.call{value: msg.value}("");
        require(returned, "not returned");
    }

    receive() external payable {
        (bool again, ) = address(_challenges).call(abi.encodeCall(IDAChallenge.withdraw, (payable(address(this)))));
        require(!again, "paid twice");
    }
}

/// @notice Everything that anyone can do with challenges of two batches, at random, and a ledger of it.
contract ChallengeHandler is Test {
    using KnownRows for KnownRows.Batch;

    uint256 internal constant CELLS = 14;

    DAChallenge public challenges;
    Registry public registry;
    uint256 public paid;
    uint256 public withdrawn;
    uint256[2] public unanswered;
    mapping(bytes32 id => bool) public answered;
    KnownRows.Batch[2] private _batches;
    bytes32[2] public ids;
    GreedyParty[3] private _parties;

    constructor(DAChallenge challenges_, Registry registry_) {
        (challenges, registry) = (challenges_, registry_);
        for (uint256 i = 0; i < 3; ++i) _parties[i] = new GreedyParty(challenges_);
        for (uint256 i = 0; i < 2; ++i) {
            _batches[i] = KnownRows.make(bytes32(i + 1), 5, 2 + i);
            ids[i] = keccak256(abi.encode("batch", i));
            IDAEntrance.BatchRecord memory r;
            (r.rowsRoot, r.rowCount) = (_batches[i].rowsRoot, 5);
            (r.submitBlock, r.confirmBlock) = (uint64(block.number) - 1, uint64(block.number));
            r.retainUntil = uint64(block.number) + 3_600;
            registry_.put(ids[i], r);
        }
    }

    receive() external payable {}

    /// @dev Often too late in the retention, and often of a cell that was asked for.
    function challenge(uint256 who, uint256 which, uint256 column, uint256 more) external {
        (uint256 b, IDAChallenge.CellId memory where) = _pick(which, column);
        uint256 bond = challenges.requiredBond(ids[b]) + bound(more, 0, 1 ether);
        bool possible =
            !_isOpen(where) &&
                !answered[_idOf(where)] &&
                block.number + challenges.window() <= registry.record(ids[b]).retainUntil;
        vm.deal(address(this), bond);
        bool done = _parties[who % 3].act{value: bond}(abi.encodeCall(IDAChallenge.challenge, (where)));
        vm.assertEq(done, possible);
        if (done) paid += bond;
    }

    function answer(uint256 who, uint256 which, uint256 column, bool rightly) external {
        (uint256 b, IDAChallenge.CellId memory where) = _pick(which, column);
        bool possible = rightly && _isOpen(where) && block.number <= challenges.challengeOf(where).deadline;
        KnownRows.Batch memory known = _batches[b];
        bytes memory cell = known.cell(rightly ? where.column : where.column ^ 1);
        bytes memory data = abi.encodeCall(IDAChallenge.answer, (where, cell, known.proof(where.column)));
        vm.assertEq(_parties[who % 3].act(data), possible);
        if (possible) answered[_idOf(where)] = true;
    }

    function resolve(uint256 who, uint256 which, uint256 column) external {
        (uint256 b, IDAChallenge.CellId memory where) = _pick(which, column);
        bool possible = _isOpen(where) && block.number > challenges.challengeOf(where).deadline;
        bool done = _parties[who % 3].act(abi.encodeCall(IDAChallenge.resolve, (where)));
        vm.assertEq(done, possible);
        if (done) ++unanswered[b];
    }

    function withdraw(uint256 who) external {
        GreedyParty party = _parties[who % 3];
        uint256 credit = challenges.credit(address(party));
        uint256 before = address(party).balance;
        bool done = party.act(abi.encodeCall(IDAChallenge.withdraw, (payable(address(party)))));
        vm.assertEq(done, credit != 0);
        vm.assertEq(address(party).balance, before + credit);
        withdrawn += credit;
    }

    function mine(uint256 blocks) external {
        vm.roll(block.number + bound(blocks, 1, 130));
    }

    function setBaseFee(uint64 baseFee) external {
        vm.fee(bound(baseFee, 0, 100 gwei));
    }

    /// @dev Bonds and deposits of the open challenges of a batch, and how many they are.
    function open(uint256 b) external view returns (uint256 bonds, uint256 count) {
        for (uint256 column = 0; column < CELLS; ++column) {
            IDAChallenge.CellId memory where = IDAChallenge.CellId(ids[b], _batches[b].row, column);
            vm.assertEq(challenges.isAnswered(where), answered[_idOf(where)]);
            if (!_isOpen(where)) continue;
            bonds += uint256(challenges.challengeOf(where).bond) + challenges.challengeOf(where).deposit;
            ++count;
        }
    }

    function credits() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 3; ++i) sum += challenges.credit(address(_parties[i]));
    }

    function _pick(uint256 which, uint256 column) private view returns (uint256, IDAChallenge.CellId memory) {
        uint256 b = which % 2;
        return (b, IDAChallenge.CellId(ids[b], _batches[b].row, column % CELLS));
    }

    function _idOf(IDAChallenge.CellId memory where) private pure returns (bytes32) {
        return keccak256(abi.encode(where));
    }

    function _isOpen(IDAChallenge.CellId memory where) private view returns (bool) {
        try challenges.challengeOf(where) returns (IDAChallenge.Challenge memory) {
            return true;
        } catch {
            return false;
        }
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time:
///
/// 1. What the contract has is what it owes: bonds and deposits of open challenges, and credits. What was paid in was
///    withdrawn or is there.
/// 2. The count of a batch's open challenges is that of those on record, and sets the price of the next: the base price
///    for eight, twice the last beyond. A cell that was answered stays so, and is not asked for again.
/// 3. A batch is reported once for each challenge that was resolved, never for one that was answered; an answer or a
///    resolution succeeds exactly when it may (the handler compares each).
contract ChallengeInvariants is Invariant {
    DAChallenge private _challenges;
    Registry private _registry;
    ChallengeHandler private _handler;

    function setUp() public {
        vm.roll(1_000);
        _registry = new Registry();
        _challenges = new DAChallenge(address(_registry), 256, 1 gwei);
        _registry.serve(address(_challenges));
        _handler = new ChallengeHandler(_challenges, _registry);
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = ChallengeHandler.challenge.selector;
        selectors[1] = ChallengeHandler.answer.selector;
        selectors[2] = ChallengeHandler.resolve.selector;
        selectors[3] = ChallengeHandler.withdraw.selector;
        selectors[4] = ChallengeHandler.mine.selector;
        selectors[5] = ChallengeHandler.setBaseFee.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 24
    /// hardhat-config: invariant.depth = 64
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A24_A26_WhatIsThereIsWhatIsOwed() external view {
        uint256 owed = _handler.credits();
        for (uint256 b = 0; b < 2; ++b) {
            (uint256 bonds, uint256 count) = _handler.open(b);
            owed += bonds;
            vm.assertEq(_challenges.openChallenges(_handler.ids(b)), count);
            uint256 price = 2 * _challenges.ANSWER_GAS() * (block.basefee > 1 gwei ? block.basefee : 1 gwei);
            for (uint256 i = 7; i < count; ++i) price *= 2;
            vm.assertEq(_challenges.requiredBond(_handler.ids(b)), price);
            vm.assertEq(_registry.reporters(_handler.ids(b)).length, _handler.unanswered(b));
        }
        vm.assertEq(address(_challenges).balance, owed);
        vm.assertEq(owed + _handler.withdrawn(), _handler.paid());
    }
}
