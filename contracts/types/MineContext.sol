// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Sectors [start, end) that a mining context sealed.
struct EpochRange {
    uint128 start;
    uint128 end;
}

/// @notice The same with the digest of the context that sealed them.
struct EpochRangeWithContextDigest {
    uint128 start;
    uint128 end;
    bytes32 digest;
}

/// @notice What miners of one epoch work on. 0G's layout: names and types are part of the ABI.
/// @param epoch Number of the epoch.
/// @param mineStart The block at which it began.
/// @param flowRoot Root of the log when the context was made.
/// @param flowLength Sectors in the log at that moment.
/// @param blockDigest Hash of block `mineStart`, or keccak256("") if nobody could know it any more.
/// @param digest keccak256(abi.encode(blockDigest, flowRoot, flowLength)), or keccak256("") for an epoch without mining.
struct MineContext {
    uint256 epoch;
    uint256 mineStart;
    bytes32 flowRoot;
    uint256 flowLength;
    bytes32 blockDigest;
    bytes32 digest;
}
