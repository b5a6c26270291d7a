// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MineContext} from "./MineContext.sol";

/// @notice The part of the log that one trial draws from. 0G's layout: names, types and order are part of the ABI.
/// @param startPosition First sector, a multiple of a pricing chunk.
/// @param mineLength Sectors.
/// @param shardId Its bits stand where those of `shardMask` are zero.
/// @param shardMask Bits of a load's number that are drawn; the miner holds the loads whose other bits are `shardId`.
struct RecallRange {
    uint256 startPosition;
    uint256 mineLength;
    uint64 shardId;
    uint64 shardMask;
}

/// @notice Proof that whoever made it had read a sealed load of the log. 0G's layout.
/// @param contextDigest Digest of the epoch's context.
/// @param nonce Free.
/// @param minerId Whom the data is sealed for.
/// @param range What the trial draws from.
/// @param recallPosition First sector of the seal in the log.
/// @param sealOffset Which seal of its load it is, 0 … 63.
/// @param sealedContextDigest Digest of the context that sealed the last sector of the seal.
/// @param sealedData The seal as the miner stores it, 4 KiB.
/// @param merkleProof Siblings from the seal's subtree (16 sectors) up to the root of the log in this epoch's context.
struct PoraAnswer {
    bytes32 contextDigest;
    bytes32 nonce;
    bytes32 minerId;
    RecallRange range;
    uint256 recallPosition;
    uint256 sealOffset;
    bytes32 sealedContextDigest;
    bytes32[128] sealedData;
    bytes32[] merkleProof;
}

/// @notice What a miner needs to know to mine at this block. 0G's layout.
/// @param context The epoch's context.
/// @param poraTarget What a quality must not exceed when all is mined; 0: nothing can be answered at this block.
/// @param subtaskDigest Goes into every trial of this miner in this epoch; 0 outside its window.
/// @param maxShards Shards that a range may have.
struct WorkerContext {
    MineContext context;
    uint256 poraTarget;
    bytes32 subtaskDigest;
    uint64 maxShards;
}
