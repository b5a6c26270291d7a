// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {Invariant} from "../base/Invariant.sol";
import {RewardTest} from "../pay/RewardTest.sol";

/// @notice A beneficiary that takes money in even seconds only and, while it gets some, tries to be paid again.
contract Moody {
    ChunkLinearReward private immutable _reward;

    constructor(ChunkLinearReward reward) {
        _reward = reward;
    }

    receive() external payable {
        require(block.timestamp % 2 == 0, "not now");
        (bool again, ) = address(_reward).call(abi.encodeCall(IChunkLinearReward.withdraw, (payable(address(this)))));
        require(!again, "paid twice");
        // This may succeed: it is anybody's to call, and moves nothing out.
        (again, ) = address(_reward).call(abi.encodeCall(IChunkLinearReward.sweep, (0)));
    }
}

/// @notice Everything that anyone, the market and the mining contract can do to the pools, at random, each beside the naive
/// rewards; the log grows in order, as Flow's does.
contract RewardsHandler is RewardTest {
    uint256 internal constant MAX_CHUNKS = 24;

    uint256 public length = 1;
    address payable[3] private _accounts;

    constructor() payable {
        vm.deal(address(this), msg.value);
    }

    function setUp() public override {
        alice = payable(actor("alice"));
        bob = payable(actor("treasury"));
        deploy(123, bob);
        _accounts = [alice, bob, payable(address(new Moody(reward)))];
    }

    function pay(uint256 sectors, uint256 fee) external {
        sectors = bound(sectors, 1, 3 * CHUNK);
        if (length + sectors > MAX_CHUNKS * CHUNK) return;
        fill(length, sectors, bound(fee, 0, 1e21));
        length += sectors;
    }

    function payDust(uint256 sectors, uint256 fee) external {
        sectors = bound(sectors, 1, CHUNK / 4);
        if (length + sectors > MAX_CHUNKS * CHUNK) return;
        fill(length, sectors, bound(fee, 0, LIFETIME / 8));
        length += sectors;
    }

    function hit(uint256 chunk, uint256 account) external {
        claim(bound(chunk, 0, length / CHUNK + 1), _accounts[account % 3]);
    }

    function keepAlive(uint256 chunk) external {
        chunk = bound(chunk, 0, length / CHUNK + 1);
        if (naiveDeadline(chunk) != 0 && !naiveExpired(chunk)) {
            extend(chunk);
        } else {
            uint256 fee = reward.extensionFee();
            try reward.extend{value: fee}(chunk) {
                revert("revived");
            } catch {}
        }
    }

    function clearUp(uint256 chunk) external {
        chunk = bound(chunk, 0, length / CHUNK + 1);
        if (naiveExpired(chunk)) {
            sweep(chunk);
        } else {
            try reward.sweep(chunk) {
                revert("swept alive");
            } catch {}
        }
    }

    function give(uint256 amount) external {
        donate(bound(amount, 0, 1e18));
    }

    function setPrice(uint256 price_) external {
        price = bound(price_, 1, 1e12);
    }

    function withdraw(uint256 account) external {
        address payable who = _accounts[account % 3];
        uint256 amount = reward.payments(who);
        uint256 before = who.balance;
        try reward.withdrawPayments(who) {
            vm.assertEq(who.balance - before, amount);
            // In the last call of all, the receiver may have swept chunk 0.
            vm.assertEq(naiveWithdraw(who), amount);
            if (account % 3 == 2 && naiveExpired(0)) naiveSweep(0);
        } catch {
            vm.assertTrue(amount == 0 || account % 3 == 2, "a payment was refused");
            vm.assertEq(who.balance, before);
        }
    }

    function wait(uint256 seconds_) external {
        pass(bound(seconds_, 0, LIFETIME / 3));
    }

    function waitLong(uint256 seconds_) external {
        pass(bound(seconds_, 0, 2 * LIFETIME));
    }

    /// @dev Everything, to the wei; called after every action.
    function check() external view {
        assertBooks(length / CHUNK + 2, [address(_accounts[0]), _accounts[1], _accounts[2]]);
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time, to the wei:
///
/// 1. A chunk's pool is the sum of its streams, each by itself, less what hits paid and sweeps took.
/// 2. What was sent = locked + claimable + base-reward pool + payments owed (miners' and treasury's) + payments made, and all
///    but the last is there.
/// 3. The first rewardable chunk is the first that is not given up.
contract RewardsInvariants is Invariant {
    RewardsHandler private _handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.deal(address(this), 1e30);
        _handler = new RewardsHandler{value: 1e30}();
        _handler.setUp();

        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = RewardsHandler.pay.selector;
        selectors[1] = RewardsHandler.payDust.selector;
        selectors[2] = RewardsHandler.hit.selector;
        selectors[3] = RewardsHandler.keepAlive.selector;
        selectors[4] = RewardsHandler.clearUp.selector;
        selectors[5] = RewardsHandler.give.selector;
        selectors[6] = RewardsHandler.setPrice.selector;
        selectors[7] = RewardsHandler.withdraw.selector;
        selectors[8] = RewardsHandler.wait.selector;
        selectors[9] = RewardsHandler.waitLong.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 32
    /// hardhat-config: invariant.depth = 96
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A24_A26_EveryWeiIsAccountedFor() external view {
        _handler.check();
    }
}
