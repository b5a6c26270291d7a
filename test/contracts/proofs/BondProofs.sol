// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeRules} from "../../../contracts/libraries/StakeRules.sol";

/// @notice The arithmetic of penalties and replacements, for every stake below 2^96 wei and every rate. Engine: BMC.
contract BondProofs {
    function nobodyLosesMoreThanItHas(uint256 stakeThen, uint256 held, uint256 bps) external pure {
        require(stakeThen < 2 ** 96 && held < 2 ** 96 && bps <= 10_000);
        uint256 amount = StakeRules.penalty(stakeThen, held, bps);
        assert(amount <= held);
        assert(amount <= stakeThen);
    }

    function aPenaltyIsSplitWithoutRest(uint256 amount, uint256 bps) external pure {
        require(amount < 2 ** 96 && bps <= 10_000);
        (uint256 reward, uint256 burnt) = StakeRules.split(amount, bps);
        assert(reward + burnt == amount);
        assert(reward <= amount);
    }

    function whoReplacesHasATenthMore(uint256 lowest) external pure {
        require(lowest < 2 ** 96);
        uint256 required = StakeRules.toReplace(lowest);
        assert(required * 10 >= lowest * 11);
        assert(lowest == 0 || (required - 1) * 10 < lowest * 11);
    }
}
