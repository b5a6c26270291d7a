// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Opening} from "../types/FraudProof.sol";

/// @notice Openings of KZG commitments through EIP-4844's precompile, at the points of an extended row.
library PointEvaluation {
    /// @notice The commitment is no point of the group, or does not open to this value at this point.
    error OpeningRefused(uint256 point, bytes32 value);
    /// @notice The chain has no precompile of EIP-4844.
    error PrecompileMissing(address precompile);

    /// @dev Order of the scalar field of BLS12-381.
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    address private constant PRECOMPILE = address(0x0a);
    /// @dev Twice the price: a refused input burns all gas given.
    uint256 private constant GAS = 100_000;
    uint256 private constant OUTPUT_BYTES = 64;
    bytes32 private constant VERSION = bytes32(uint256(0x01) << 248);
    bytes32 private constant VERSION_MASK = bytes32(type(uint256).max >> 8);

    /// @dev Elements of an extended row, a power of two.
    uint256 internal constant POSITIONS = 8192;
    uint256 private constant LOG_POSITIONS = 13;
    /// @dev A primitive 8192nd root of unity: 7^((R − 1) / 8192).
    uint256 private constant OMEGA = 0x485d512737b1da3d2ccddea2972e89ed146b58bc434906ac6fdd00bfc78c8967;

    /// @notice Where the polynomial of a row is evaluated to give its element at `position` < 8192: ω^brp(position), EIP-7594's
    /// order.
    function pointOf(uint256 position) internal pure returns (uint256 point) {
        point = 1;
        // The exponent has the bits of the position in reverse: its highest is the position's lowest.
        for (uint256 bit = 0; bit < LOG_POSITIONS; ++bit) {
            point = mulmod(point, point, R);
            if ((position >> bit) & 1 == 1) point = mulmod(point, OMEGA, R);
        }
    }

    /// @notice Reverts unless the 48-byte commitment opens to `opening.value` at `point`.
    /// @dev The precompile checks that commitment and proof are points of the group, and that the value is canonical.
    function check(bytes32 commitmentHi, bytes16 commitmentLo, uint256 point, Opening calldata opening) internal view {
        bytes32 hash = sha256(abi.encodePacked(commitmentHi, commitmentLo));
        bytes32 versioned = (hash & VERSION_MASK) | VERSION;
        (bool success, bytes memory output) = PRECOMPILE.staticcall{gas: GAS}(
            abi.encodePacked(versioned, point, opening.value, commitmentHi, commitmentLo, opening.proof)
        );
        if (!success) revert OpeningRefused(point, opening.value);
        if (output.length != OUTPUT_BYTES) revert PrecompileMissing(PRECOMPILE);
    }
}
