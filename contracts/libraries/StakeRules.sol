// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a stake loses, who gets it, and what replaces it. Amounts are below 2^96 wei, rates in hundredths of a percent.
library StakeRules {
    uint256 internal constant BPS = 10_000;

    /// @notice The part of the stake it signed with, but no more than it still has.
    function penalty(uint256 stakeThen, uint256 held, uint256 slashBps) internal pure returns (uint256 amount) {
        amount = (stakeThen * slashBps) / BPS;
        if (amount > held) amount = held;
    }

    /// @notice What the reporter gets of a penalty, and what nobody gets.
    function split(uint256 amount, uint256 reporterBps) internal pure returns (uint256 reward, uint256 burnt) {
        reward = (amount * reporterBps) / BPS;
        burnt = amount - reward;
    }

    /// @notice Least stake of a newcomer that takes the place of `lowest`: a tenth more, rounded up.
    function toReplace(uint256 lowest) internal pure returns (uint256) {
        return (lowest * 11 + 9) / 10;
    }
}
