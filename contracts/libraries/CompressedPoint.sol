// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../types/Points.sol";
import {BLS} from "./BLS.sol";
import {PointLib} from "./PointLib.sol";

/// @title Points of G1 in the 48 bytes in which blob headers, proofs and all of Ethereum write them
/// @notice The first three bits say: compressed (always set), infinity, the larger of the two y. The rest is x.
/// @dev What comes out need not be a point: for an x ≥ p, an x that no point has, or a point outside the subgroup, the
/// precompile that uses it refuses it. So there is no check here that is made again there.
library CompressedPoint {
    error PointLength(uint256 length, uint256 required);
    /// @notice Flags that no encoding has, or infinity with anything but zeros.
    error PointEncoding(bytes32 hi, bytes16 lo);

    uint256 internal constant LENGTH = 48;

    uint256 private constant COMPRESSED = 0x80 << 120;
    uint256 private constant INFINITY = 0x40 << 120;
    uint256 private constant LARGER = 0x20 << 120;
    // (p − 1) / 2: of y and p − y, the larger is above it.
    uint256 private constant HALF_HI = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LO = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;
    // (p + 1) / 4: as p = 3 mod 4, this power of a square is its root.
    bytes private constant ROOT =
        hex"0680447a8e5ff9a692c6e9ed90d2eb35d91dd2e13ce144afd9cc34a83dac3d8907aaffffac54ffffee7fbfffffffeaab";

    // Twice the price by EIP-7883: x³ 500, the root 72 × 506; four times as much as by EIP-2565.
    uint256 private constant CUBE_GAS = 1_000;
    uint256 private constant ROOT_GAS = 72_864;

    /// @notice The point of `encoded`, if it is one.
    function decompress(bytes calldata encoded) internal view returns (G1 memory point) {
        if (encoded.length != LENGTH) revert PointLength(encoded.length, LENGTH);
        (uint256 hi, uint256 lo) = (uint128(bytes16(encoded[:16])), uint256(bytes32(encoded[16:])));
        uint256 flags = hi & (COMPRESSED | INFINITY | LARGER);
        if (flags == COMPRESSED | INFINITY && hi == flags && lo == 0) return point;
        if (flags & (COMPRESSED | INFINITY) != COMPRESSED)
            revert PointEncoding(bytes32(encoded[:32]), bytes16(encoded[32:]));
        hi ^= flags;

        (uint256 squareHi, uint256 squareLo) = _power(hi, lo, hex"03", CUBE_GAS);
        unchecked {
            // y² = x³ + 4; the sum may be ≥ p, not ≥ 2^384.
            squareLo += 4;
            if (squareLo < 4) ++squareHi;
        }
        (uint256 yHi, uint256 yLo) = _power(squareHi, squareLo, ROOT, ROOT_GAS);
        point = G1(hi, lo, yHi, yLo);
        bool larger = yHi > HALF_HI || (yHi == HALF_HI && yLo > HALF_LO);
        if (larger != (flags & LARGER != 0)) point = point.negate();
    }

    /// @dev (hi ‖ lo)^exponent mod p, numbers of 48 bytes.
    function _power(
        uint256 hi,
        uint256 lo,
        bytes memory exponent,
        uint256 gasCap
    ) private view returns (uint256 powerHi, uint256 powerLo) {
        bytes memory input = abi.encodePacked(
            [LENGTH, exponent.length, LENGTH],
            uint128(hi),
            lo,
            exponent,
            uint128(PointLib.P_HI),
            PointLib.P_LO
        );
        uint256[2] memory output;
        uint256 from;
        uint256 to;
        assembly ("memory-safe") {
            from := add(input, 32)
            // 48 bytes at the end of 64: both words are then aligned.
            to := add(output, 16)
        }
        BLS.invoke(BLS.MODEXP, gasCap, from, input.length, to, LENGTH);
        (powerHi, powerLo) = (output[0], output[1]);
    }
}
