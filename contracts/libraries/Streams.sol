// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cast} from "./Cast.sol";

/// @notice Linear streams of wei into one pool, added up. Stream i pays `rate_i` wei a second from `start_i` to `end_i`.
///
///     slot 0   | - 32 | offset 128 | rate 96 |
///     slot 1   | - 24 | deadline 40 | - 96 (what was paid, once something pays) | received 96 |
///     slot 2   | - 176 | settled 40 | start 40 |
///
/// @param rate Sum of the rates of the streams that the books count as running, wei a second.
/// @param offset `rate × t − offset` wei were released until t, if no stream ended since `settled`.
/// @param received Wei of all streams.
/// @param deadline When the last stream ends; 0 before the first one.
/// @param start When the first stream began.
/// @param settled Boundary up to which ended streams are out of `rate` and `offset`.
/// @param ending Per boundary (a multiple of the bucket's seconds), the sum of the rates that end there.
struct Pool {
    uint96 rate;
    int128 offset;
    uint96 received;
    uint40 deadline;
    uint40 start;
    uint40 settled;
    mapping(uint256 boundary => uint256 rate) ending;
}

using Streams for Pool global;

/// @title Any number of linear streams for the price of one line
/// @notice While they run, streams add up to one line: released(t) = Σ rate_i × (t − start_i) = rate × t − offset. A
/// stream ends at a boundary, a multiple of `bucket` seconds, and per boundary the pool keeps the sum of the rates that
/// end there; taking them out of the line at time e means rate −= r and offset −= r × e.
///
/// All in whole wei: a stream of `amount` over n seconds has the rate ⌊amount / n⌋, and the remainder (fewer than n wei)
/// is released at once.
library Streams {
    /// @notice Adds a stream that begins now and ends at the first boundary at least `lifetime` away.
    /// @return end That boundary, in Unix seconds.
    function add(Pool storage pool, uint256 amount, uint256 lifetime, uint256 bucket) internal returns (uint256 end) {
        uint256 boundary = (block.timestamp + lifetime + bucket - 1) / bucket;
        end = boundary * bucket;
        uint256 rate = amount / (end - block.timestamp);
        uint256 rest = amount - rate * (end - block.timestamp);

        uint256 deadline = pool.deadline;
        if (deadline == 0) pool.start = Cast.toUint40(block.timestamp);
        if (deadline <= block.timestamp) {
            // All earlier streams have ended, if there were any, so the books close without looking at their boundaries:
            // all that was received is released, at any time from now.
            pool.rate = 0;
            pool.offset = -Cast.toInt128(pool.received);
            pool.settled = Cast.toUint40(block.timestamp / bucket);
        }
        pool.rate = Cast.toUint96(pool.rate + rate);
        pool.offset += Cast.toInt128(rate * block.timestamp) - Cast.toInt128(rest);
        pool.received = Cast.toUint96(pool.received + amount);
        pool.deadline = Cast.toUint40(end);
        if (rate != 0) pool.ending[boundary] += rate;
    }

    /// @notice Wei released until now.
    /// @dev Reads every boundary since the pool was last without a running stream.
    function released(Pool storage pool, uint256 bucket) internal view returns (uint256) {
        uint256 time = block.timestamp;
        if (time >= pool.deadline) return pool.received;
        uint256 rate = pool.rate;
        int256 offset = pool.offset;
        for (uint256 boundary = pool.settled + 1; boundary * bucket <= time; ++boundary) {
            uint256 ended = pool.ending[boundary];
            rate -= ended;
            offset -= int256(ended * boundary * bucket);
        }
        // Never negative: it is a sum of streams, each of which has released zero or more.
        return uint256(int256(rate * time) - offset);
    }
}
