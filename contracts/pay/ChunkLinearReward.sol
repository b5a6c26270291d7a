// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../interfaces/IChunkLinearReward.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";
import {Cast} from "../libraries/Cast.sol";
import {Line} from "../libraries/Line.sol";
import {Pool} from "../libraries/Streams.sol";
import {Reward} from "../types/Reward.sol";

/// @dev See {IChunkLinearReward}. It receives ether only through `fillReward`, `extend` and `donate`.
contract ChunkLinearReward is IChunkLinearReward {
    /// @dev One word. `total` is the base-reward pool; every chunk below `front` is past its deadline for good, and swept.
    struct Base {
        uint192 total;
        uint64 front;
    }

    /// @dev Bucket boundaries in a lifetime: streams last at most 1/32 longer than asked, and a pool that nobody touched
    /// for a lifetime is brought up to date by 33 reads, which even the dearest answer can pay (snapshots/Mine.t.sol).
    uint256 private constant BUCKETS = 32;

    /// @dev Hundredths of a percent in a whole.
    uint256 private constant BPS = 10_000;

    /// @dev More sectors than the log holds, and more than 2,000 years: above them products and times could overflow.
    uint256 private constant MAX_SECTORS = 1 << 56;
    uint256 private constant MAX_SECONDS = 1 << 36;

    /// @dev Chunks that `firstRewardableChunk` looks at: some 10 million gas, which every node grants a call.
    uint256 private constant SCAN = 4096;

    /// @inheritdoc IChunkLinearReward
    address public immutable market;
    /// @inheritdoc IChunkLinearReward
    address public immutable mine;
    /// @inheritdoc IChunkLinearReward
    address public immutable treasury;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable sectorsPerPrice;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable releaseSeconds;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable bucketSeconds;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable baseReward;
    /// @inheritdoc IChunkLinearReward
    uint256 public immutable serviceFeeRateBps;

    /// @inheritdoc IChunkLinearReward
    mapping(address dest => uint256 amount) public payments;

    Base private _base;
    mapping(uint256 pricingIndex => Pool pool) private _pools;

    constructor(address market_, address mine_, Terms memory terms) {
        if (terms.sectorsPerPrice == 0 || terms.releaseSeconds == 0) revert ParameterZero();
        if (terms.sectorsPerPrice > MAX_SECTORS) revert ParameterTooLarge(terms.sectorsPerPrice, MAX_SECTORS);
        if (terms.releaseSeconds > MAX_SECONDS) revert ParameterTooLarge(terms.releaseSeconds, MAX_SECONDS);
        if (terms.serviceFeeRateBps > BPS) revert ServiceFeeTooHigh(terms.serviceFeeRateBps, BPS);
        if (terms.serviceFeeRateBps != 0 && terms.treasury == address(0)) revert NoTreasury(terms.serviceFeeRateBps);
        market = market_;
        mine = mine_;
        treasury = terms.treasury;
        sectorsPerPrice = terms.sectorsPerPrice;
        releaseSeconds = terms.releaseSeconds;
        bucketSeconds = (terms.releaseSeconds + BUCKETS - 1) / BUCKETS;
        baseReward = terms.baseReward;
        serviceFeeRateBps = terms.serviceFeeRateBps;
    }

    // ---- fees in -------------------------------------------------------------------------------------------------

    /// @inheritdoc IChunkLinearReward
    function fillReward(uint256 beforeLength, uint256 chargedSectors) external payable {
        if (msg.sender != market) revert NotMarket(msg.sender, market);
        if (chargedSectors == 0) revert NoSectors();

        // Each chunk gets the difference of two running totals, so the shares add up to the fee exactly.
        uint256 fee = _afterServiceFee(msg.value);
        uint256 end = beforeLength + chargedSectors;
        uint256 position = beforeLength;
        uint256 given = 0;
        while (position < end) {
            uint256 chunk = position / sectorsPerPrice;
            position = (chunk + 1) * sectorsPerPrice;
            if (position > end) position = end;
            uint256 due = Line.due(fee, position - beforeLength, chargedSectors);
            _fill(chunk, due - given);
            given = due;
        }
    }

    /// @inheritdoc IChunkLinearReward
    function extend(uint256 pricingIndex) external payable returns (uint256 endTime) {
        Pool storage pool = _pools[pricingIndex];
        if (pool.deadline == 0) revert NoSuchChunk(pricingIndex);
        if (pool.expired()) revert ChunkExpired(pricingIndex, pool.deadline, block.timestamp);
        uint256 required = extensionFee();
        if (msg.value < required) revert ExtensionTooCheap(msg.value, required);

        endTime = _fill(pricingIndex, _afterServiceFee(msg.value));
        emit Extended(pricingIndex, msg.sender, msg.value, endTime);
    }

    /// @inheritdoc IChunkLinearReward
    function donate() external payable {
        _base.total += Cast.toUint96(msg.value);
        emit Donated(msg.sender, msg.value);
    }

    // ---- rewards out -----------------------------------------------------------------------------------------------

    /// @inheritdoc IChunkLinearReward
    function claimMineReward(uint256 pricingIndex, address payable beneficiary, bytes32 minerID) external {
        if (msg.sender != mine) revert NotMine(msg.sender, mine);
        Base memory base = _base;
        Pool storage pool = _pools[pricingIndex];
        uint256 amount = 0;
        if (pool.expired()) {
            _close(base, pricingIndex);
        } else if (pool.deadline != 0) {
            uint256 extra = baseReward < base.total ? baseReward : base.total;
            // At most `total`.
            base.total -= uint192(extra);
            amount = pool.takeHalf() + extra;
        }
        _advance(base);
        _base = base;

        if (amount == 0) return;
        payments[beneficiary] += amount;
        emit DistributeReward(pricingIndex, beneficiary, minerID, amount);
    }

    /// @inheritdoc IChunkLinearReward
    function sweep(uint256 pricingIndex) external returns (uint256 amount) {
        Pool storage pool = _pools[pricingIndex];
        if (!pool.expired()) revert NotExpired(pricingIndex, pool.deadline, block.timestamp);
        Base memory base = _base;
        amount = _close(base, pricingIndex);
        _advance(base);
        _base = base;
    }

    /// @inheritdoc IChunkLinearReward
    function withdraw(address payable to) external {
        _withdraw(msg.sender, to);
    }

    /// @inheritdoc IChunkLinearReward
    function withdrawPayments(address payable payee) external {
        _withdraw(payee, payee);
    }

    // ---- chunks ----------------------------------------------------------------------------------------------------

    /// @inheritdoc IChunkLinearReward
    function rewards(uint256 pricingIndex) external view returns (Reward memory) {
        Pool storage pool = _pools[pricingIndex];
        uint256 released = pool.released();
        return
            Reward({
                lockedReward: Cast.toUint128(pool.received - released),
                claimableReward: Cast.toUint128(released - pool.distributed),
                distributedReward: pool.distributed,
                startTime: pool.start,
                lastUpdate: pool.deadline == 0 ? 0 : Cast.toUint40(block.timestamp)
            });
    }

    /// @inheritdoc IChunkLinearReward
    function rewardDeadline(uint256 pricingIndex) external view returns (uint256) {
        return _pools[pricingIndex].deadline;
    }

    /// @inheritdoc IChunkLinearReward
    function firstRewardableChunk() external view returns (uint64 chunk, uint256 timestamp) {
        chunk = _base.front;
        for (uint256 i = 0; i < SCAN && _givenUp(chunk); ++i) ++chunk;
        return (chunk, block.timestamp);
    }

    /// @inheritdoc IChunkLinearReward
    function extensionFee() public view returns (uint256) {
        return IFixedPrice(market).pricePerSector() * sectorsPerPrice;
    }

    /// @inheritdoc IChunkLinearReward
    function totalBaseReward() external view returns (uint256) {
        return _base.total;
    }

    // ---- inside ----------------------------------------------------------------------------------------------------

    function _fill(uint256 pricingIndex, uint256 amount) private returns (uint256 endTime) {
        endTime = _pools[pricingIndex].add(amount, releaseSeconds, bucketSeconds);
        emit RewardFilled(pricingIndex, amount, endTime);
    }

    /// @dev Books the treasury's part and returns the rest.
    function _afterServiceFee(uint256 amount) private returns (uint256) {
        uint256 part = Line.part(amount, serviceFeeRateBps);
        if (part == 0) return amount;
        payments[treasury] += part;
        emit ServiceFee(treasury, part);
        return amount - part;
    }

    /// @dev Moves what an expired chunk has left. The caller stores `base`.
    function _close(Base memory base, uint256 pricingIndex) private returns (uint256 amount) {
        amount = _pools[pricingIndex].close();
        if (amount == 0) return 0;
        base.total += Cast.toUint96(amount);
        emit Swept(pricingIndex, amount);
    }

    /// @dev Moves the front on by one chunk, if that is given up: at every hit, so that the front keeps up with the log and
    /// remainders are never left behind. The caller stores `base`.
    function _advance(Base memory base) private {
        if (!_givenUp(base.front)) return;
        _close(base, base.front);
        ++base.front;
    }

    /// @dev Expired, and never to be revived: fees no longer reach a chunk when the log has grown into the next one, and
    /// `extend` refuses what has expired.
    function _givenUp(uint256 pricingIndex) private view returns (bool) {
        return _pools[pricingIndex].expired() && _pools[pricingIndex + 1].deadline != 0;
    }

    function _withdraw(address account, address payable to) private {
        uint256 amount = payments[account];
        if (amount == 0) revert NothingToWithdraw(account);
        payments[account] = 0;
        emit Withdrawn(account, to, amount);
        // The payment is gone before the call: a receiver that calls back finds nothing. Nobody else waits for this call: a
        // receiver that reverts, burns its gas or answers with a megabyte hurts whoever asked for its own payment.
        (bool taken, ) = to.call{value: amount}("");
        if (!taken) revert WithdrawalRefused(to, amount);
    }
}
