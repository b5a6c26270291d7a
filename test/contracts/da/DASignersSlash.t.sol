// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {HistoryLib} from "../../../contracts/libraries/HistoryLib.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice Who is blamed, what it loses, and who gets it.
contract DASignersSlashTest is SignersTest {
    event Slashed(
        address indexed account,
        uint8 slot,
        uint64 epoch,
        uint96 amount,
        address indexed reporter,
        uint96 reward,
        uint64 jailedUntil
    );

    uint64 internal epoch;
    address internal sampling = actor("sampling");
    address internal reporter = actor("reporter");
    address internal bob;

    function setUp() external {
        _deploySigners();
        _join(2 ether);
        _join(10 ether);
        epoch = _settle();
        bob = _accountOf(1);
    }

    function test_ATenthIsLostOfWhichAQuarterGoesToTheReporter() external {
        uint64 jailedUntil = uint64(block.number) + JAIL;
        vm.expectEmit(address(signers));
        emit Slashed(bob, 1, epoch, 1 ether, reporter, 0.25 ether, jailedUntil);
        vm.assertEq(_slash(1, epoch), 1 ether);
        vm.assertEq(signers.burnt(), 0.75 ether);
        _assertBond(reporter, IDASigners.Bond(0, 0, 0, 0.25 ether, 0));
        _assertBond(bob, IDASigners.Bond(0, 9 ether, _releaseBlock(), 0, jailedUntil));
        vm.assertEq(address(signers).balance, 12 ether);

        vm.prank(reporter);
        signers.withdraw(payable(reporter));
        vm.assertEq(reporter.balance, 0.25 ether);
        vm.roll(_releaseBlock() + 2 * EPOCH_BLOCKS);
        vm.prank(bob);
        signers.withdraw(payable(bob));
        vm.assertEq(bob.balance, 9 ether);
        // What nobody gets stays, with alice's stake.
        vm.assertEq(address(signers).balance, 2.75 ether);
    }

    function test_OnlySamplingSlashes() external {
        address[3] memory others = [bob, reporter, address(signers)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IDASigners.NotSampling.selector, others[i]));
            signers.slash(1, epoch, 0, reporter);
        }
    }

    function test_A17_TheJailedCountsInThisEpochAndTheNext() external {
        bytes32 message = keccak256("message");
        IDASigners.Attestation memory a = _attestation(epoch, message, _none());
        _slash(1, epoch);
        (uint96 signed, uint96 total) = signers.verify(epoch, message, a);
        vm.assertEq(signed, 12 ether);
        vm.assertEq(total, 12 ether);
        (total, ) = signers.setAt(epoch + 1, signers.findSet(epoch + 1));
        vm.assertEq(total, 12 ether);
        (total, ) = signers.setAt(epoch + 2, signers.findSet(epoch + 2));
        vm.assertEq(total, 2 ether);
    }

    function test_TheJailedMayNotRegisterUntilItsTimeIsUp() external {
        _slash(1, epoch);
        uint64 until = uint64(block.number) + JAIL;
        (G1 memory key, G2 memory proof) = _credentials(bob, 99);
        vm.deal(bob, 1 ether);
        vm.roll(until - 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.Jailed.selector, bob, until - 1, until));
        signers.register{value: 1 ether}(key, proof, SOCKET);
        vm.roll(until);
        vm.prank(bob);
        vm.assertEq(signers.register{value: 1 ether}(key, proof, SOCKET), 1);
    }

    function test_TheStakeOfThatEpochDecides() external {
        vm.deal(address(this), 90 ether);
        signers.deposit{value: 90 ether}(bob);
        uint64 later = _settle();
        uint256 state = vm.snapshotState();
        vm.assertEq(_slash(1, epoch), 1 ether);
        vm.revertToState(state);
        vm.assertEq(_slash(1, later), 10 ether);
    }

    function test_A16_WhoTookItsStakeOutCanStillLoseIt() external {
        vm.prank(bob);
        signers.requestWithdraw(10 ether);
        vm.roll(_releaseBlock() - 1);
        vm.assertEq(_slash(1, epoch), 1 ether);
        // From the release on it is out of reach; the blame still counts.
        uint64 release = signers.bondOf(bob).releaseBlock;
        vm.roll(release);
        vm.assertEq(_slash(1, epoch), 0);
        _assertBond(bob, IDASigners.Bond(0, 0, release, 9 ether, release + JAIL));
        vm.prank(bob);
        signers.withdraw(payable(bob));
        vm.assertEq(bob.balance, 9 ether);
    }

    function test_NobodyLosesMoreThanItHas() external {
        vm.deal(address(this), 5 ether);
        signers.deposit{value: 5 ether}(bob);
        uint64 later = _settle();
        vm.prank(bob);
        signers.requestWithdraw(14 ether);
        vm.roll(_releaseBlock());
        vm.prank(bob);
        signers.withdraw(payable(bob));
        // A tenth of 15, of which 1 is left.
        vm.assertEq(_slash(1, later), 1 ether);
        vm.assertEq(_slash(1, later), 0);
        vm.assertEq(signers.bondOf(bob).unbonding, 0);
        vm.assertEq(address(signers).balance, 3 ether);
    }

    function test_TheBlameFollowsTheKeyNotTheSlot() external {
        // Bob leaves, carol takes his slot, bob takes another with another key.
        vm.prank(bob);
        signers.requestWithdraw(10 ether);
        address carol = actor("carol");
        vm.assertEq(_register(carol, 77, 5 ether), 1);
        vm.assertEq(_register(bob, 78, 3 ether), 2);
        uint64 later = _settle();
        vm.assertEq(_slash(1, epoch), 1 ether);
        _assertBond(carol, IDASigners.Bond(5 ether, 0, 0, 0, 0));
        vm.assertEq(signers.bondOf(bob).staked, 0);
        vm.assertEq(signers.bondOf(bob).unbonding, 12 ether);
        vm.assertEq(signers.takenSlots(), 3);
        vm.assertEq(_slash(1, later), 0.5 ether);
        vm.assertEq(signers.bondOf(carol).unbonding, 4.5 ether);
    }

    function test_TheBlameFollowsARotatedKey() external {
        (G1 memory key, G2 memory proof) = _credentials(bob, 99);
        vm.prank(bob);
        signers.rotateKey(key, proof);
        _settle();
        vm.assertEq(_slash(1, epoch), 1 ether);
        vm.assertEq(signers.bondOf(bob).unbonding, 9 ether);
    }

    function test_WhereNobodyCountedNobodyIsBlamed() external {
        vm.prank(bob);
        signers.requestWithdraw(10 ether);
        uint32 hint = uint32(signers.findSlot(1, epoch + 2));
        vm.startPrank(sampling);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NoStake.selector, 1, epoch + 2));
        signers.slash(1, epoch + 2, hint, reporter);
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, hint, epoch));
        signers.slash(1, epoch, hint, reporter);
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, epoch));
        signers.slash(7, epoch, 0, reporter);
    }

    function test_WhoReportsItselfStillLosesMost() external {
        vm.prank(sampling);
        signers.slash(1, epoch, 0, bob);
        IDASigners.Bond memory bond = signers.bondOf(bob);
        vm.assertEq(uint256(bond.unbonding) + bond.withdrawable, 9.25 ether);
    }

    function test_A32_RatesOfNothingAndOfAll() external {
        IDASigners.Terms memory terms = _terms();
        (terms.slashBps, terms.reporterBps, terms.jailBlocks) = (10_000, 10_000, 0);
        _again(terms);
        vm.assertEq(_slash(0, 2), 3 ether);
        vm.assertEq(signers.burnt(), 0);
        vm.assertEq(signers.bondOf(reporter).withdrawable, 3 ether);
        (terms.slashBps, terms.reporterBps) = (0, 10_000);
        _again(terms);
        vm.assertEq(_slash(0, 2), 0);
        vm.assertEq(signers.takenSlots(), 0);
        (terms.slashBps, terms.reporterBps) = (10_000, 0);
        _again(terms);
        vm.assertEq(_slash(0, 2), 3 ether);
        vm.assertEq(signers.burnt(), 3 ether);
    }

    function test_A32_TheLongestTermsDoNotOverflow() external {
        IDASigners.Terms memory terms = _terms();
        uint32 most = type(uint32).max;
        (terms.epochBlocks, terms.leaseEpochs, terms.unbonding, terms.jailBlocks) = (most, most, most, most);
        vm.roll(START);
        signers = new DASigners(terms, sampling);
        _register(actor("dave"), 55, 3 ether);
        vm.roll(START + 2 * uint256(most));
        vm.assertEq(_slash(0, 2), 0.3 ether);
        vm.assertEq(signers.bondOf(actor("dave")).releaseBlock, START + 5 * uint256(most));
    }

    function _again(IDASigners.Terms memory terms) internal {
        vm.roll(START);
        signers = new DASigners(terms, sampling);
        _register(actor("dave"), 55, 3 ether);
        _settle();
    }

    function _slash(uint8 slot, uint64 e) internal returns (uint96) {
        uint32 hint = uint32(signers.findSlot(slot, e));
        vm.prank(sampling);
        return signers.slash(slot, e, hint, reporter);
    }

    function _releaseBlock() internal view returns (uint64) {
        return uint64(START) + (signers.currentEpoch() + 2) * EPOCH_BLOCKS + UNBONDING;
    }
}
