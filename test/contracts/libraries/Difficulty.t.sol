// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Difficulty} from "../../../contracts/libraries/Difficulty.sol";
import {Test} from "../base/Test.sol";

contract DifficultyTest is Test {
    uint256 private constant MAX = type(uint256).max;

    function test_AsManyAsWantedChangesNothingButTheCutBits() external pure {
        for (uint256 d = 1; d < 1 << 100; d *= 3) {
            uint256 target = MAX / d;
            uint256 next = Difficulty.adjusted(target, 10, 10, 20, MAX);
            vm.assertEq(next, (target >> 16) << 16);
        }
    }

    /// 0G's rule, by hand: a twentieth of the way, at most a factor of two. And ours: a full epoch halves.
    function test_KnownSteps() external pure {
        uint256 unit = 1 << 200;
        vm.assertEq(Difficulty.adjusted(20 * unit, 16, 10, 20, MAX), (19 * unit) + (unit * 10) / 16);
        vm.assertEq(
            Difficulty.adjusted(20 * unit, 19, 10, 20, MAX),
            (((((20 * unit) >> 16) * 19 + (((20 * unit) >> 16) * 10) / 19) / 20) << 16)
        );
        vm.assertEq(Difficulty.adjusted(20 * unit, 20, 10, 20, MAX), 10 * unit);
        vm.assertEq(Difficulty.adjusted(20 * unit, 2, 1, 1 << 15, MAX), 10 * unit);
        vm.assertEq(Difficulty.adjusted(20 * unit, 5, 10, 20, MAX), 21 * unit);
        vm.assertEq(Difficulty.adjusted(20 * unit, 1, 10, 20, MAX), 29 * unit);
        vm.assertEq(Difficulty.adjusted(20 * unit, 1, 100, 20, MAX), 40 * unit);
        vm.assertEq(Difficulty.adjusted(20 * unit, 1000, 1, 1, MAX), 10 * unit);
    }

    /// @dev A30: whatever happens, a step stays within a factor of two (but for the cut bits) and within the bounds.
    function testFuzz_A30_StepsAreBounded(
        uint256 target,
        uint256 answers,
        uint256 wanted,
        uint256 ratio,
        uint256 maxTarget
    ) external pure {
        maxTarget = bound(maxTarget, Difficulty.MIN_TARGET, MAX);
        target = bound(target, Difficulty.MIN_TARGET, maxTarget);
        wanted = bound(wanted, 1, 1 << 15);
        answers = bound(answers, 1, 2 * wanted);
        ratio = bound(ratio, 1, 1 << 15);
        uint256 next = Difficulty.adjusted(target, answers, wanted, ratio, maxTarget);
        vm.assertGe(next, Difficulty.MIN_TARGET);
        vm.assertLe(next, maxTarget);
        vm.assertLe(next / 2, target);
        vm.assertGe(
            next,
            target / 2 - (1 << 17) < Difficulty.MIN_TARGET ? Difficulty.MIN_TARGET : target / 2 - (1 << 17)
        );
        if (answers > wanted) vm.assertLe(next, target);
        if (answers < wanted) vm.assertGe(next + (1 << 17), target);
    }

    /// @dev A30, A21: the shift is what doubling once an epoch would have given.
    function testFuzz_A30_ReliefIsDoublingByArithmetic(
        uint256 target,
        uint256 epochs,
        uint256 maxTarget
    ) external pure {
        maxTarget = bound(maxTarget, Difficulty.MIN_TARGET, MAX);
        target = bound(target, Difficulty.MIN_TARGET, maxTarget);
        epochs = bound(epochs, 0, 300);
        uint256 step = target;
        for (uint256 i = 0; i < epochs; ++i) step = step > maxTarget / 2 ? maxTarget : step * 2;
        vm.assertEq(Difficulty.relieved(target, epochs, maxTarget), step);
    }

    function test_A30_ReliefOfEverIsTheBound() external pure {
        vm.assertEq(Difficulty.relieved(Difficulty.MIN_TARGET, MAX, MAX), MAX);
        vm.assertEq(Difficulty.relieved(Difficulty.MIN_TARGET, 128, MAX), MAX);
        vm.assertEq(Difficulty.relieved(Difficulty.MIN_TARGET, 127, MAX), 1 << 255);
        vm.assertEq(Difficulty.relieved(MAX, 0, MAX), MAX);
    }

    /// @dev A30: a hundred times the hash power, then a hundredth of it, then all as before: the target comes back, within a
    /// factor of two in no more epochs than the shock has doublings, or twice as many downwards.
    function test_A30_ReturnsToItsBandAfterShocks() external pure {
        uint256 target = MAX / 1_000_000;
        uint256 epochs;
        (target, epochs) = _return(target, 100 * 100, 200);
        vm.assertLe(epochs, 7);
        (target, epochs) = _return(target, 100 * 100, 110);
        vm.assertLe(epochs, 40);
        (target, epochs) = _return(target, 100, 50);
        vm.assertLe(epochs, 15);
        (target, epochs) = _return(target, 100, 90);
        vm.assertLe(epochs, 35);
    }

    /// @dev A30: ten epochs of silence make it easier by a thousand. When the miners are back it takes ten epochs, not the 280
    /// of 0G's rule, in which whoever is fastest would take every answer.
    function test_A30_ReturnsFromAnOutage() external pure {
        uint256 target = Difficulty.relieved(MAX / 1_000_000, 10, MAX);
        (, uint256 epochs) = _return(target, 100, 199);
        vm.assertLe(epochs, 10);
    }

    /// @dev Epochs until as many answers as in `goal` of a hundred wanted come, from whichever side.
    function _return(uint256 target, uint256 power, uint256 goal) private pure returns (uint256, uint256 epochs) {
        bool easy = _answers(target, power) > goal;
        for (; ; ++epochs) {
            uint256 answers = _answers(target, power);
            if (easy ? answers <= goal : answers >= goal) return (target, epochs);
            if (answers > 200) answers = 200;
            target =
                answers == 0 ? Difficulty.relieved(target, 1, MAX) : Difficulty.adjusted(target, answers, 100, 20, MAX);
        }
    }

    /// @dev Answers that would come if an epoch took them all.
    function _answers(uint256 target, uint256 power) private pure returns (uint256) {
        return (power * (target >> 64)) / ((MAX / 1_000_000) >> 64);
    }
}
