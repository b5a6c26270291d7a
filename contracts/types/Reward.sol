// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The pool of one pricing chunk at a moment, in 0G's layout; wei and Unix seconds.
/// @dev lockedReward + claimableReward + distributedReward = everything the chunk ever received, less what was swept.
/// @param lockedReward Not released yet.
/// @param claimableReward Released and neither paid nor swept.
/// @param distributedReward Paid to miners out of this pool.
/// @param startTime Time of the chunk's first fee; 0 if it had none.
/// @param lastUpdate The time these figures are true at; 0 if the chunk had no fee.
struct Reward {
    uint128 lockedReward;
    uint128 claimableReward;
    uint128 distributedReward;
    uint40 startTime;
    uint40 lastUpdate;
}
