// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Signing} from "./Signing.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice Ways out of a slot, what still counts then, and when the money comes free.
contract DASignersLeaveTest is SignersTest {
    event Left(
        uint8 indexed slot,
        address indexed account,
        IDASigners.Departure departure,
        uint96 stake,
        uint64 fromEpoch,
        uint64 releaseBlock
    );
    event StakeReduced(
        uint8 indexed slot,
        address indexed account,
        uint96 stake,
        uint64 fromEpoch,
        uint96 amount,
        uint64 releaseBlock
    );
    event Renewed(uint8 indexed slot, address indexed account, uint64 leaseEnd);
    event KeyRotated(uint8 indexed slot, address indexed account, G1 key, uint64 fromEpoch);
    event Withdrawn(address indexed account, address to, uint256 amount);

    bytes32 internal constant MESSAGE = keccak256("message");
    uint64 internal epoch;
    address internal alice;
    address internal bob;

    function setUp() external {
        _deploySigners();
        _join(2 ether);
        _join(3 ether);
        _join(4 ether);
        epoch = _settle();
        (alice, bob) = (_accountOf(0), _accountOf(1));
    }

    function test_A17_WhoExitsCountsInThisEpochAndTheNext() external {
        IDASigners.Attestation memory before = _attestation(epoch, MESSAGE, _slots(2));
        uint64 release = _releaseBlock();
        vm.expectEmit(address(signers));
        emit Left(1, bob, IDASigners.Departure.Exit, 3 ether, epoch + 2, release);
        vm.prank(bob);
        signers.requestWithdraw(3 ether);

        (uint96 signed, uint96 total) = signers.verify(epoch, MESSAGE, before);
        vm.assertEq(signed, 5 ether);
        vm.assertEq(total, 9 ether);
        for (uint64 e = epoch; e < epoch + 2; ++e) _assertSet(e, 9 ether, _sumOf(0, 1, 2));
        _assertSet(epoch + 2, 6 ether, _sumOf(0, 2));
        (uint96 stake, bytes32 keyHash) = signers.slotAt(1, epoch + 2, signers.findSlot(1, epoch + 2));
        vm.assertEq(stake, 0);
        vm.assertEq(keyHash, 0);
        vm.assertEq(signers.takenSlots(), 5);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.UnknownSlot.selector, 1));
        signers.signer(1);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NotRegistered.selector, bob));
        signers.slotOf(bob);
    }

    function test_A14_WhoHasLeftCanBeNeitherSignerNorAbsent() external {
        vm.prank(bob);
        signers.requestWithdraw(3 ether);
        uint64 later = _settle();
        IDASigners.Attestation memory a = _attestation(later, MESSAGE, _slots(1));
        // The sum of the two that are left is what the chain has.
        uint256 both = addmod(secrets[0], secrets[2], Signing.R);
        a.aggregateKey = Signing.publicKey(both);
        a.signature = Signing.attest(both, MESSAGE);
        bytes32 given = _hash(a.absent[0].key);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.KeyMismatch.selector, 1, given, 0));
        signers.verify(later, MESSAGE, a);
        a.absent = new IDASigners.NonSigner[](0);
        (uint96 signed, uint96 total) = signers.verify(later, MESSAGE, a);
        vm.assertEq(signed, 6 ether);
        vm.assertEq(total, 6 ether);
    }

    function test_StakeThatLeftIsReleasedAfterTheLastEpochInWhichItCounted() external {
        vm.prank(bob);
        signers.requestWithdraw(3 ether);
        uint64 release = _releaseBlock();
        vm.roll(release - 1);
        _assertBond(bob, IDASigners.Bond(0, 3 ether, release, 0, 0));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NothingToWithdraw.selector, bob));
        signers.withdraw(payable(bob));
        vm.roll(release);
        _assertBond(bob, IDASigners.Bond(0, 0, release, 3 ether, 0));
        address payable elsewhere = payable(actor("elsewhere"));
        vm.expectEmit(address(signers));
        emit Withdrawn(bob, elsewhere, 3 ether);
        vm.prank(bob);
        signers.withdraw(elsewhere);
        vm.assertEq(elsewhere.balance, 3 ether);
        vm.assertEq(address(signers).balance, 6 ether);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NothingToWithdraw.selector, bob));
        signers.withdraw(elsewhere);
    }

    function test_APartLeavesAtLeastTheMinimum() external {
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooLow.selector, MIN_STAKE - 1, MIN_STAKE));
        signers.requestWithdraw(2 ether + 1);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooHigh.selector, 3 ether + 1, 3 ether));
        signers.requestWithdraw(3 ether + 1);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooLow.selector, 0, 1));
        signers.requestWithdraw(0);
        vm.expectEmit(address(signers));
        emit StakeReduced(1, bob, 1 ether, epoch + 2, 2 ether, _releaseBlock());
        signers.requestWithdraw(2 ether);
        vm.stopPrank();
        _assertSet(epoch + 1, 9 ether, _sumOf(0, 1, 2));
        _assertSet(epoch + 2, 7 ether, _sumOf(0, 1, 2));
        _assertBond(bob, IDASigners.Bond(1 ether, 2 ether, _releaseBlock(), 0, 0));
    }

    function test_WhatIsDueIsNotHeldUpByWhatIsNot() external {
        vm.prank(bob);
        signers.requestWithdraw(1 ether);
        uint64 first = _releaseBlock();
        vm.roll(first);
        vm.prank(bob);
        signers.requestWithdraw(1 ether);
        _assertBond(bob, IDASigners.Bond(1 ether, 1 ether, _releaseBlock(), 1 ether, 0));
        // Not yet due: it waits with the rest.
        vm.roll(first + EPOCH_BLOCKS);
        vm.prank(bob);
        signers.requestWithdraw(1 ether);
        _assertBond(bob, IDASigners.Bond(0, 2 ether, _releaseBlock(), 1 ether, 0));
    }

    function test_OnlyItsAccountTakesAStakeOut() external {
        address mallory = actor("mallory");
        vm.startPrank(mallory);
        bytes memory reason = abi.encodeWithSelector(IDASigners.NotRegistered.selector, mallory);
        vm.expectRevert(reason);
        signers.requestWithdraw(1 ether);
        vm.expectRevert(reason);
        signers.renew();
        (G1 memory key, G2 memory proof) = _credentials(mallory, 99);
        vm.expectRevert(reason);
        signers.rotateKey(key, proof);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NothingToWithdraw.selector, mallory));
        signers.withdraw(payable(mallory));
    }

    function test_TheLowestFreeSlotIsTakenNext() external {
        vm.prank(bob);
        signers.requestWithdraw(3 ether);
        vm.prank(alice);
        signers.requestWithdraw(2 ether);
        vm.assertEq(_register(actor("carol"), 77, 5 ether), 0);
        vm.assertEq(_register(bob, 78, 6 ether), 1);
        vm.assertEq(_register(actor("dave"), 79, 7 ether), 3);
        vm.assertEq(signers.signerCount(), 4);
        vm.assertEq(signers.takenSlots(), 15);
        // In one epoch out and in: until its end, and for the next, the old ones count, then the new.
        _assertSet(epoch + 1, 9 ether, _sumOf(0, 1, 2));
        uint256 secret = addmod(addmod(addmod(77, 78, Signing.R), 79, Signing.R), secrets[2], Signing.R);
        _assertSet(epoch + 2, 22 ether, secret);
    }

    function test_A28_AKeyBelongsForEverToWhoProvedIt() external {
        vm.prank(bob);
        signers.requestWithdraw(3 ether);
        _settle();
        address mallory = actor("mallory");
        (G1 memory key, G2 memory proof) = _credentials(mallory, secrets[1]);
        vm.deal(mallory, 1 ether);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.KeyTaken.selector, _hash(key), bob));
        signers.register{value: 1 ether}(key, proof, SOCKET);
        vm.assertEq(signers.accountOf(_hash(key)), bob);
        // To its owner it is as good as new.
        vm.assertEq(_register(bob, secrets[1], 1 ether), 1);
        vm.assertEq(abi.encode(signers.keyOf(_hash(key))), abi.encode(key));
    }

    function test_ARotatedKeyCountsTwoEpochsLater() external {
        (G1 memory key, G2 memory proof) = _credentials(bob, 99);
        vm.expectEmit(address(signers));
        emit KeyRotated(1, bob, key, epoch + 2);
        vm.prank(bob);
        signers.rotateKey(key, proof);
        _assertSet(epoch + 1, 9 ether, _sumOf(0, 1, 2));
        _assertSet(epoch + 2, 9 ether, addmod(_sumOf(0, 2), 99, Signing.R));
        // Both keys are bob's: for what the old one signed he answers, too.
        vm.assertEq(signers.accountOf(_hash(key)), bob);
        vm.assertEq(signers.accountOf(_hash(Signing.publicKey(secrets[1]))), bob);
        // And back, in the same epoch.
        (key, proof) = _credentials(bob, secrets[1]);
        vm.prank(bob);
        signers.rotateKey(key, proof);
        _assertSet(epoch + 2, 9 ether, _sumOf(0, 1, 2));
    }

    function test_A10_ARotationNeedsAProofOfAnotherKey() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 99);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, bob));
        signers.rotateKey(key, proof);
        (key, proof) = _credentials(bob, secrets[1]);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.SameKey.selector, _hash(key)));
        signers.rotateKey(key, proof);
        (key, proof) = _credentials(bob, secrets[0]);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.KeyTaken.selector, _hash(key), alice));
        signers.rotateKey(key, proof);
    }

    function test_ALeaseRunsOutAfterItsLastEpoch() external {
        vm.roll(START + LEASE * EPOCH_BLOCKS);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.LeaseNotOver.selector, 1, LEASE, LEASE));
        signers.lapse(1);
        vm.expectEmit(address(signers));
        emit Renewed(0, alice, 2 * LEASE);
        vm.prank(alice);
        signers.renew();
        vm.roll(START + (LEASE + 1) * EPOCH_BLOCKS);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.LeaseNotOver.selector, 0, LEASE + 1, 2 * LEASE));
        signers.lapse(0);
        vm.expectEmit(address(signers));
        emit Left(1, bob, IDASigners.Departure.Lapse, 3 ether, LEASE + 3, _releaseBlock());
        vm.prank(actor("anyone"));
        signers.lapse(1);
        // A20: the dead one no longer stands in the way.
        _assertSet(LEASE + 2, 9 ether, _sumOf(0, 1, 2));
        _assertSet(LEASE + 3, 6 ether, _sumOf(0, 2));
        _assertBond(bob, IDASigners.Bond(0, 3 ether, _releaseBlock(), 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IDASigners.UnknownSlot.selector, 1));
        signers.lapse(1);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.UnknownSlot.selector, 255));
        signers.lapse(255);
    }

    function test_WhoseLeaseIsOverRenewsUntilSomeoneLapsesIt() external {
        vm.roll(START + (LEASE + 100) * EPOCH_BLOCKS);
        vm.prank(bob);
        signers.renew();
        vm.expectRevert(abi.encodeWithSelector(IDASigners.LeaseNotOver.selector, 1, LEASE + 100, 2 * LEASE + 100));
        signers.lapse(1);
        vm.assertEq(signers.signer(1).leaseEnd, 2 * LEASE + 100);
    }

    function test_WhoHasLeftKeepsItsSocketAndMayMoveIt() external {
        vm.startPrank(bob);
        signers.requestWithdraw(3 ether);
        signers.updateSocket("http://elsewhere");
        vm.stopPrank();
        vm.assertEq(signers.socketOf(bob), "http://elsewhere");
        IDASigners.Member[] memory members = signers.membersAt(epoch + 1, 0, 200);
        vm.assertEq(members.length, 3);
        vm.assertEq(members[1].account, bob);
        vm.assertEq(members[1].socket, "http://elsewhere");
        // A newcomer in the slot has a socket of its own.
        _register(actor("carol"), 77, 5 ether);
        members = signers.membersAt(epoch + 1, 0, 200);
        vm.assertEq(members[1].socket, "http://elsewhere");
        vm.assertEq(signers.membersAt(epoch + 2, 0, 200)[1].socket, SOCKET);
    }

    function test_TheMembersOfAnEpochAreAllThatAnAggregatorNeeds() external {
        (G1 memory key, G2 memory proof) = _credentials(bob, 99);
        vm.prank(bob);
        signers.rotateKey(key, proof);
        vm.prank(alice);
        signers.requestWithdraw(2 ether);
        IDASigners.Member[] memory now_ = signers.membersAt(epoch, 0, 200);
        IDASigners.Member[] memory later = signers.membersAt(epoch + 2, 0, 200);
        vm.assertEq(now_.length, 3);
        vm.assertEq(later.length, 2);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(now_[i].slot, i);
            vm.assertEq(now_[i].hint, signers.findSlot(uint8(i), epoch));
            vm.assertEq(now_[i].stake, (i + 2) * 1 ether);
            vm.assertEq(now_[i].account, _accountOf(i));
            vm.assertEq(abi.encode(now_[i].key), abi.encode(Signing.publicKey(secrets[i])));
        }
        vm.assertEq(later[0].slot, 1);
        vm.assertEq(later[0].hint, 1);
        vm.assertEq(abi.encode(later[0].key), abi.encode(key));
        // In pieces: each slot once.
        vm.assertEq(signers.membersAt(epoch, 0, 2).length, 2);
        vm.assertEq(signers.membersAt(epoch, 2, type(uint256).max)[0].slot, 2);
        vm.assertEq(signers.membersAt(epoch, 3, 2).length, 0);
        vm.assertEq(signers.membersAt(0, 0, 200).length, 0);
    }

    function test_AKeyIsFoundInItsEpochsOnly() external {
        (G1 memory key, G2 memory proof) = _credentials(bob, 99);
        vm.prank(bob);
        signers.rotateKey(key, proof);
        bytes32 old = _hash(Signing.publicKey(secrets[1]));
        (uint8 slot, uint256 hint) = signers.findKey(old, epoch + 1);
        vm.assertEq(slot, 1);
        vm.assertEq(hint, 0);
        (slot, hint) = signers.findKey(_hash(key), epoch + 2);
        vm.assertEq(slot, 1);
        vm.assertEq(hint, 1);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NotInSet.selector, old, epoch + 2));
        signers.findKey(old, epoch + 2);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NotInSet.selector, _hash(key), epoch + 1));
        signers.findKey(_hash(key), epoch + 1);
    }

    function test_WhenAllHaveLeftNobodyDecides() external {
        for (uint256 i = 0; i < 3; ++i) {
            uint96 stake = signers.signer(uint8(i)).stake;
            vm.prank(_accountOf(i));
            signers.requestWithdraw(stake);
        }
        vm.assertEq(signers.takenSlots(), 0);
        vm.assertTrue(signers.aggregateKey().isInfinity());
        uint64 later = _settle();
        (, uint96 total) = signers.currentSet();
        vm.assertEq(total, 0);
        // A15: nor is there anything to sign with.
        IDASigners.Attestation memory a = _attestation(later, MESSAGE, _none());
        G1 memory infinity;
        a.aggregateKey = infinity;
        vm.expectRevert();
        signers.verify(later, MESSAGE, a);
        vm.assertEq(_register(alice, 5, 1 ether), 0);
        _assertSet(_settle(), 1 ether, 5);
    }

    /// @dev The block from which stake that leaves in this epoch is free.
    function _releaseBlock() internal view returns (uint64) {
        return uint64(START) + (signers.currentEpoch() + 2) * EPOCH_BLOCKS + UNBONDING;
    }

    function _sumOf(uint256 a, uint256 b) internal view returns (uint256) {
        return addmod(secrets[a], secrets[b], Signing.R);
    }

    function _sumOf(uint256 a, uint256 b, uint256 c) internal view returns (uint256) {
        return addmod(_sumOf(a, b), secrets[c], Signing.R);
    }

    function _assertSet(uint64 e, uint96 stake, uint256 secret) internal view {
        (uint96 total, bytes32 keyHash) = signers.setAt(e, signers.findSet(e));
        vm.assertEq(total, stake);
        vm.assertEq(keyHash, _hash(Signing.publicKey(secret)));
    }
}
