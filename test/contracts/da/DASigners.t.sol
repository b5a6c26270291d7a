// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {BLS} from "../../../contracts/libraries/BLS.sol";
import {HistoryLib} from "../../../contracts/libraries/HistoryLib.sol";
import {PointLib} from "../../../contracts/libraries/PointLib.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Signing} from "./Signing.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice Who gets in, with which key, and from when on it counts.
contract DASignersTest is SignersTest {
    event Registered(
        uint8 indexed slot,
        address indexed account,
        G1 key,
        uint96 stake,
        uint64 fromEpoch,
        string socket
    );

    address internal alice = actor("alice");

    function setUp() external {
        _deploySigners();
        vm.deal(alice, 1000 ether);
    }

    function test_ParametersOfZeroAreRefused() external {
        address sampling = actor("sampling");
        for (uint256 i = 0; i < 4; ++i) {
            IDASigners.Terms memory terms = _terms();
            if (i == 0) terms.epochBlocks = 0;
            else if (i == 1) terms.minStake = 0;
            else if (i == 2) terms.leaseEpochs = 0;
            else terms.unbonding = 0;
            vm.expectRevert(IDASigners.ZeroParameter.selector);
            new DASigners(terms, sampling);
        }
        vm.expectRevert(IDASigners.ZeroParameter.selector);
        new DASigners(_terms(), address(0));
    }

    function test_A32_RatesAboveTheWholeAreRefused() external {
        IDASigners.Terms memory terms = _terms();
        terms.slashBps = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IDASigners.RateTooHigh.selector, 10_001, 10_000));
        new DASigners(terms, actor("sampling"));
        terms = _terms();
        terms.reporterBps = type(uint16).max;
        vm.expectRevert(abi.encodeWithSelector(IDASigners.RateTooHigh.selector, 65_535, 10_000));
        new DASigners(terms, actor("sampling"));
    }

    function test_EpochsAreArithmetic() external {
        vm.assertEq(signers.currentEpoch(), 0);
        vm.assertEq(signers.epochAt(START + EPOCH_BLOCKS - 1), 0);
        vm.assertEq(signers.epochAt(START + EPOCH_BLOCKS), 1);
        // A21: ten thousand epochs without a call cost nothing to pass.
        vm.roll(START + 10_000 * EPOCH_BLOCKS);
        vm.assertEq(signers.currentEpoch(), 10_000);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.BeforeFirstBlock.selector, START - 1, START));
        signers.epochAt(START - 1);
    }

    function test_ARegistrationCountsTwoEpochsLater() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 7);
        vm.expectEmit(address(signers));
        emit Registered(0, alice, key, 2 ether, 2, SOCKET);
        vm.prank(alice);
        signers.register{value: 2 ether}(key, proof, SOCKET);

        IDASigners.Signer memory s = signers.signer(0);
        vm.assertEq(s.account, alice);
        vm.assertEq(s.keyHash, keccak256(abi.encode(key)));
        vm.assertEq(s.stake, 2 ether);
        vm.assertEq(s.socket, SOCKET);
        vm.assertEq(signers.signerCount(), 1);
        vm.assertEq(signers.slotOf(alice), 0);
        vm.assertEq(keccak256(abi.encode(signers.aggregateKey())), keccak256(abi.encode(key)));

        for (uint64 epoch = 0; epoch < 4; ++epoch) {
            vm.roll(START + epoch * EPOCH_BLOCKS);
            (uint64 now_, uint96 total) = signers.currentSet();
            vm.assertEq(now_, epoch);
            // A16: neither in the epoch of the change nor in the next.
            vm.assertEq(total, epoch < 2 ? 0 : 2 ether);
        }
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.BeforeHistory.selector, 1));
        signers.findSet(1);
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.BeforeHistory.selector, 1));
        signers.findSlot(0, 1);
    }

    function test_ADepositCountsTwoEpochsLater() external {
        _join(1 ether);
        uint64 epoch = _settle();
        vm.prank(alice);
        signers.deposit{value: 3 ether}(_accountOf(0));
        vm.assertEq(signers.signer(0).stake, 4 ether);
        _assertStake(0, epoch, 1 ether);
        _assertStake(0, epoch + 1, 1 ether);
        _assertStake(0, epoch + 2, 4 ether);
        // A second change in the same epoch replaces the first; hints of earlier epochs stay as they are.
        vm.prank(alice);
        signers.deposit{value: 1 ether}(_accountOf(0));
        _assertStake(0, epoch + 1, 1 ether);
        _assertStake(0, epoch + 2, 5 ether);
        vm.assertEq(signers.findSlot(0, epoch + 2), 1);
    }

    function test_A16_NoChangeReachesTheRunningEpochOrTheNext() external {
        _joinMany(3, 1 ether);
        uint64 epoch = _settle();
        (uint96 total, bytes32 keyHash) = signers.setAt(epoch, signers.findSet(epoch));
        _join(1000 ether);
        vm.prank(alice);
        signers.deposit{value: 500 ether}(_accountOf(1));
        for (uint64 e = epoch; e < epoch + 2; ++e) {
            (uint96 totalThen, bytes32 keyHashThen) = signers.setAt(e, signers.findSet(e));
            vm.assertEq(totalThen, total);
            vm.assertEq(keyHashThen, keyHash);
        }
        (uint96 totalAfter, bytes32 keyHashAfter) = signers.setAt(epoch + 2, signers.findSet(epoch + 2));
        vm.assertEq(totalAfter, 1503 ether);
        vm.assertNotEq(keyHashAfter, keyHash);
    }

    function test_DepositsOfNothingAndToNobodyAreRefused() external {
        _join(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooLow.selector, 0, 1));
        signers.deposit(_accountOf(0));
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NotRegistered.selector, alice));
        signers.deposit{value: 1}(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.UnknownSlot.selector, 1));
        signers.signer(1);
    }

    function test_A32_StakesBeyond96BitsAreRefused() external {
        _join(1 ether);
        address rich = _accountOf(0);
        uint256 tooMuch = 1 << 96;
        vm.deal(address(this), tooMuch);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooHigh.selector, tooMuch, tooMuch - 1));
        signers.deposit{value: tooMuch}(rich);
        // The sum is checked arithmetic.
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        signers.deposit{value: tooMuch - 1}(rich);
    }

    function test_StakeBelowTheMinimumIsRefused() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 7);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.StakeTooLow.selector, MIN_STAKE - 1, MIN_STAKE));
        signers.register{value: MIN_STAKE - 1}(key, proof, SOCKET);
    }

    function test_OneAccountOneSlot() external {
        _register(alice, 7, MIN_STAKE);
        (G1 memory key, G2 memory proof) = _credentials(alice, 8);
        vm.deal(alice, MIN_STAKE);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.AlreadyRegistered.selector, alice, 0));
        signers.register{value: MIN_STAKE}(key, proof, SOCKET);
    }

    function test_OneKeyOneSlot() external {
        _join(MIN_STAKE);
        (G1 memory key, G2 memory proof) = _credentials(alice, secrets[0]);
        vm.prank(alice);
        bytes32 keyHash = keccak256(abi.encode(key));
        vm.expectRevert(abi.encodeWithSelector(IDASigners.KeyTaken.selector, keyHash, _accountOf(0)));
        signers.register{value: MIN_STAKE}(key, proof, SOCKET);
    }

    function test_SocketsHave1To256Bytes() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 7);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.SocketLength.selector, 0, 256));
        signers.register{value: MIN_STAKE}(key, proof, "");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.SocketLength.selector, 257, 256));
        signers.register{value: MIN_STAKE}(key, proof, string(new bytes(257)));
    }

    function test_OnlyTheAccountChangesItsSocket() external {
        _join(MIN_STAKE);
        vm.prank(_accountOf(0));
        signers.updateSocket("http://elsewhere");
        vm.assertEq(signers.signer(0).socket, "http://elsewhere");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.NotRegistered.selector, alice));
        signers.updateSocket("http://mine");
    }

    function test_A10_ARogueKeyHasNoProofOfPossession() external {
        _joinMany(3, MIN_STAKE);
        uint256 mine = 12345;
        // mine·G − Σ keys: with it in the set, `mine` alone would be the secret of the aggregate.
        G1 memory rogue = BLS.add(Signing.publicKey(mine), PointLib.negate(signers.aggregateKey()));
        vm.assertEq(
            keccak256(abi.encode(BLS.add(rogue, signers.aggregateKey()))),
            keccak256(abi.encode(Signing.publicKey(mine)))
        );
        bytes32 message = signers.possessionMessage(alice, rogue);
        G2 memory proof = Signing.prove(mine, message);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, alice));
        signers.register{value: MIN_STAKE}(rogue, proof, SOCKET);
    }

    function test_A10_TheProofBindsTheAccount() external {
        address bob = actor("bob");
        (G1 memory key, G2 memory proof) = _credentials(bob, 7);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, alice));
        signers.register{value: MIN_STAKE}(key, proof, SOCKET);
    }

    function test_A10_TheProofHasATagOfItsOwn() external {
        G1 memory key = Signing.publicKey(7);
        G2 memory attestation = Signing.attest(7, signers.possessionMessage(alice, key));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, alice));
        signers.register{value: MIN_STAKE}(key, attestation, SOCKET);
    }

    function test_A11_TheProofBindsChainAndContract() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 7);
        DASigners other = new DASigners(_terms(), actor("sampling"));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, alice));
        other.register{value: MIN_STAKE}(key, proof, SOCKET);
        vm.chainId(2);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDASigners.PossessionNotProved.selector, alice));
        signers.register{value: MIN_STAKE}(key, proof, SOCKET);
    }

    function test_A10_InfinityIsNoKeyAndNoProof() external {
        G1 memory noKey;
        G2 memory noProof;
        G1 memory key = Signing.publicKey(7);
        vm.startPrank(alice);
        vm.expectRevert(BLS.KeyAtInfinity.selector);
        signers.register{value: MIN_STAKE}(noKey, noProof, SOCKET);
        vm.expectRevert(BLS.SignatureAtInfinity.selector);
        signers.register{value: MIN_STAKE}(key, noProof, SOCKET);
    }

    function test_A6_MalformedKeysAreRefused() external {
        (G1 memory key, G2 memory proof) = _credentials(alice, 7);
        bytes memory refused = abi.encodeWithSelector(BLS.PointRefused.selector, BLS.PAIRING);

        G1 memory offCurve = G1(key.xHi, key.xLo, key.yHi, key.yLo ^ 1);
        _expectRefused(refused, offCurve, proof);
        G1 memory dirty = G1(key.xHi | (1 << 128), key.xLo, key.yHi, key.yLo);
        _expectRefused(refused, dirty, proof);
        // x + p is the same element in another coat.
        unchecked {
            uint256 lo = key.xLo + PointLib.P_LO;
            G1 memory nonCanonical = G1(key.xHi + PointLib.P_HI + (lo < key.xLo ? 1 : 0), lo, key.yHi, key.yLo);
            _expectRefused(refused, nonCanonical, proof);
        }
        // On the curve, of order 3: (0, 2).
        _expectRefused(refused, G1(0, 0, 0, 2), proof);
    }

    function _expectRefused(bytes memory reason, G1 memory key, G2 memory proof) internal {
        vm.prank(alice);
        vm.expectRevert(reason);
        signers.register{value: MIN_STAKE}(key, proof, SOCKET);
    }

    function _assertStake(uint8 slot, uint64 epoch, uint96 expected) internal view {
        (uint96 stake, ) = signers.slotAt(slot, epoch, signers.findSlot(slot, epoch));
        vm.assertEq(stake, expected);
    }
}
