// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {Reward} from "../../../contracts/types/Reward.sol";
import {RewardTest} from "./RewardTest.sol";

/// @notice A treasury that wants nothing to do with money.
contract Refuser {}

/// @notice Rewards out: what a hit pays, out of what; and the treasury's part.
contract ClaimsTest is RewardTest {
    function test_AHitPaysHalfOfWhatIsClaimable() external {
        fill(1, 10, 1e18);
        pass(30 days);
        uint256 claimable = reward.rewards(0).claimableReward;
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.DistributeReward(0, alice, MINER, claimable / 2);
        vm.assertEq(claim(0, alice), claimable / 2);
        vm.assertEq(claim(0, bob), (claimable - claimable / 2) / 2);
        Reward memory pool = reward.rewards(0);
        vm.assertEq(pool.distributedReward, reward.payments(alice) + reward.payments(bob));
        vm.assertEq(address(reward).balance, 1e18);
    }

    function test_AHitPaysOnlyItsOwnChunk() external {
        fill(1, 3 * CHUNK - 1, 3e18);
        pass(100 days);
        bytes memory other = abi.encode(reward.rewards(0), reward.rewards(2));
        claim(1, alice);
        vm.assertEq(abi.encode(reward.rewards(0), reward.rewards(2)), other);
    }

    /// Any fees, hits, and times: each hit pays half of what the streams have released and nobody was paid.
    function testFuzz_HitsPayWhatTheStreamsReleased(uint256[24] calldata steps) external {
        for (uint256 i = 0; i < steps.length; ++i) {
            pass(bound((steps[i] >> 2) % (1 << 40), 0, LIFETIME / 4));
            if (steps[i] & 3 == 0) fill(0, 1, bound(steps[i] >> 42, 0, 1e26));
            else if (steps[i] & 3 == 1) fill(0, 1, bound(steps[i] >> 42, 0, 1e9));
            else claim(0, alice);
            assertPool(0);
        }
    }

    function test_AHitEarnsTheBaseRewardWhileThePoolLasts() external {
        fill(1, 10, 0);
        donate(2 * BASE + 7);
        vm.assertEq(claim(0, alice), BASE);
        vm.assertEq(claim(0, bob), BASE);
        vm.assertEq(claim(0, alice), 7);
        vm.assertEq(claim(0, alice), 0);
        vm.assertEq(reward.totalBaseReward(), 0);
        vm.assertEq(reward.payments(alice), BASE + 7);
    }

    function test_AChunkWithoutAFeePaysNothing() external {
        donate(BASE);
        vm.recordLogs();
        vm.assertEq(claim(5, alice), 0);
        vm.assertEq(vm.getRecordedLogs().length, 0);
        vm.assertEq(reward.totalBaseReward(), BASE);
    }

    /// At its deadline a chunk still pays; a second later its remainder belongs to the base rewards of the others.
    function test_AHitPastTheDeadlinePaysNothingAndSweeps() external {
        fill(1, CHUNK, 1e18);
        vm.warp(reward.rewardDeadline(0));
        uint256 got = claim(0, alice);
        vm.assertEq(got, (uint256(1e18) * (CHUNK - 1)) / CHUNK / 2);
        pass(1);
        uint256 left = reward.rewards(0).claimableReward;
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Swept(0, left);
        vm.assertEq(claim(0, alice), 0);
        vm.assertEq(reward.totalBaseReward(), left);
        Reward memory pool = reward.rewards(0);
        vm.assertEq(uint256(pool.lockedReward) + pool.claimableReward, 0);
        vm.assertEq(pool.distributedReward, got);
    }

    function test_OnlyTheMiningContractPays() external {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NotMine.selector, alice, address(this)));
        reward.claimMineReward(0, alice, MINER);
    }

    /// A21: fees in every bucket and no hit, until as many endings wait as ever can, and longer; then a fee just before each
    /// deadline, for thirty lifetimes. The queue stays short, and the next hit is right to the wei and costs what 33 endings
    /// cost.
    function test_A21_AForgottenChunkStaysCheapAndExact() external {
        for (uint256 i = 0; i < 40; ++i) {
            fill(0, 1, 1e18 + i);
            pass(reward.bucketSeconds());
            assertPool(0);
        }
        for (uint256 i = 0; i < 30; ++i) {
            vm.warp(reward.rewardDeadline(0) - 1);
            uint256 before = gasleft();
            reward.fillReward{value: 1e18 * i}(0, 1);
            vm.assertLt(before - gasleft(), 100_000);
            naiveFill(0, 1, 1e18 * i);
            assertPool(0);
        }
        vm.cool(address(reward));
        uint256 used = gasleft();
        reward.claimMineReward(0, alice, MINER);
        vm.assertLt(used - gasleft(), 150_000);
        naiveClaim(0, alice);
        assertPool(0);
        // And as cheap as ever afterwards.
        used = gasleft();
        reward.claimMineReward(0, alice, MINER);
        vm.assertLt(used - gasleft(), 15_000);
    }

    /// A26: streams get the fee less the treasury's part, and the treasury what they do not get.
    function testFuzz_A26_TheServiceFeeIsTakenOnce(uint256 bps, uint256 fee, uint256 sectors) external {
        deploy(bound(bps, 0, 10_000), bob);
        fill(3, bound(sectors, 1, 5 * CHUNK), bound(fee, 0, 1e24));
        vm.assertEq(reward.payments(bob), (sent * reward.serviceFeeRateBps()) / 10_000);
        pass(LIFETIME / 3);
        claim(0, alice);
        extend(0);
        assertBooks(6, [alice, bob, address(0)]);
    }

    function test_TheServiceFeeIsAnnounced() external {
        deploy(250, bob);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.ServiceFee(bob, 25);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.RewardFilled(0, 975, naiveEnd());
        fill(1, 1, 1000);
    }

    /// A25: fees come in whatever the treasury thinks of them.
    function test_A25_ATreasuryThatRefusesHoldsNobodyUp() external {
        address treasury = address(new Refuser());
        deploy(1000, treasury);
        fill(1, 10, 1e18);
        vm.assertEq(reward.payments(treasury), 1e17);
        pass(10 days);
        vm.assertGt(claim(0, alice), 0);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.WithdrawalRefused.selector, treasury, 1e17));
        reward.withdrawPayments(payable(treasury));
    }

    function test_A32_TermsAtTheirBounds() external {
        _refused(0, 1, 0, abi.encodeWithSelector(IChunkLinearReward.ParameterZero.selector));
        _refused(1, 0, 0, abi.encodeWithSelector(IChunkLinearReward.ParameterZero.selector));
        bytes4 large = IChunkLinearReward.ParameterTooLarge.selector;
        _refused((1 << 56) + 1, 1, 0, abi.encodeWithSelector(large, (1 << 56) + 1, 1 << 56));
        _refused(1, type(uint256).max, 0, abi.encodeWithSelector(large, type(uint256).max, 1 << 36));
        _refused(1, 1, 10_001, abi.encodeWithSelector(IChunkLinearReward.ServiceFeeTooHigh.selector, 10_001, 10_000));
        IChunkLinearReward.Terms memory t = IChunkLinearReward.Terms(1, 1, 0, 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NoTreasury.selector, 1));
        new ChunkLinearReward(address(this), address(this), t);

        // The largest of all: any fee is taken, any hit is paid.
        terms = IChunkLinearReward.Terms(1 << 56, 1 << 36, type(uint256).max, 10_000, bob);
        reward = new ChunkLinearReward(address(this), address(this), terms);
        price = type(uint96).max;
        fill(0, 1 << 56, 1e28);
        donate(5);
        pass(1 << 37);
        fill(0, 1, 1);
        vm.assertEq(claim(0, alice), 5);
        assertBooks(2, [alice, bob, address(0)]);
    }

    /// A28, as far as it is the pools': a hundred hits in one second get less than the pool had released.
    function test_A28_HitsInARowNeverEmptyAPool() external {
        fill(1, 10, 1e18);
        pass(7 days);
        uint256 claimable = reward.rewards(0).claimableReward;
        uint256 sum = 0;
        for (uint256 i = 0; i < 100; ++i) sum += claim(0, alice);
        vm.assertLt(sum, claimable);
        vm.assertEq(reward.rewards(0).claimableReward, claimable - sum);
    }

    function _refused(uint256 sectors, uint256 seconds_, uint256 bps, bytes memory why) private {
        IChunkLinearReward.Terms memory t = IChunkLinearReward.Terms(sectors, seconds_, 0, bps, alice);
        vm.expectRevert(why);
        new ChunkLinearReward(address(this), address(this), t);
    }
}
