// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reward} from "../types/Reward.sol";

/// @title What the log's fees become: a pool per pricing chunk, released to its miners over time
/// @notice Every fee is split over the chunks that its sectors lie in, in proportion, to the wei. Its share of a chunk is
/// a linear stream of its own: it starts in the block of the fee and ends at the first bucket boundary that is at least
/// `releaseSeconds` away. Wei that do not divide by the stream's seconds (fewer than those seconds) are released at once,
/// so that nothing is ever lost to rounding.
///
/// A chunk is alive until its deadline, the end of its last stream. A hit in a living chunk pays half of what its pool has
/// released and not paid, and a base reward out of a pool that is filled by donations and by what chunks leave when their
/// deadline is past. A hit in a chunk past its deadline pays nothing. Anyone can keep a living chunk alive: `extend`.
///
/// Per chunk the contract keeps one line (the sum of all running streams) and a queue of the endings of those streams: a
/// fee costs the same however many came before, and a hit looks at 33 endings at most (see Streams).
///
/// Always, to the wei: for every chunk received = locked + claimable + distributed + swept; and what this contract was
/// sent = the chunks' locked and claimable wei + the base-reward pool + payments owed + payments made.
///
/// External names, types and events are those of 0G's ChunkLinearReward where it has them. Different on purpose: chunks
/// need not be full to start; shares are exact; remainders are swept; `extend`; the treasury is paid like everyone, by
/// `payments`; and nobody can change anything: base reward, service fee and treasury are fixed at deployment.
interface IChunkLinearReward {
    /// @notice What a deployment fixes for good.
    /// @param sectorsPerPrice Sectors of a pricing chunk.
    /// @param releaseSeconds Seconds over which a fee is released, before rounding up to a bucket boundary.
    /// @param baseReward Wei that a hit earns besides, as long as the base-reward pool has them.
    /// @param serviceFeeRateBps Hundredths of a percent of every fee that go to the treasury.
    /// @param treasury Whose payments the service fees are; may be zero if there are none.
    struct Terms {
        uint256 sectorsPerPrice;
        uint256 releaseSeconds;
        uint256 baseReward;
        uint256 serviceFeeRateBps;
        address treasury;
    }

    // ---- errors ------------------------------------------------------------------------------------------------

    /// @notice Only the market fills pools.
    error NotMarket(address caller, address market);

    /// @notice Only the mining contract pays miners.
    error NotMine(address caller, address mine);

    /// @notice A fee pays for at least one sector.
    error NoSectors();

    /// @notice Chunk size and release time must be positive.
    error ParameterZero();

    /// @notice A chunk larger than the log can be, or a release over more than 2,000 years.
    error ParameterTooLarge(uint256 value, uint256 max);

    /// @notice A service fee is at most the whole fee.
    error ServiceFeeTooHigh(uint256 bps, uint256 max);

    /// @notice A service fee needs somebody who gets it.
    error NoTreasury(uint256 bps);

    /// @notice The chunk had no fee yet, so there is nothing to keep alive.
    error NoSuchChunk(uint256 pricingIndex);

    /// @notice The chunk's deadline is past: nobody has had to keep its data since then.
    error ChunkExpired(uint256 pricingIndex, uint256 deadline, uint256 timestamp);

    /// @notice Keeping a chunk alive costs the current price of all its sectors (`extensionFee`).
    error ExtensionTooCheap(uint256 paid, uint256 required);

    /// @notice The chunk's deadline is not past (0: it had no fee yet).
    error NotExpired(uint256 pricingIndex, uint256 deadline, uint256 timestamp);

    /// @notice Nothing is owed to this account.
    error NothingToWithdraw(address account);

    /// @notice The receiver refused; the payment is still owed.
    error WithdrawalRefused(address to, uint256 amount);

    // ---- events ------------------------------------------------------------------------------------------------

    /// @notice A share of a fee, or an extension, came into a chunk's pool.
    /// @param pricingIndex The chunk.
    /// @param amount Wei.
    /// @param endTime Unix seconds at which all of it is released.
    event RewardFilled(uint256 indexed pricingIndex, uint256 amount, uint256 endTime);

    /// @notice The treasury's part of a fee.
    event ServiceFee(address indexed treasury, uint256 amount);

    /// @notice Somebody paid to keep a chunk alive.
    event Extended(uint256 indexed pricingIndex, address indexed payer, uint256 paid, uint256 endTime);

