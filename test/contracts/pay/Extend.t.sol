// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {Reward} from "../../../contracts/types/Reward.sol";
import {RewardTest} from "./RewardTest.sol";

/// @notice The ends of chunks: put off by `extend`, cleared up by `sweep`, and told by `firstRewardableChunk`.
contract ExtendTest is RewardTest {
    function test_AnyoneKeepsAChunkAliveForItsPrice() external {
        fill(1, 10, 1e18);
        pass(300 days);
        uint256 before = reward.rewardDeadline(0);
        uint256 fee = price * CHUNK;
        vm.assertEq(reward.extensionFee(), fee);
        vm.deal(alice, fee);
        vm.prank(alice);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Extended(0, alice, fee, naiveEnd());
        reward.extend{value: fee}(0);
        naiveExtend(0, fee);
        vm.assertEq(reward.rewardDeadline(0), naiveEnd());
        vm.assertGt(naiveEnd(), before + 200 days);
        assertPool(0);

        // Past the end of the fee, the extension pays.
        vm.warp(before + 1);
        vm.assertGt(claim(0, alice), 0);
        assertPool(0);
    }

    function test_AnExtensionCostsAtLeastTheCurrentPrice() external {
        fill(1, 10, 1e18);
        uint256 fee = reward.extensionFee();
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.ExtensionTooCheap.selector, fee - 1, fee));
        reward.extend{value: fee - 1}(0);
        price = 2 * price;
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.ExtensionTooCheap.selector, fee, 2 * fee));
        reward.extend{value: fee}(0);
        // What is more is the miners'.
        reward.extend{value: 2 * fee + 5}(0);
        naiveExtend(0, 2 * fee + 5);
        assertPool(0);
    }

    function test_OnlyLivingChunksAreKeptAlive() external {
        uint256 fee = reward.extensionFee();
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NoSuchChunk.selector, 0));
        reward.extend{value: fee}(0);

        fill(1, 10, 1e18);
        uint256 deadline = reward.rewardDeadline(0);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.ChunkExpired.selector, 0, deadline, block.timestamp));
        reward.extend{value: fee}(0);
        vm.warp(deadline);
        extend(0);
        assertPool(0);
    }

    function test_ASweepMovesWhatIsLeftToTheBaseRewards() external {
        fill(1, 10, 1e18 + 1);
        pass(LIFETIME / 2);
        uint256 got = claim(0, alice);
        uint256 deadline = reward.rewardDeadline(0);
        vm.warp(deadline);
        bytes4 early = IChunkLinearReward.NotExpired.selector;
        vm.expectRevert(abi.encodeWithSelector(early, 0, deadline, deadline));
        reward.sweep(0);
        vm.expectRevert(abi.encodeWithSelector(early, 1, 0, deadline));
        reward.sweep(1);

        pass(1);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Swept(0, 1e18 + 1 - got);
        sweep(0);
        vm.assertEq(reward.totalBaseReward(), 1e18 + 1 - got);
        vm.assertEq(sweep(0), 0);
        assertPool(0);
    }

    /// The log's last chunk may get its next fee after a long silence. What was swept stays swept, the rest is as ever.
    function testFuzz_ASilentLogWakesUp(uint256 fee, uint256 silence, bool swept) external {
        fill(1, 10, 1e18);
        vm.warp(reward.rewardDeadline(0) + bound(silence, 1, 10 * LIFETIME));
        if (swept) sweep(0);
        (uint64 first, ) = reward.firstRewardableChunk();
        vm.assertEq(uint256(first), 0);
        fill(11, 10, bound(fee, 0, 1e24));
        assertPool(0);
        pass(LIFETIME / 3);
        extend(0);
        claim(0, alice);
        assertBooks(1, [alice, bob, address(0)]);
        vm.assertGt(naiveDeadline(0), block.timestamp);
    }

    /// A21: nobody came for a long time. A hit clears up one chunk, and costs about as much as ever.
    function test_A21_EveryHitClearsUpOneChunk() external {
        fill(1, 20 * CHUNK, 1e18);
        pass(2 * LIFETIME);
        fill(20 * CHUNK + 1, 10, 1e18);
        vm.cool(address(reward));
        uint256 before = gasleft();
        reward.claimMineReward(20, alice, MINER);
        vm.assertLt(before - gasleft(), 80_000);
        naiveClaim(20, alice);
        for (uint256 i = 0; i < 19; ++i) {
            vm.assertEq(naiveClaimable(i), 0);
            vm.assertGt(naiveClaimable(i + 1), 0);
            claim(20, alice);
            assertBooks(21, [alice, bob, address(0)]);
        }
        // The chunk at the log's end is alive, and all before it are cleared up.
        vm.assertEq(front, 20);
    }

    /// Deadlines do not ascend: chunks are kept alive in any order, and hits and sweeps come in any order, too.
    function testFuzz_TheFirstRewardableChunkIsTheFirstThatIsNotGivenUp(uint256[16] calldata steps) external {
        uint256 length = 1;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 pick = (steps[i] >> 8) % (1 << 64);
            uint256 chunk = pick % (length / CHUNK + 1);
            if (steps[i] % 4 == 0 || naiveDeadline(chunk) == 0) {
                uint256 sectors = bound(pick, 1, 4 * CHUNK);
                fill(length, sectors, 1);
                length += sectors;
            } else if (!naiveExpired(chunk)) {
                if (steps[i] % 4 == 1) extend(chunk);
                else claim(chunk, alice);
            } else if (steps[i] % 4 == 2) {
                sweep(chunk);
            }
            assertBooks(length / CHUNK + 1, [alice, bob, address(0)]);
            pass(bound(steps[i] >> 128, 0, LIFETIME / 2));
        }
    }

    /// Once given up, a chunk is given up for good: data that was pruned is never due again.
    function testFuzz_TheFirstRewardableChunkNeverMovesBack(uint256[12] calldata steps) external {
        uint256 length = 1;
        uint64 before = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            if (steps[i] % 2 == 0) {
                fill(length, 700, 1);
                length += 700;
            } else if (naiveDeadline(before) != 0 && !naiveExpired(before)) {
                extend(before);
            }
            pass(bound(steps[i] >> 128, 0, LIFETIME));
            (uint64 first, uint256 timestamp) = reward.firstRewardableChunk();
            vm.assertGe(uint256(first), uint256(before));
            vm.assertEq(timestamp, block.timestamp);
            before = first;
        }
    }

    /// However many chunks nobody cleared up, the answer costs little and is never too high.
    function test_A21_TheFirstRewardableChunkIsABoundedLook() external {
        for (uint256 i = 0; i < 21; ++i) reward.fillReward{value: 200}(200 * i * CHUNK, 200 * CHUNK);
        pass(2 * LIFETIME);
        vm.cool(address(reward));
        uint256 before = gasleft();
        (uint64 first, ) = reward.firstRewardableChunk();
        vm.assertLt(before - gasleft(), 20_000_000);
        vm.assertEq(uint256(first), 4096);
        reward.sweep(0);
        (first, ) = reward.firstRewardableChunk();
        vm.assertEq(uint256(first), 4097);
    }
}
