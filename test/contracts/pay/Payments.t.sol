// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {RewardTest} from "./RewardTest.sol";

/// @notice Refuses money, and can have it sent elsewhere.
contract Refuser {
    function withdrawTo(ChunkLinearReward reward, address payable to) external {
        reward.withdraw(to);
    }
}

/// @notice Burns all gas it gets.
contract Burner {
    receive() external payable {
        while (true) {}
    }
}

/// @notice Takes money and answers with a megabyte.
contract Windbag {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 1000000)
        }
    }
}

/// @notice Takes money and, while it gets it, tries everything that is anybody's to call.
contract Greedy {
    ChunkLinearReward private immutable _reward;
    uint256 public succeeded;

    constructor(ChunkLinearReward reward) {
        _reward = reward;
    }

    receive() external payable {
        _try(abi.encodeCall(IChunkLinearReward.withdraw, (payable(address(this)))));
        _try(abi.encodeCall(IChunkLinearReward.withdrawPayments, (payable(address(this)))));
        _try(abi.encodeCall(IChunkLinearReward.claimMineReward, (0, payable(address(this)), 0)));
        _try(abi.encodeCall(IChunkLinearReward.fillReward, (0, 1)));
        _try(abi.encodeCall(IChunkLinearReward.sweep, (0)));
        _try(abi.encodeCall(IChunkLinearReward.extend, (0)));
    }

    function _try(bytes memory data) private {
        (bool success, ) = address(_reward).call(data);
        if (success) ++succeeded;
    }
}

/// @notice Payments: pulled, whole, once, and nobody's trouble but the receiver's.
contract PaymentsTest is RewardTest {
    function test_AnyoneCanHaveAPayeePaid() external {
        uint256 amount = _owe(alice);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Withdrawn(alice, alice, amount);
        vm.prank(bob);
        reward.withdrawPayments(alice);
        vm.assertEq(alice.balance, amount);
        vm.assertEq(reward.payments(alice), 0);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NothingToWithdraw.selector, alice));
        reward.withdrawPayments(alice);
    }

    function test_WhoIsPaidSaysWhereTo() external {
        uint256 amount = _owe(alice);
        vm.prank(alice);
        vm.expectEmit(address(reward));
        emit IChunkLinearReward.Withdrawn(alice, bob, amount);
        reward.withdraw(bob);
        vm.assertEq(bob.balance, amount);
        vm.assertEq(alice.balance, 0);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NothingToWithdraw.selector, bob));
        reward.withdraw(bob);
    }

    /// A25: it is paid like everyone, cannot take it, is still owed it, and can have it sent elsewhere; the others are paid.
    function test_A25_ABeneficiaryThatRevertsHurtsOnlyItself() external {
        Refuser refuser = new Refuser();
        uint256 amount = _owe(payable(address(refuser)));
        uint256 others = _owe(alice);
        bytes memory refused = abi.encodeWithSelector(
            IChunkLinearReward.WithdrawalRefused.selector,
            address(refuser),
            amount
        );
        vm.expectRevert(refused);
        reward.withdrawPayments(payable(address(refuser)));
        vm.assertEq(reward.payments(address(refuser)), amount);
        _owe(payable(address(refuser)));
        reward.withdrawPayments(alice);
        vm.assertEq(alice.balance, others);
        refuser.withdrawTo(reward, bob);
        vm.assertEq(bob.balance, naiveWithdraw(address(refuser)));
    }

    function test_A25_ABeneficiaryThatBurnsGasHurtsOnlyItself() external {
        address payable burner = payable(new Burner());
        uint256 amount = _owe(burner);
        uint256 others = _owe(alice);
        (bool success, ) = address(reward).call{gas: 500_000}(
            abi.encodeCall(IChunkLinearReward.withdrawPayments, (burner))
        );
        vm.assertFalse(success);
        vm.assertEq(reward.payments(burner), amount);
        reward.withdrawPayments(alice);
        vm.assertEq(alice.balance, others);
    }

    function test_A25_ABeneficiaryThatReturnsAMegabyteHurtsOnlyItself() external {
        address payable windbag = payable(new Windbag());
        uint256 amount = _owe(windbag);
        (bool success, ) = address(reward).call{gas: 500_000}(
            abi.encodeCall(IChunkLinearReward.withdrawPayments, (windbag))
        );
        vm.assertFalse(success);
        vm.assertEq(reward.payments(windbag), amount);
        // For its own gas it gets its own money.
        reward.withdrawPayments(windbag);
        vm.assertEq(windbag.balance, amount);
        vm.assertGt(_owe(windbag), 0);
    }

    function test_A24_AReceiverThatCallsBackGetsNothingMore() external {
        Greedy greedy = new Greedy(reward);
        uint256 amount = _owe(payable(greedy));
        uint256 before = address(reward).balance;
        reward.withdrawPayments(payable(greedy));
        vm.assertEq(greedy.succeeded(), 0);
        vm.assertEq(address(greedy).balance, amount);
        vm.assertEq(address(reward).balance, before - amount);
    }

    function _owe(address payable who) private returns (uint256) {
        fill(1, 10, 1e18);
        pass(10 days);
        return claim(0, who);
    }
}
