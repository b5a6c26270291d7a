// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {Test} from "../base/Test.sol";

/// @notice The rewards by their definition: every stream by itself, nothing added up, nothing cleared away. Kept from what
/// was done alone; whoever stands on it does a thing there and here, and compares.
abstract contract NaiveRewards is Test {
    struct Stream {
        uint256 amount;
        uint256 start;
        uint256 end;
    }

    IChunkLinearReward.Terms internal terms;
    /// @dev Everything that was sent, and everything that was sent away.
    uint256 internal sent;
    uint256 internal withdrawn;
    uint256 internal basePool;
    /// @dev Chunks below were looked after by hits and sweeps.
    uint256 internal front;
    mapping(uint256 chunk => Stream[]) internal streams;
    mapping(uint256 chunk => uint256 amount) internal paid;
    mapping(uint256 chunk => uint256 amount) internal swept;
    mapping(address account => uint256 amount) internal owed;

    function naiveFill(uint256 from, uint256 sectors, uint256 fee) internal {
        sent += fee;
        fee -= _serviceFee(fee);
        uint256 end = from + sectors;
        uint256 shared = 0;
        for (uint256 chunk = from / terms.sectorsPerPrice; chunk * terms.sectorsPerPrice < end; ++chunk) {
            uint256 to = (chunk + 1) * terms.sectorsPerPrice;
            if (to > end) to = end;
            uint256 due = (fee * (to - from)) / sectors;
            streams[chunk].push(Stream(due - shared, block.timestamp, naiveEnd()));
            shared = due;
        }
    }

    function naiveExtend(uint256 chunk, uint256 amount) internal {
        sent += amount;
        streams[chunk].push(Stream(amount - _serviceFee(amount), block.timestamp, naiveEnd()));
    }

    function naiveDonate(uint256 amount) internal {
        sent += amount;
        basePool += amount;
    }

    /// @return amount What the hit pays.
    function naiveClaim(uint256 chunk, address beneficiary) internal returns (uint256 amount) {
        if (naiveExpired(chunk)) {
            _sweep(chunk);
        } else if (naiveDeadline(chunk) != 0) {
            uint256 half = naiveClaimable(chunk) / 2;
            uint256 extra = terms.baseReward < basePool ? terms.baseReward : basePool;
            paid[chunk] += half;
            basePool -= extra;
            amount = half + extra;
            owed[beneficiary] += amount;
        }
        _moveFront();
    }

    /// @return amount What goes to the base-reward pool.
    function naiveSweep(uint256 chunk) internal returns (uint256 amount) {
        amount = _sweep(chunk);
        _moveFront();
    }

    function naiveWithdraw(address account) internal returns (uint256 amount) {
        amount = owed[account];
        owed[account] = 0;
        withdrawn += amount;
    }

    /// @dev The first boundary at least a lifetime away.
    function naiveEnd() internal view returns (uint256 end) {
        uint256 bucket = (terms.releaseSeconds + 31) / 32;
        uint256 least = block.timestamp + terms.releaseSeconds;
        end = (least / bucket) * bucket;
        if (end < least) end += bucket;
    }

    function naiveReleased(uint256 chunk) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < streams[chunk].length; ++i) {
            Stream memory s = streams[chunk][i];
            uint256 rate = s.amount / (s.end - s.start);
            uint256 left = block.timestamp < s.end ? rate * (s.end - block.timestamp) : 0;
            sum += s.amount - left;
        }
    }

    function naiveReceived(uint256 chunk) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < streams[chunk].length; ++i) sum += streams[chunk][i].amount;
    }

    function naiveClaimable(uint256 chunk) internal view returns (uint256) {
        return naiveReleased(chunk) - paid[chunk] - swept[chunk];
    }

    function naiveDeadline(uint256 chunk) internal view returns (uint256 deadline) {
        for (uint256 i = 0; i < streams[chunk].length; ++i) {
            if (streams[chunk][i].end > deadline) deadline = streams[chunk][i].end;
        }
    }

    function naiveExpired(uint256 chunk) internal view returns (bool) {
        uint256 deadline = naiveDeadline(chunk);
        return deadline != 0 && deadline < block.timestamp;
    }

    function naiveGivenUp(uint256 chunk) internal view returns (bool) {
        return naiveExpired(chunk) && streams[chunk + 1].length != 0;
    }

    function naiveFirstRewardable() internal view returns (uint256 chunk) {
        while (naiveGivenUp(chunk)) ++chunk;
    }

    function _serviceFee(uint256 amount) private returns (uint256 part) {
        part = (amount * terms.serviceFeeRateBps) / 10_000;
        owed[terms.treasury] += part;
    }

    function _sweep(uint256 chunk) private returns (uint256 amount) {
        amount = naiveClaimable(chunk);
        swept[chunk] += amount;
        basePool += amount;
    }

    function _moveFront() private {
        if (naiveGivenUp(front)) _sweep(front++);
    }
}
