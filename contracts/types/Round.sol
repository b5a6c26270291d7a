// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A round of the lottery in which something was claimed: one word.
/// ```
/// number 64 | prize 96 | claims 32
/// ```
struct Round {
    uint64 number;
    uint96 prize;
    uint32 claims;
}
