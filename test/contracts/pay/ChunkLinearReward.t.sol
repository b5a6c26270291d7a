// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {Reward} from "../../../contracts/types/Reward.sol";
import {RewardTest} from "./RewardTest.sol";

/// @notice Fees in: how they are split, streamed and counted.
contract ChunkLinearRewardTest is RewardTest {
    function test_AChunkWithoutAFeeHasNothing() external view {
        Reward memory nothing;
        vm.assertEq(abi.encode(reward.rewards(0)), abi.encode(nothing));
        vm.assertEq(reward.rewardDeadline(0), 0);
        (uint64 chunk, uint256 timestamp) = reward.firstRewardableChunk();
        vm.assertEq(uint256(chunk), 0);
        vm.assertEq(timestamp, block.timestamp);
    }

    function test_AFeeIsALineFromItsBlockToABucketsEnd() external {
        uint256 start = block.timestamp;
        reward.fillReward{value: 1e18}(0, 10);
        uint256 end = reward.rewardDeadline(0);
        vm.assertGe(end, start + LIFETIME);
        vm.assertLt(end, start + LIFETIME + reward.bucketSeconds());
        vm.assertEq(end % reward.bucketSeconds(), 0);

        uint256 rate = 1e18 / (end - start);
        uint256 rest = 1e18 - rate * (end - start);
        uint256[5] memory after_ = [uint256(0), 1, LIFETIME / 2, end - start - 1, end - start];
        for (uint256 i = 0; i < after_.length; ++i) {
            vm.warp(start + after_[i]);
            Reward memory pool = reward.rewards(0);
            vm.assertEq(pool.claimableReward, rate * after_[i] + rest);
            vm.assertEq(pool.lockedReward + pool.claimableReward, 1e18);
            vm.assertEq(uint256(pool.startTime), start);
            vm.assertEq(uint256(pool.lastUpdate), start + after_[i]);
        }
        vm.warp(end + 100 * 365 days);
        vm.assertEq(reward.rewards(0).claimableReward, 1e18);
        vm.assertEq(reward.rewards(0).lockedReward, 0);
    }

    /// Chunks need not be full: the first wei of a fee are released in the next second.
    function test_AChunkPaysFromItsFirstFee() external {
        reward.fillReward{value: 1e18}(0, 1);
        uint256 claimable = reward.rewards(0).claimableReward;
        vm.warp(block.timestamp + 1);
        vm.assertGt(reward.rewards(0).claimableReward, claimable);
    }

    /// Each sector of the fee has the same share, to the wei: chunk by chunk the shares add up to the fee, and none is
    /// more than one wei from its part.
    function testFuzz_AFeeIsSplitExactly(uint256 beforeLength, uint256 sectors, uint256 fee) external {
        beforeLength = bound(beforeLength, 0, 1 << 40);
        sectors = bound(sectors, 1, 20 * CHUNK);
        fee = bound(fee, 0, 1e24);
        reward.fillReward{value: fee}(beforeLength, sectors);

        uint256 sum = 0;
        for (uint256 position = beforeLength; position < beforeLength + sectors;) {
            uint256 chunk = position / CHUNK;
            uint256 next = (chunk + 1) * CHUNK;
            if (next > beforeLength + sectors) next = beforeLength + sectors;
            Reward memory pool = reward.rewards(chunk);
            uint256 share = uint256(pool.lockedReward) + pool.claimableReward;
            uint256 part = (fee * (next - position)) / sectors;
            vm.assertLe(share, part + 1);
            vm.assertGe(share + 1, part);
            vm.assertGt(reward.rewardDeadline(chunk), block.timestamp);
            sum += share;
            position = next;
        }
        vm.assertEq(sum, fee);
        vm.assertEq(reward.rewardDeadline((beforeLength + sectors - 1) / CHUNK + 1), 0);
        if (beforeLength >= CHUNK) vm.assertEq(reward.rewardDeadline(beforeLength / CHUNK - 1), 0);
    }

    /// Any streams at any times: the pool is their sum, stream by stream, at every moment looked at, and never moves back.
    function testFuzz_APoolIsTheSumOfItsStreams(uint256[16] calldata steps) external {
        uint256 released = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            pass(bound((steps[i] >> 2) % (1 << 40), 0, LIFETIME / 3));
            if (steps[i] & 3 != 0) fill(0, 1, bound(steps[i] >> 42, 0, 1e26));
            assertPool(0);
            vm.assertGe(naiveReleased(0), released);
            released = naiveReleased(0);
        }
    }

    /// A31: equal timestamps, a clock that moves by 12 or 900 seconds, the year 2106 (2^32) and far beyond.
    function test_A31_RewardsAreMonotoneOnAnyClock() external {
        uint256[10] memory moves = [uint256(0), 12, 0, 900, 1, 2 ** 32, 0, 900, 2 ** 38, LIFETIME];
        uint256 released = 0;
        for (uint256 i = 0; i < moves.length; ++i) {
            pass(moves[i]);
            vm.assertGe(reward.rewards(0).claimableReward, released);
            fill(0, 1, 1e18);
            released = reward.rewards(0).claimableReward;
            assertPool(0);
        }
    }

    /// A32: amounts of nothing, one wei, and more than will ever exist; times of one second and of a thousand years.
    function testFuzz_A32_NothingIsLostAtTheEdges(uint256 amount, uint256 lifetime, uint256 wait) external {
        amount = bound(amount, 0, 2 ** 90);
        lifetime = bound(lifetime, 1, 365_000 days);
        terms.releaseSeconds = lifetime;
        ChunkLinearReward pools = new ChunkLinearReward(address(this), address(1), terms);
        pools.fillReward{value: amount}(0, 1);
        vm.warp(block.timestamp + bound(wait, 0, 2 * lifetime));
        Reward memory pool = pools.rewards(0);
        vm.assertEq(uint256(pool.lockedReward) + pool.claimableReward, amount);
        vm.warp(pools.rewardDeadline(0));
        vm.assertEq(pools.rewards(0).claimableReward, amount);
    }

    /// A26: what is donated is no chunk's, what is filled is nobody's donation.
    function test_A26_DonationsAndFeesAreCountedApart() external {
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Donated(address(this), 5);
        reward.donate{value: 5}();
        reward.fillReward{value: 7}(0, 1);
        reward.donate{value: 1}();
        vm.assertEq(reward.totalBaseReward(), 6);
        Reward memory pool = reward.rewards(0);
        vm.assertEq(pool.lockedReward + pool.claimableReward, 7);
        vm.assertEq(address(reward).balance, 13);
    }

    function test_OnlyTheMarketFills() external {
        vm.deal(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NotMarket.selector, alice, address(this)));
        reward.fillReward{value: 1}(0, 1);
        vm.expectRevert(IChunkLinearReward.NoSectors.selector);
        reward.fillReward{value: 1}(0, 0);
    }
}
