// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {BLS} from "../../../contracts/libraries/BLS.sol";
import {HistoryLib} from "../../../contracts/libraries/HistoryLib.sol";
import {PointLib} from "../../../contracts/libraries/PointLib.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Signing} from "./Signing.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice The joint signature: of whom it is, and every way to pretend.
contract DASignersVerifyTest is SignersTest {
    bytes32 internal constant MESSAGE = keccak256("message");
    uint64 internal epoch;

    function setUp() external {
        _deploySigners();
        _join(1 ether);
        _join(2 ether);
        _join(3 ether);
        _join(4 ether);
        epoch = _settle();
    }

    function test_AllSign() external view {
        _assertStakes(_attestation(epoch, MESSAGE, _none()), 10 ether);
    }

    function test_AbsentStakeDoesNotCount() external view {
        _assertStakes(_attestation(epoch, MESSAGE, _slots(0)), 9 ether);
        _assertStakes(_attestation(epoch, MESSAGE, _slots(1, 3)), 4 ether);
    }

    /// @dev Any subset of signers, any stakes: what is counted is the stake of exactly those who signed.
    function testFuzz_AnySubset(uint256 subset, uint96[6] memory stakes, bytes32 message) external {
        _deploySigners();
        delete secrets;
        uint256 count = stakes.length;
        uint256 total;
        uint256 signed;
        uint256 absentCount;
        subset = bound(subset, 1, (1 << count) - 1);
        for (uint256 i = 0; i < count; ++i) {
            uint96 stake = uint96(bound(stakes[i], MIN_STAKE, type(uint96).max / count));
            _join(stake);
            total += stake;
            if ((subset >> i) & 1 == 1) signed += stake;
            else ++absentCount;
        }
        uint8[] memory absent = new uint8[](absentCount);
        for (uint256 i = count; i > 0; --i) {
            if ((subset >> (i - 1)) & 1 == 0) absent[--absentCount] = uint8(i - 1);
        }
        uint64 e = _settle();
        (uint96 signedStake, uint96 totalStake) = signers.verify(e, message, _attestation(e, message, absent));
        vm.assertEq(totalStake, total);
        vm.assertEq(signedStake, signed);
    }

    function test_PastEpochsKeepTheirSet() external {
        IDASigners.Attestation memory then = _attestation(epoch, MESSAGE, _slots(2));
        _join(5 ether);
        vm.deal(address(this), 7 ether);
        signers.deposit{value: 7 ether}(_accountOf(2));
        uint64 later = _settle();
        _assertStakes(then, 7 ether);

        IDASigners.Attestation memory now_ = _attestation(later, MESSAGE, _slots(2));
        (uint96 signed, uint96 total) = signers.verify(later, MESSAGE, now_);
        vm.assertEq(total, 22 ether);
        vm.assertEq(signed, 12 ether);

        // A11: a hint of another epoch does not pass, in either direction.
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, later), later, then);
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 1, epoch), epoch, now_);
        now_.setHint = then.setHint;
        now_.aggregateKey = then.aggregateKey;
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 1, epoch), epoch, now_);
    }

    function test_HintsBeyondTheHistoryAreRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(0));
        a.setHint = 1;
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 1, epoch), epoch, a);
        a = _attestation(epoch, MESSAGE, _slots(0));
        a.absent[0].hint = type(uint32).max;
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, type(uint32).max, epoch), epoch, a);
        a.absent[0].hint = 0;
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, 1), 1, a);
    }

    function test_A11_AnotherMessageIsRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        vm.expectRevert(IDASigners.SignatureInvalid.selector);
        signers.verify(epoch, keccak256("another"), a);
    }

    function test_A10_AProofOfPossessionIsNoAttestation() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        uint256 all;
        for (uint256 i = 0; i < secrets.length; ++i) all = addmod(all, secrets[i], Signing.R);
        a.signature = Signing.prove(all, MESSAGE);
        _expectRevert(abi.encodeWithSelector(IDASigners.SignatureInvalid.selector), epoch, a);
    }

    function test_A14_AnAbsentSlotCountsOnce() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(1, 3));
        a.absent[1] = a.absent[0];
        _expectRevert(abi.encodeWithSelector(IDASigners.SlotsNotAscending.selector, 1, 1), epoch, a);
    }

    function test_A14_UnsortedSlotsAreRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(1, 3));
        (a.absent[0], a.absent[1]) = (a.absent[1], a.absent[0]);
        _expectRevert(abi.encodeWithSelector(IDASigners.SlotsNotAscending.selector, 3, 1), epoch, a);
    }

    function test_A14_SlotsOutsideTheSetAreRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(3));
        for (uint256 slot = 4; slot < 256; slot += 63) {
            a.absent[0].slot = uint8(slot);
            _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, epoch), epoch, a);
        }
    }

    function test_A14_WhoDoesNotCountYetCannotBeAbsent() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(3));
        _join(1 ether);
        a.absent[0] = IDASigners.NonSigner(4, 0, Signing.publicKey(secrets[4]));
        _expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, epoch), epoch, a);
    }

    function test_WhoIsAbsentIsNotClaimedToHaveSigned() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(0, 1));
        IDASigners.NonSigner[] memory fewer = new IDASigners.NonSigner[](1);
        fewer[0] = a.absent[0];
        a.absent = fewer;
        _expectRevert(abi.encodeWithSelector(IDASigners.SignatureInvalid.selector), epoch, a);
    }

    function test_AKeyThatIsNotTheSlotsIsRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(1));
        G1 memory other = Signing.publicKey(secrets[2]);
        (bytes32 given, bytes32 recorded) = (_hash(other), _hash(a.absent[0].key));
        a.absent[0].key = other;
        _expectRevert(abi.encodeWithSelector(IDASigners.KeyMismatch.selector, 1, given, recorded), epoch, a);
    }

    function test_A10_AForeignAggregateKeyIsRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        bytes32 recorded = _hash(a.aggregateKey);
        a.aggregateKey = Signing.publicKey(5);
        a.signature = Signing.attest(5, MESSAGE);
        bytes memory reason = abi.encodeWithSelector(
            IDASigners.AggregateKeyMismatch.selector,
            _hash(a.aggregateKey),
            recorded
        );
        _expectRevert(reason, epoch, a);
    }

    function test_A15_NobodySigned() external {
        uint8[] memory all = new uint8[](4);
        for (uint8 i = 0; i < 4; ++i) all[i] = i;
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        IDASigners.Attestation memory none = _attestation(epoch, MESSAGE, all);
        a.absent = none.absent;
        // The key of nobody is infinity: e(infinity, …) = 1 would fit a signature at infinity.
        _expectRevert(abi.encodeWithSelector(BLS.KeyAtInfinity.selector), epoch, a);
        _expectRevert(abi.encodeWithSelector(BLS.KeyAtInfinity.selector), epoch, none);
    }

    function test_ASignatureAtInfinityIsRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        G2 memory infinity;
        a.signature = infinity;
        _expectRevert(abi.encodeWithSelector(BLS.SignatureAtInfinity.selector), epoch, a);
    }

    function test_KeysThatCancelOnlyHarmTheirOwner() external {
        // −k is a key like any other to who knows k; both together add nothing to the sum, and sign nothing.
        _register(actor("plus"), 99, 1 ether);
        secrets.push(99);
        _register(actor("minus"), Signing.R - 99, 1 ether);
        secrets.push(Signing.R - 99);
        uint64 e = _settle();
        (uint96 signed, uint96 total) = signers.verify(e, MESSAGE, _attestation(e, MESSAGE, _none()));
        vm.assertEq(total, 12 ether);
        vm.assertEq(signed, 12 ether);
        (signed, ) = signers.verify(e, MESSAGE, _attestation(e, MESSAGE, _slots(4, 5)));
        vm.assertEq(signed, 10 ether);
    }

    function test_MalformedSignaturesAreRefused() external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _none());
        bytes memory refused = abi.encodeWithSelector(BLS.PointRefused.selector, BLS.PAIRING);
        a.signature.y1Lo ^= 1;
        _expectRevert(refused, epoch, a);
        a.signature.y1Lo ^= 1;
        a.signature.x0Hi |= 1 << 200;
        _expectRevert(refused, epoch, a);
    }

    /// @dev Every single flipped bit of the signature, of the aggregate and of an absent key is refused.
    function testFuzz_FlippedBitsAreRefused(uint256 bit) external {
        IDASigners.Attestation memory a = _attestation(epoch, MESSAGE, _slots(2));
        bit = bound(bit, 0, (256 + 128 + 128) * 8 - 1);
        bytes memory raw = abi.encode(a.signature, a.aggregateKey, a.absent[0].key);
        raw[bit / 8] = bytes1(uint8(raw[bit / 8]) ^ uint8(1 << (bit % 8)));
        (a.signature, a.aggregateKey, a.absent[0].key) = abi.decode(raw, (G2, G1, G1));
        vm.expectRevert();
        signers.verify(epoch, MESSAGE, a);
    }

    function test_NegationIsTheInverse() external view {
        G1 memory p = Signing.publicKey(secrets[0]);
        vm.assertTrue(BLS.add(p, PointLib.negate(p)).isInfinity());
        vm.assertEq(_hash(PointLib.negate(p)), _hash(Signing.mul(p, Signing.R - 1)));
        G1 memory infinity;
        vm.assertTrue(PointLib.negate(infinity).isInfinity());
    }

    function _assertStakes(IDASigners.Attestation memory a, uint256 expected) internal view {
        (uint96 signed, uint96 total) = signers.verify(epoch, MESSAGE, a);
        vm.assertEq(total, 10 ether);
        vm.assertEq(signed, expected);
    }

    function _expectRevert(bytes memory reason, uint64 e, IDASigners.Attestation memory a) internal {
        vm.expectRevert(reason);
        signers.verify(e, MESSAGE, a);
    }
}
