// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {Reward} from "../../../contracts/types/Reward.sol";
import {NaiveRewards} from "./NaiveRewards.sol";

/// @notice The pools alone, beside the naive ones; this test is their market and their mining contract.
abstract contract RewardTest is NaiveRewards {
    uint256 internal constant CHUNK = 1000;
    uint256 internal constant LIFETIME = 372 days;
    uint256 internal constant BASE = 1e15;
    bytes32 internal constant MINER = keccak256("miner");

    ChunkLinearReward internal reward;
    address payable internal alice;
    address payable internal bob;
    uint256 internal price = 1e12;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.deal(address(this), 1e30);
        alice = payable(actor("alice"));
        bob = payable(actor("bob"));
        deploy(0, address(0));
    }

    function deploy(uint256 serviceFeeRateBps, address treasury) internal {
        terms = IChunkLinearReward.Terms(CHUNK, LIFETIME, BASE, serviceFeeRateBps, treasury);
        reward = new ChunkLinearReward(address(this), address(this), terms);
    }

    /// @dev As the market of the pools.
    function pricePerSector() external view returns (uint256) {
        return price;
    }

    function fill(uint256 from, uint256 sectors, uint256 fee) internal {
        reward.fillReward{value: fee}(from, sectors);
        naiveFill(from, sectors, fee);
    }

    function donate(uint256 amount) internal {
        reward.donate{value: amount}();
        naiveDonate(amount);
    }

    function extend(uint256 chunk) internal {
        uint256 amount = reward.extensionFee();
        vm.assertEq(reward.extend{value: amount}(chunk), naiveEnd());
        naiveExtend(chunk, amount);
    }

    /// @dev A hit, and that it paid what it should.
    function claim(uint256 chunk, address payable beneficiary) internal returns (uint256 amount) {
        uint256 before = reward.payments(beneficiary);
        reward.claimMineReward(chunk, beneficiary, MINER);
        amount = reward.payments(beneficiary) - before;
        vm.assertEq(amount, naiveClaim(chunk, beneficiary));
    }

    function sweep(uint256 chunk) internal returns (uint256 amount) {
        amount = reward.sweep(chunk);
        vm.assertEq(amount, naiveSweep(chunk));
    }

    function pass(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
    }

    /// @dev The chunk's pool is the naive one, to the wei.
    function assertPool(uint256 chunk) internal view {
        Reward memory pool = reward.rewards(chunk);
        vm.assertEq(uint256(pool.claimableReward), naiveClaimable(chunk), "claimable");
        vm.assertEq(uint256(pool.distributedReward), paid[chunk], "distributed");
        uint256 all = uint256(pool.lockedReward) + pool.claimableReward + pool.distributedReward;
        vm.assertEq(all + swept[chunk], naiveReceived(chunk), "all");
        vm.assertEq(reward.rewardDeadline(chunk), naiveDeadline(chunk), "deadline");
    }

    /// @dev Ditto for all chunks below `chunks`; and what the contract has is what it owes, to the wei.
    function assertBooks(uint256 chunks, address[3] memory accounts) internal view {
        uint256 owes = basePool;
        for (uint256 chunk = 0; chunk < chunks; ++chunk) {
            assertPool(chunk);
            Reward memory pool = reward.rewards(chunk);
            owes += uint256(pool.lockedReward) + pool.claimableReward;
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            vm.assertEq(reward.payments(accounts[i]), owed[accounts[i]], "payments");
            owes += owed[accounts[i]];
        }
        vm.assertEq(reward.totalBaseReward(), basePool, "base");
        vm.assertEq(address(reward).balance, owes, "balance");
        vm.assertEq(owes + withdrawn, sent, "sent");
        (uint64 first, ) = reward.firstRewardableChunk();
        vm.assertEq(uint256(first), naiveFirstRewardable(), "first");
    }
}
