// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reward} from "../types/Reward.sol";

/// @title What the log's fees become: a pool per pricing chunk, released to its miners over time
/// @notice Every fee is split over the chunks that its sectors lie in, in proportion, to the wei. Its share of a chunk is
/// a linear stream of its own: it starts in the block of the fee and ends at the first bucket boundary that is at least
/// `releaseSeconds` away. Wei that do not divide by the stream's seconds (fewer than those seconds) are released at once,
/// so that nothing is ever lost to rounding.
///
/// Per chunk the contract keeps one line (the sum of all running streams) and, per bucket boundary, the rate that ends
/// there: a fee costs the same however many came before.
///
/// Always, to the wei: received = locked + claimable + distributed for every chunk, and the sum over the chunks plus the
/// donated pool is what this contract was sent.
interface IChunkLinearReward {
    /// @notice Only the market fills pools.
    error NotMarket(address caller, address market);

    /// @notice A fee pays for at least one sector.
    error NoSectors();

    /// @notice Chunk size and release time must be positive.
    error ParameterZero();

    /// @notice A share of a fee came into a chunk's pool.
    /// @param pricingIndex The chunk.
    /// @param amount Wei.
    /// @param endTime Unix seconds at which all of it is released.
    event RewardFilled(uint256 indexed pricingIndex, uint256 amount, uint256 endTime);

    /// @notice Somebody gave to the pool that base rewards are paid from.
    event Donated(address indexed donor, uint256 amount);

    /// @notice Takes the fee of the sectors [beforeLength, beforeLength + chargedSectors). Only by the market.
    /// @dev A chunk's first fee takes some 80,000 gas, so that one entry reaches over a few hundred chunks at most.
    function fillReward(uint256 beforeLength, uint256 chargedSectors) external payable;

    /// @notice Gives to the pool that base rewards are paid from.
    function donate() external payable;

    /// @notice A chunk's pool at this moment.
    function rewards(uint256 pricingIndex) external view returns (Reward memory);

    /// @notice When the chunk's last stream ends (Unix seconds); 0 if it had no fee yet.
    function rewardDeadline(uint256 pricingIndex) external view returns (uint256);

    /// @notice The first chunk whose deadline is not past (possibly one without a fee yet), and this block's time.
    function firstRewardableChunk() external view returns (uint64 chunk, uint256 timestamp);

    /// @notice Wei in the donated pool.
    function totalBaseReward() external view returns (uint256);

    /// @notice Sectors of a pricing chunk.
    function sectorsPerPrice() external view returns (uint256);

    /// @notice Seconds over which a fee is released, before rounding up to a bucket boundary.
    function releaseSeconds() external view returns (uint256);

    /// @notice Seconds between bucket boundaries.
    function bucketSeconds() external view returns (uint256);

    /// @notice The only filler.
    function market() external view returns (address);

    /// @notice The proof-of-random-access contract that pays miners from here.
    function mine() external view returns (address);
}