    /// @notice A hit was paid.
    /// @param pricingIndex The chunk that was hit.
    /// @param beneficiary Whose payment it is now.
    /// @param minerId Who hit.
    /// @param amount Wei out of the chunk's pool and the base-reward pool together.
    event DistributeReward(
        uint256 indexed pricingIndex,
        address indexed beneficiary,
        bytes32 indexed minerId,
        uint256 amount
    );

    /// @notice Somebody gave to the pool that base rewards are paid from.
    event Donated(address indexed donor, uint256 amount);

    /// @notice What a chunk left when its deadline was past went to the pool that base rewards are paid from.
    event Swept(uint256 indexed pricingIndex, uint256 amount);

    /// @notice A payment was made.
    event Withdrawn(address indexed account, address to, uint256 amount);

    // ---- fees in ---------------------------------------------------------------------------------------------------

    /// @notice Takes the fee of the sectors [beforeLength, beforeLength + chargedSectors). Only by the market.
    /// @dev A chunk's first fee takes some 100,000 gas, so that one entry reaches over a few hundred chunks at most.
    function fillReward(uint256 beforeLength, uint256 chargedSectors) external payable;

    /// @notice Keeps a living chunk alive: what is sent becomes a stream from now, of the same length as a fee's. Anyone may,
    /// for at least `extensionFee()`; all that is sent goes to the chunk, less the service fee. A price that is announced may
    /// hold before the transaction does: `FixedPrice.quote(sectorsPerPrice)` is enough in any of the next 255 blocks.
    /// @return endTime Until then, at least, the chunk is alive.
    function extend(uint256 pricingIndex) external payable returns (uint256 endTime);

    /// @notice Gives to the pool that base rewards are paid from.
    function donate() external payable;

    // ---- rewards out -------------------------------------------------------------------------------------------------

    /// @notice Pays a hit in a chunk, as a payment that the beneficiary withdraws. Only by the mining contract. Never
    /// reverts for lack of something to pay. It also clears up one chunk whose deadline is past for good.
    function claimMineReward(uint256 pricingIndex, address payable beneficiary, bytes32 minerID) external;

    /// @notice Moves what is left of a chunk past its deadline to the base-reward pool. Anyone may; hits do it, too.
    /// @return amount Wei moved; 0 if it was done before.
    function sweep(uint256 pricingIndex) external returns (uint256 amount);

    /// @notice Sends all that is owed to the caller to `to`.
    function withdraw(address payable to) external;

    /// @notice Sends all that is owed to `payee` to `payee`. Anyone may.
    function withdrawPayments(address payable payee) external;

    /// @notice Wei that are owed to an account.
    function payments(address dest) external view returns (uint256);

    // ---- chunks ----------------------------------------------------------------------------------------------------

    /// @notice A chunk's pool at this moment.
    function rewards(uint256 pricingIndex) external view returns (Reward memory);

    /// @notice When the chunk's last stream ends (Unix seconds); 0 if it had no fee yet.
    function rewardDeadline(uint256 pricingIndex) external view returns (uint256);

    /// @notice A chunk below which nothing earns any more, for good, and this block's time. A chunk is given up when its
    /// deadline is past and the log has grown beyond it: until then its next fee may come, and afterwards nothing revives it.
    /// @dev The answer is the first chunk that is not given up, unless more than 4,096 chunks in a row expired that no hit and
    /// no `sweep` has cleared up yet: then it is 4,096 chunks from the first of those.
    function firstRewardableChunk() external view returns (uint64 chunk, uint256 timestamp);

    /// @notice Wei for which `extend` can be called in this block.
    function extensionFee() external view returns (uint256);

    /// @notice Wei in the pool that base rewards are paid from.
    function totalBaseReward() external view returns (uint256);

    // ---- terms and partners --------------------------------------------------------------------------------------------

    /// @notice Sectors of a pricing chunk.
    function sectorsPerPrice() external view returns (uint256);

    /// @notice Seconds over which a fee is released, before rounding up to a bucket boundary.
    function releaseSeconds() external view returns (uint256);

    /// @notice Seconds between bucket boundaries.
    function bucketSeconds() external view returns (uint256);

    /// @notice Wei that a hit earns besides, as long as the base-reward pool has them.
    function baseReward() external view returns (uint256);

    /// @notice Hundredths of a percent of every fee that go to the treasury.
    function serviceFeeRateBps() external view returns (uint256);

    /// @notice Whose payments the service fees are.
    function treasury() external view returns (address);

    /// @notice The only filler.
    function market() external view returns (address);

    /// @notice The proof-of-random-access contract that pays miners from here.
    function mine() external view returns (address);
}
