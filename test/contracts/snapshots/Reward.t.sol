// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {Test} from "../base/Test.sol";

/// @notice What paying costs, as a call of the mining contract or the market: all storage cold, the base fee of a
/// transaction and the calldata not included. A hit's limit is its share of the project's 400,000 for a whole answer.
contract RewardSnapshots is Test {
    uint256 private constant CHUNK = 1 << 25;
    uint256 private constant LIFETIME = 372 days;
    bytes32 private constant MINER = keccak256("miner");

    uint256 public constant pricePerSector = 1;
    address payable private immutable _alice = payable(actor("alice"));
    address payable private immutable _bob = payable(actor("bob"));
    ChunkLinearReward private _reward;

    /// A chunk that was paid for in every bucket of half a lifetime and hit before, and a base-reward pool.
    function setUp() external {
        vm.warp(1_800_000_000);
        vm.deal(address(this), 1e30);
        IChunkLinearReward.Terms memory terms = IChunkLinearReward.Terms(CHUNK, LIFETIME, 1e9, 100, actor("treasury"));
        _reward = new ChunkLinearReward(address(this), address(this), terms);
        _reward.donate{value: 1e18}();
        _feesInEveryBucket(16);
        _reward.claimMineReward(0, _alice, MINER);
        vm.warp(block.timestamp + 1 hours);
    }

    function test_Hit() external {
        gasLine("ChunkLinearReward.claimMineReward", _hit(0, _alice), 60_000);
    }

    function test_FirstHit() external {
        uint256 used = _hit(0, _bob);
        gasLine("ChunkLinearReward.claimMineReward: first of its beneficiary", used, 80_000);
    }

    function test_HitAfterHalfALifetime() external {
        vm.warp(_reward.rewardDeadline(0) - 1);
        uint256 used = _hit(0, _alice);
        gasLine("ChunkLinearReward.claimMineReward: 16 endings came since the last one (A21)", used, 90_000);
    }

    function test_HitAfterALifetime() external {
        _feesInEveryBucket(16);
        vm.warp(_reward.rewardDeadline(0) - 1);
        uint256 used = _hit(0, _alice);
        gasLine("ChunkLinearReward.claimMineReward: the most endings that can come (A21)", used, 140_000);
    }

    function test_HitThatClearsUpAChunk() external {
        vm.warp(_reward.rewardDeadline(0) + 1);
        _reward.fillReward{value: 1e18}(CHUNK, 1);
        vm.warp(block.timestamp + 1 hours);
        gasLine("ChunkLinearReward.claimMineReward: and an expired chunk is swept", _hit(1, _alice), 80_000);
    }

    function test_Fee() external {
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.fillReward{value: 1e18}(1024, 1024);
        gasLine("ChunkLinearReward.fillReward", before - gasleft(), 60_000);
    }

    function test_FirstFeeOfAChunk() external {
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.fillReward{value: 1e18}(CHUNK, 1024);
        gasLine("ChunkLinearReward.fillReward: first of a chunk", before - gasleft(), 120_000);
    }

    function test_Extend() external {
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.extend{value: 1e18}(0);
        gasLine("ChunkLinearReward.extend", before - gasleft(), 80_000);
    }

    function test_Sweep() external {
        vm.warp(_reward.rewardDeadline(0) + 1);
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.sweep(0);
        gasLine("ChunkLinearReward.sweep", before - gasleft(), 40_000);
    }

    function test_Withdraw() external {
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.withdrawPayments(_alice);
        gasLine("ChunkLinearReward.withdrawPayments: to a new account", before - gasleft(), 60_000);
    }

    function _feesInEveryBucket(uint256 buckets) private {
        for (uint256 i = 0; i < buckets; ++i) {
            vm.warp(block.timestamp + _reward.bucketSeconds());
            _reward.fillReward{value: 1e18}(1, 1024);
        }
    }

    function _hit(uint256 chunk, address payable beneficiary) private returns (uint256 used) {
        vm.cool(address(_reward));
        uint256 before = gasleft();
        _reward.claimMineReward(chunk, beneficiary, MINER);
        used = before - gasleft();
    }
}
