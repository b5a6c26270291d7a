// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reward} from "../../../contracts/types/Reward.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice From an entry's fee to a miner's account, through the contracts as they are deployed together.
contract FeesToMinersTest is StorageTest {
    function test_AnEntrysFeeReachesTheMinersOfEveryChunkItTouches() external {
        // The second entry starts at a multiple of its first node: a gap in chunk 0, the entry in chunk 1.
        submitAs(alice, entryOf(alice, 1000, "small"));
        (uint256 before, ) = flow.tree();
        uint256 small = _received(0);
        uint256 start = submitAs(alice, entryOf(alice, SECTORS_PER_PRICE, "large"));
        vm.assertEq(start, SECTORS_PER_PRICE);
        uint256 gap = start - before;
        uint256 fee = SECTORS_PER_PRICE * PRICE;
        uint256 forGap = (fee * gap) / (gap + SECTORS_PER_PRICE);
        vm.assertEq(small, paddedSectors(1000) * PRICE);
        vm.assertEq(_received(0), small + forGap);
        vm.assertEq(_received(1), fee - forGap);

        vm.warp(block.timestamp + 100 days);
        for (uint256 chunk = 0; chunk < 2; ++chunk) {
            uint256 claimable = reward.rewards(chunk).claimableReward;
            uint256 owed = reward.payments(bob);
            vm.prank(address(genesis.mine()));
            reward.claimMineReward(chunk, payable(bob), "miner");
            vm.assertEq(reward.payments(bob) - owed, claimable / 2);
        }
        uint256 had = bob.balance;
        uint256 earned = reward.payments(bob);
        vm.assertGt(earned, (small + fee) / 10);
        reward.withdrawPayments(payable(bob));
        vm.assertEq(bob.balance, had + earned);
        vm.assertEq(address(reward).balance, small + fee - earned);
    }

    /// An extension is paid at the market's price of this block, and the quote of 255 blocks before is enough.
    function test_AnExtensionCostsTheMarketsPrice() external {
        submitAs(alice, entryOf(alice, 1000, "small"));
        vm.assertEq(reward.extensionFee(), PRICE * SECTORS_PER_PRICE);
        vm.prank(admin);
        market.setPricePerSector(2 * PRICE);
        uint256 quoted = market.quote(reward.sectorsPerPrice());
        vm.roll(block.number + 256);
        vm.warp(block.timestamp + 30 days);
        vm.assertEq(reward.extensionFee(), quoted);
        uint256 deadline = reward.rewardDeadline(0);
        vm.prank(bob);
        uint256 extended = reward.extend{value: quoted}(0);
        vm.assertGt(extended, deadline);
        vm.assertEq(reward.rewardDeadline(0), extended);
    }

    function _received(uint256 chunk) private view returns (uint256) {
        Reward memory pool = reward.rewards(chunk);
        return uint256(pool.lockedReward) + pool.claimableReward + pool.distributedReward;
    }
}
