// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HistoryLib} from "../libraries/HistoryLib.sol";

/// @notice A key and a stake, true in the epochs `from` ≤ epoch < `until` (`until` 0: open end).
/// ```
/// word 0  keyHash  keccak256 of the 128-byte key (all 32 bytes: of 20, a collision is 2^80 work)
/// word 1  stake 96 | from 64 | until 64
/// ```
struct Checkpoint {
    bytes32 keyHash;
    uint96 stake;
    uint64 from;
    uint64 until;
}

/// @notice Checkpoints in ascending order, without gaps from the first `from` on. What holds in the present or a past
/// epoch never changes: only epochs to come are written.
struct History {
    uint256 count;
    mapping(uint256 index => Checkpoint) points;
}

using HistoryLib for History global;
