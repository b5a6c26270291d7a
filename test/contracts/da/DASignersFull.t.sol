// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Signing} from "./Signing.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice All 200 slots are taken: who gets in takes someone's place.
contract DASignersFullTest is SignersTest {
    event Left(
        uint8 indexed slot,
        address indexed account,
        IDASigners.Departure departure,
        uint96 stake,
        uint64 fromEpoch,
        uint64 releaseBlock
    );

    uint64 internal epoch;
    address internal lowest;
    address internal newcomer = actor("newcomer");

    function setUp() external {
        _deploySigners();
        for (uint256 i = 0; i < 200; ++i) _join(i == 137 ? 10 ether - 1 : 10 ether);
        epoch = _settle();
        lowest = _accountOf(137);
    }

    function test_TheTwoHundredAndFirstNeedsATenthMoreThanTheLowest() external {
        // (10 ether − 1) × 1.1, rounded up.
        uint96 required = 11 ether - 1;
        (G1 memory key, G2 memory proof) = _credentials(newcomer, 77);
        vm.deal(newcomer, required - 1);
        vm.prank(newcomer);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NoFreeSlot.selector, 137, required - 1, required));
        signers.register{value: required - 1}(key, proof, SOCKET);
        vm.assertEq(signers.slotOf(lowest), 137);

        uint64 release = uint64(START) + (epoch + 2) * EPOCH_BLOCKS + UNBONDING;
        vm.expectEmit(address(signers));
        emit Left(137, lowest, IDASigners.Departure.Replacement, 10 ether - 1, epoch + 2, release);
        vm.assertEq(_register(newcomer, 77, required), 137);
        vm.assertEq(signers.signer(137).account, newcomer);
        vm.assertEq(signers.signerCount(), 200);
        _assertBond(lowest, IDASigners.Bond(0, 10 ether - 1, release, 0, 0));
        vm.assertEq(address(signers).balance, 2000 ether - 1 + required);

        // A17: who was replaced counts in this epoch and the next.
        (uint96 stake, bytes32 keyHash) = signers.slotAt(137, epoch + 1, 0);
        vm.assertEq(stake, 10 ether - 1);
        vm.assertEq(keyHash, _hash(Signing.publicKey(secrets[137])));
        secrets[137] = 77;
        uint64 later = _settle();
        bytes32 message = keccak256("message");
        (uint96 signed, uint96 total) = signers.verify(later, message, _attestation(later, message, _slots(137)));
        vm.assertEq(total, 2000 ether - 10 ether + required - 10 ether + 10 ether);
        vm.assertEq(signed, 1990 ether);
    }

    function test_A28_WhoWasReplacedComesBackWithMore() external {
        _register(newcomer, 77, 11 ether);
        // All others have 10 ether now: the first of them is next.
        vm.assertEq(_register(lowest, secrets[137], 11 ether), 0);
        vm.assertEq(signers.bondOf(lowest).unbonding, 10 ether - 1);
        vm.assertEq(signers.bondOf(lowest).staked, 11 ether);
        vm.assertEq(signers.signer(0).account, lowest);
        // In the epoch after next each of both slots has its new key, and no key is in two.
        (uint8 slot, ) = signers.findKey(_hash(Signing.publicKey(secrets[137])), epoch + 1);
        vm.assertEq(slot, 137);
        (slot, ) = signers.findKey(_hash(Signing.publicKey(secrets[137])), epoch + 2);
        vm.assertEq(slot, 0);
    }

    function test_AFreeSlotIsTakenBeforeAnyoneIsReplaced() external {
        vm.prank(_accountOf(199));
        signers.requestWithdraw(10 ether);
        vm.assertEq(_register(newcomer, 77, MIN_STAKE), 199);
        vm.assertEq(signers.slotOf(lowest), 137);
    }

    function test_AllMembersComeInOneAnswer() external {
        uint256 before = gasleft();
        IDASigners.Member[] memory members = signers.membersAt(epoch, 0, 200);
        // Below the least that nodes allow a call.
        vm.assertLe(before - gasleft(), 10_000_000);
        vm.assertEq(members.length, 200);
        for (uint256 i = 0; i < 200; ++i) vm.assertEq(members[i].account, _accountOf(i));
    }
}
