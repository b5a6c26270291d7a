// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeRules} from "../../../contracts/libraries/StakeRules.sol";
import {Test} from "../base/Test.sol";

contract StakeRulesTest is Test {
    function test_APenaltyIsAShareOfWhatSigned() external pure {
        vm.assertEq(StakeRules.penalty(1000, 5000, 1000), 100);
        vm.assertEq(StakeRules.penalty(1000, 99, 1000), 99);
        vm.assertEq(StakeRules.penalty(1000, 0, 1000), 0);
        vm.assertEq(StakeRules.penalty(1000, 1000, 10_000), 1000);
        vm.assertEq(StakeRules.penalty(1000, 1000, 0), 0);
        // Rounded in favour of who loses.
        vm.assertEq(StakeRules.penalty(9999, 9999, 1), 0);
    }

    function test_ATenthMoreIsRoundedUp() external pure {
        vm.assertEq(StakeRules.toReplace(10), 11);
        vm.assertEq(StakeRules.toReplace(11), 13);
        vm.assertEq(StakeRules.toReplace(1), 2);
        vm.assertEq(StakeRules.toReplace(100 ether), 110 ether);
    }

    function testFuzz_ReplacingTakesATenthMoreAndNotAWeiLess(uint96 lowest) external pure {
        uint256 required = StakeRules.toReplace(lowest);
        vm.assertGe(required * 10, uint256(lowest) * 11);
        if (lowest != 0) vm.assertLt((required - 1) * 10, uint256(lowest) * 11);
    }

    function testFuzz_NothingIsLostInASplit(uint96 amount, uint256 bps) external pure {
        bps = bound(bps, 0, 10_000);
        (uint256 reward, uint256 burnt) = StakeRules.split(amount, bps);
        vm.assertEq(reward + burnt, amount);
        vm.assertLe(reward * 10_000, uint256(amount) * bps);
    }
}
