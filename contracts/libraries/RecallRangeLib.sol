// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../interfaces/IPoraMine.sol";
import {RecallRange} from "../types/PoraAnswer.sol";

/// @title Which loads a trial may draw, and how good it must be
/// @notice A load is 1024 sectors, 256 KiB. A range without shards covers the whole log up to `maxLength`, one of n shards
/// up to n × maxLength; its target is divided by how much less than an unsharded range the miner holds, so that a stored
/// byte is worth the same in either. Loads that the log has not filled yet cannot be mined.
library RecallRangeLib {
    uint256 internal constant SECTORS_PER_LOAD = 1024;

    /// @notice Reverts unless the range is the one that a log of `flowLength` sectors asks for.
    /// @param unit A range starts at a multiple of this: a pricing chunk.
    /// @param maxLength Sectors of an unsharded range.
    function check(
        RecallRange calldata range,
        uint256 flowLength,
        uint256 unit,
        uint256 maxLength,
        uint256 maxShards
    ) internal pure {
        uint256 end = (flowLength / SECTORS_PER_LOAD) * SECTORS_PER_LOAD;
        if (end == 0) revert IPoraMine.NothingToMine(flowLength, SECTORS_PER_LOAD);

        (uint256 start, uint256 length) = (range.startPosition, range.mineLength);
        if (start % unit != 0) revert IPoraMine.StartNotAligned(start, unit);
        if (start > end || length > end - start) revert IPoraMine.RangeBeyondFlow(start, length, end);
        uint256 shards = shardsOf(range.shardMask);
        if (shards > maxShards) revert IPoraMine.TooManyShards(shards, maxShards);
        uint256 longest = maxLength * shards;
        if (length > longest) revert IPoraMine.RangeTooLong(length, longest);
        uint256 required = end < longest ? end : longest;
        if (length < required) revert IPoraMine.RangeTooShort(length, required);
        if (range.shardId & range.shardMask != 0) revert IPoraMine.ShardIdMasked(range.shardId, range.shardMask);
    }

    /// @notice 2 to the number of zeros in the mask.
    function shardsOf(uint64 shardMask) internal pure returns (uint256 shards) {
        shards = 1;
        for (uint64 zeros = ~shardMask; zeros != 0; zeros &= zeros - 1) shards *= 2;
    }

    /// @notice keccak256 of the four fields as words; goes into the pad's seed.
    function digest(RecallRange calldata range) internal pure returns (bytes32) {
        return keccak256(abi.encode(range.startPosition, range.mineLength, range.shardId, range.shardMask));
    }

    /// @notice First sector of the load that a seed draws. The range has at least one load.
    /// @dev A shard that the last loads do not fill can draw beyond the range: such a trial is lost.
    function recall(RecallRange calldata range, bytes32 seed) internal pure returns (uint256) {
        uint256 loads = range.mineLength / SECTORS_PER_LOAD;
        uint256 load = ((uint256(seed) % loads) & range.shardMask) | range.shardId;
        if (load >= loads) revert IPoraMine.RecallBeyondRange(load, loads);
        return range.startPosition + load * SECTORS_PER_LOAD;
    }

    /// @notice What the quality must not exceed.
    /// @param target What it must not exceed for a miner of a whole range.
    /// @dev Neither length is zero: the log holds a load at least, and shards are at most 1024.
    function scaled(
        RecallRange calldata range,
        uint256 target,
        uint256 flowLength,
        uint256 maxLength
    ) internal pure returns (uint256) {
        uint256 whole = flowLength > maxLength ? maxLength : flowLength;
        uint256 held = flowLength / shardsOf(range.shardMask);
        if (held > maxLength) held = maxLength;
        // At least 2^64, for `held` is at most `whole`: what is shifted back in fits.
        return (target / ((whole << 64) / held)) << 64;
    }
}
