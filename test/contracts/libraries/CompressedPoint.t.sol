// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BLS} from "../../../contracts/libraries/BLS.sol";
import {CompressedPoint} from "../../../contracts/libraries/CompressedPoint.sol";
import {PointLib} from "../../../contracts/libraries/PointLib.sol";
import {G1} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "../da/Signing.sol";

/// @notice The library behind a call, so that its reverts can be seen and its input is calldata.
contract CompressedPointCaller {
    function decompress(bytes calldata encoded) external view returns (G1 memory) {
        return CompressedPoint.decompress(encoded);
    }
}

contract CompressedPointTest is Test {
    CompressedPointCaller internal library_ = new CompressedPointCaller();

    function testFuzz_APointAndItsNegativeComeBack(uint256 secret) external view {
        G1 memory point = Signing.publicKey(bound(secret, 1, Signing.R - 1));
        vm.assertEq(abi.encode(library_.decompress(_compress(point))), abi.encode(point));
        G1 memory negative = point.negate();
        vm.assertEq(abi.encode(library_.decompress(_compress(negative))), abi.encode(negative));
        vm.assertNotEq(keccak256(_compress(negative)), keccak256(_compress(point)));
    }

    function test_TheGeneratorIsWrittenAsEverywhere() external view {
        bytes memory g =
            hex"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
        vm.assertEq(abi.encode(library_.decompress(g)), abi.encode(Signing.generator()));
    }

    function test_InfinityIsAPoint() external view {
        bytes memory infinity = bytes.concat(hex"c0", new bytes(47));
        vm.assertTrue(library_.decompress(infinity).isInfinity());
    }

    /// @dev Infinity with any other bit set, and flags without the first.
    function testFuzz_A6_OtherFlagsAreRefused(uint256 bit, uint8 flags, bytes32 rest) external {
        bytes memory infinity = bytes.concat(hex"c0", new bytes(47));
        bit = bound(bit, 0, 381);
        infinity[47 - bit / 8] |= bytes1(uint8(1 << (bit % 8)));
        _refused(infinity);
        _refused(bytes.concat(bytes1(flags % 128), rest, new bytes(15)));
    }

    function test_A6_APointHas48Bytes() external {
        uint256[4] memory lengths = [uint256(0), 47, 49, 96];
        for (uint256 i = 0; i < lengths.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(CompressedPoint.PointLength.selector, lengths[i], 48));
            library_.decompress(new bytes(lengths[i]));
        }
    }

    /// @dev What no point has that x comes out as no point, and the next precompile says so.
    function testFuzz_A6_WhatIsNoPointIsRefusedWhereItIsUsed(bytes32 lo) external view {
        bytes memory encoded = abi.encodePacked(hex"8a", bytes15(0), lo);
        G1 memory point = library_.decompress(encoded);
        (bool onCurve, bytes memory sum) = BLS.G1ADD.staticcall{gas: BLS.G1ADD_GAS}(abi.encode(point, point));
        vm.assertEq(onCurve, _isSquare(point));
        if (onCurve) vm.assertEq(sum.length, 128);
    }

    function test_AMissingPrecompileIsNamed() external {
        bytes memory encoded = _compress(Signing.generator());
        vm.mockCall(BLS.MODEXP, "", "");
        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileMissing.selector, BLS.MODEXP));
        library_.decompress(encoded);
        vm.clearMockedCalls();
    }

    function _refused(bytes memory encoded) internal {
        bytes32 hi;
        bytes32 tail;
        assembly ("memory-safe") {
            hi := mload(add(encoded, 32))
            tail := mload(add(encoded, 64))
        }
        vm.expectRevert(abi.encodeWithSelector(CompressedPoint.PointEncoding.selector, hi, bytes16(tail)));
        library_.decompress(encoded);
    }

    /// @dev Euler: (x³ + 4)^((p − 1)/2) = 1, by the precompile alone.
    function _isSquare(G1 memory point) internal view returns (bool) {
        bytes memory p = abi.encodePacked(uint128(PointLib.P_HI), PointLib.P_LO);
        bytes memory x = abi.encodePacked(uint128(point.xHi), point.xLo);
        bytes memory cube = _modexp(x, hex"03", p);
        uint256 last = uint8(cube[47]);
        // The last byte's carry is a matter of one case in 64; such an x is left to the other runs.
        vm.assume(last < 252);
        cube[47] = bytes1(uint8(last + 4));
        bytes memory half =
            hex"0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555";
        bytes memory euler = _modexp(cube, half, p);
        return keccak256(euler) == keccak256(bytes.concat(new bytes(47), hex"01"));
    }

    function _modexp(
        bytes memory base,
        bytes memory exponent,
        bytes memory modulus
    ) internal view returns (bytes memory) {
        bytes memory input = abi.encodePacked(base.length, exponent.length, modulus.length, base, exponent, modulus);
        (bool success, bytes memory output) = BLS.MODEXP.staticcall(input);
        require(success && output.length == modulus.length, "modexp");
        return output;
    }

    function _compress(G1 memory point) internal pure returns (bytes memory) {
        G1 memory negative = point.negate();
        bool larger = point.yHi > negative.yHi || (point.yHi == negative.yHi && point.yLo > negative.yLo);
        return abi.encodePacked(uint128(point.xHi | (larger ? 0xa0 << 120 : 0x80 << 120)), point.xLo);
    }
}
