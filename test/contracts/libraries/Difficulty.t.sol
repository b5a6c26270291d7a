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

    /// 0G's rule, by hand: a twentieth of the way, at most a factor of two.
    function test_KnownSteps() external pure {
        uint256 unit = 1 << 200;
        vm.assertEq(Difficulty.adjusted(20 * unit, 20, 10, 20, MAX), (19 * unit) + unit / 2);
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

    /// @dev A30: a hundred times the hash power, then a hundredth of it, then all as before: the target comes back.
    function test_A30_ReturnsToItsBandAfterShocks() external pure {
        uint256 target = MAX / 1_000_000;
        uint256 wanted = 100;
        uint256 epochs = 0;
        // Answers of an epoch follow the target; an epoch takes 2 × wanted at most.
        for (; _answers(target, wanted * 100, wanted) > (wanted * 11) / 10; ++epochs) {
            target = Difficulty.adjusted(target, _answers(target, wanted * 100, wanted), wanted, 20, MAX);
        }
        vm.assertLe(epochs, 250);
        for (epochs = 0; _answers(target, wanted, wanted) < (wanted * 9) / 10; ++epochs) {
            uint256 answers = _answers(target, wanted, wanted);
            target =
                answers == 0
                    ? Difficulty.relieved(target, 1, MAX)
                    : Difficulty.adjusted(target, answers, wanted, 20, MAX);
        }
        vm.assertLe(epochs, 50);
    }

    function _answers(uint256 target, uint256 power, uint256 wanted) private pure returns (uint256 answers) {
        answers = (power * (target >> 64)) / ((MAX / 1_000_000) >> 64);
        if (answers > 2 * wanted) answers = 2 * wanted;
    }
}
