// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cast} from "./Cast.sol";
import {Line} from "./Line.sol";

/// @notice Streams that end together: the sum of their rates, and when.
struct Ending {
    uint96 rate;
    uint40 end;
}

/// @notice Linear streams of wei into one pool, added up, and what was paid out of it. Stream i pays `rate_i` wei a second
/// from `start_i` to `end_i`.
///
///     slot 0   | - 32 | offset 128 | rate 96 |
///     slot 1   | - 8 | count 8 | first 8 | deadline 40 | distributed 96 | received 96 |
///     slot 2   | - 216 | start 40 |
///
/// @param rate Sum of the rates of the streams in the line, wei a second.
/// @param offset `rate × t − offset` wei were released until t, if no stream in the line ended before t.
/// @param received Wei of all streams, less what `close` took.
/// @param distributed Wei paid to miners.
/// @param deadline When the last stream ends; 0 before the first one.
/// @param first Place of the earliest ending whose streams are still in the line.
/// @param count Endings from there on, in the order of time; the last one is at `deadline`, if there is any.
/// @param start When the first stream began.
/// @param endings A ring of `Streams.PLACES` places.
struct Pool {
    uint96 rate;
    int128 offset;
    uint96 received;
    uint96 distributed;
    uint40 deadline;
    uint8 first;
    uint8 count;
    uint40 start;
    mapping(uint256 place => Ending) endings;
}

using Streams for Pool global;

/// @title Any number of linear streams for the price of one line
/// @notice While they run, streams add up to one line (see Line), which a stream joins when it begins and leaves some time
/// after it ended.
///
/// Every stream ends at a boundary, a multiple of `bucket` seconds, the first one at least `lifetime` away; all streams of a
/// pool have the same `lifetime` and `bucket`, so endings come in the order of time and queue up.
///
/// All in whole wei: a stream of `amount` over n seconds has the rate ⌊amount / n⌋, and the remainder (fewer than n wei)
/// is released at once.
///
/// How long the queue is. Let b = ⌈lifetime / bucket⌉. Endings that have not come lie at b + 1 boundaries at most. The queue
/// grows by one with a new ending, and before that two that have come leave it, if there are two. So it grows only while
/// none waits to leave, and then all of it lies at those b + 1 boundaries: it never holds more than b + 1. (A queue of which
/// all have come is dropped at once.)
library Streams {
    /// @dev Places of the ring: b + 1 must not exceed it.
    uint256 internal constant PLACES = 128;

    /// @notice Adds a stream that begins now and ends at the first boundary at least `lifetime` away.
    /// @return end That boundary, in Unix seconds.
    function add(Pool storage pool, uint256 amount, uint256 lifetime, uint256 bucket) internal returns (uint256 end) {
        end = ((block.timestamp + lifetime + bucket - 1) / bucket) * bucket;
        (uint256 added, uint256 rest) = Line.split(amount, end - block.timestamp);

        uint256 deadline = pool.deadline;
        if (deadline == 0) pool.start = Cast.toUint40(block.timestamp);
        if (deadline <= block.timestamp) {
            // All earlier streams have ended, if there were any, so the line is flat without a look at their endings: all
            // that was received is released, at any time from now.
            pool.rate = 0;
            // 96 bits of it.
            pool.offset = -int128(uint128(pool.received));
            pool.count = 0;
        }
        if (deadline != end) {
            pool.settle(2);
            pool.endings[(uint256(pool.first) + pool.count) % PLACES] = Ending(
                Cast.toUint96(added),
                Cast.toUint40(end)
            );
            ++pool.count;
        } else {
            Ending storage last = pool.endings[(uint256(pool.first) + pool.count - 1) % PLACES];
            last.rate = Cast.toUint96(last.rate + added);
        }
        (uint256 rate, int256 offset) = Line.joined(pool.rate, pool.offset, added, rest, block.timestamp);
        (pool.rate, pool.offset) = (Cast.toUint96(rate), Cast.toInt128(offset));
        pool.received = Cast.toUint96(pool.received + amount);
        pool.deadline = Cast.toUint40(end);
    }

    /// @notice Pays half of what is released and not paid, rounded down.
    function takeHalf(Pool storage pool) internal returns (uint256 amount) {
        pool.settle(PLACES);
        amount = (pool.released() - pool.distributed) / 2;
        // At most what was received, which fits.
        pool.distributed += uint96(amount);
    }

    /// @notice Takes what is left after the deadline; for this pool it was never received.
    function close(Pool storage pool) internal returns (uint256 amount) {
        amount = pool.received - pool.distributed;
        pool.received = pool.distributed;
    }

    /// @notice Takes streams that have ended out of the line, at most `max` endings of them.
    function settle(Pool storage pool, uint256 max) internal {
        (uint256 first, uint256 count) = (pool.first, pool.count);
        (uint256 rate, int256 offset) = (pool.rate, pool.offset);
        uint256 left = count;
        for (; left != 0 && count - left != max; --left) {
            Ending memory ending = pool.endings[first];
            if (ending.end > block.timestamp) break;
            (rate, offset) = Line.left(rate, offset, ending.rate, ending.end);
            first = (first + 1) % PLACES;
        }
        if (left == count) return;
        // Below PLACES; not above `pool.rate`; not above `pool.offset`, and not below −`pool.received`.
        (pool.first, pool.count) = (uint8(first), uint8(left));
        (pool.rate, pool.offset) = (uint96(rate), int128(offset));
    }

    /// @notice Wei released until now, by streams that may have ended or not.
    function released(Pool storage pool) internal view returns (uint256) {
        if (block.timestamp >= pool.deadline) return pool.received;
        (uint256 rate, int256 offset) = (pool.rate, pool.offset);
        (uint256 first, uint256 count) = (pool.first, pool.count);
        for (uint256 i = 0; i < count; ++i) {
            Ending memory ending = pool.endings[(first + i) % PLACES];
            if (ending.end > block.timestamp) break;
            (rate, offset) = Line.left(rate, offset, ending.rate, ending.end);
        }
        // Never negative: it is a sum of streams, each of which has released zero or more.
        return uint256(Line.height(rate, offset, block.timestamp));
    }

    /// @notice Whether the pool had streams, and all ended before now.
    function expired(Pool storage pool) internal view returns (bool) {
        uint256 deadline = pool.deadline;
        return deadline != 0 && deadline < block.timestamp;
    }
}
