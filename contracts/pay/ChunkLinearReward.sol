// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../interfaces/IChunkLinearReward.sol";
import {Cast} from "../libraries/Cast.sol";
import {Pool} from "../libraries/Streams.sol";
import {Reward} from "../types/Reward.sol";

/// @dev See {IChunkLinearReward}. It receives ether only through `fillReward` and `donate`.
contract ChunkLinearReward is IChunkLinearReward {
    /// @dev Bucket boundaries in a lifetime: streams last at most 1/64 longer than asked, and a pool that nobody touched
    /// for a lifetime is brought up to date by 65 reads.
    uint256 private constant BUCKETS = 64;

    /// @inheritdoc IChunkLinearReward
    address public immutable market;
    /// @inheritdoc IChunkLinearReward
    address public immutable mine;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable sectorsPerPrice;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable releaseSeconds;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable bucketSeconds;

    /// @inheritdoc IChunkLinearReward
    uint256 public totalBaseReward;

    mapping(uint256 pricingIndex => Pool pool) private _pools;

    constructor(address market_, address mine_, uint256 sectorsPerPrice_, uint256 releaseSeconds_) {
        if (sectorsPerPrice_ == 0 || releaseSeconds_ == 0) revert ParameterZero();
        market = market_;
        mine = mine_;
        sectorsPerPrice = sectorsPerPrice_;
        releaseSeconds = releaseSeconds_;
        bucketSeconds = (releaseSeconds_ + BUCKETS - 1) / BUCKETS;
    }

    /// @inheritdoc IChunkLinearReward
    function fillReward(uint256 beforeLength, uint256 chargedSectors) external payable {
        if (msg.sender != market) revert NotMarket(msg.sender, market);
        if (chargedSectors == 0) revert NoSectors();

        // Each chunk gets the difference of two running totals, so the shares add up to the fee exactly.
        uint256 end = beforeLength + chargedSectors;
        uint256 position = beforeLength;
        uint256 given = 0;
        while (position < end) {
            uint256 chunk = position / sectorsPerPrice;
            position = (chunk + 1) * sectorsPerPrice;
            if (position > end) position = end;
            uint256 due = (msg.value * (position - beforeLength)) / chargedSectors;
            uint256 endTime = _pools[chunk].add(due - given, releaseSeconds, bucketSeconds);
            emit RewardFilled(chunk, due - given, endTime);
            given = due;
        }
    }

    /// @inheritdoc IChunkLinearReward
    function donate() external payable {
        totalBaseReward += msg.value;
        emit Donated(msg.sender, msg.value);
    }

    /// @inheritdoc IChunkLinearReward
    function rewards(uint256 pricingIndex) external view returns (Reward memory) {
        Pool storage pool = _pools[pricingIndex];
        uint256 released = pool.released(bucketSeconds);
        return
            Reward({
                lockedReward: Cast.toUint128(pool.received - released),
                claimableReward: Cast.toUint128(released),
                distributedReward: 0,
                startTime: pool.start,
                lastUpdate: pool.deadline == 0 ? 0 : Cast.toUint40(block.timestamp)
            });
    }

    /// @inheritdoc IChunkLinearReward
    function rewardDeadline(uint256 pricingIndex) public view returns (uint256) {
        return _pools[pricingIndex].deadline;
    }

    /// @inheritdoc IChunkLinearReward
    function firstRewardableChunk() external view returns (uint64 chunk, uint256 timestamp) {
        // The log fills chunks in order, so deadlines ascend with the chunk: find the end of the passed ones.
        uint64 low = 0;
        uint64 high = 1;
        while (_passed(high - 1)) (low, high) = (high, high * 2);
        while (low < high) {
            uint64 middle = (low + high) / 2;
            if (_passed(middle)) low = middle + 1;
            else high = middle;
        }
        return (low, block.timestamp);
    }

    function _passed(uint256 pricingIndex) private view returns (bool) {
        uint256 deadline = rewardDeadline(pricingIndex);
        return deadline != 0 && deadline < block.timestamp;
    }
}
