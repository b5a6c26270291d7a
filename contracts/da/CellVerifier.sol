// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICellVerifier} from "../interfaces/ICellVerifier.sol";
import {BLS} from "../libraries/BLS.sol";
import {CellPolynomial} from "../libraries/CellPolynomial.sol";
import {CompressedPoint} from "../libraries/CompressedPoint.sol";
import {G1} from "../types/Points.sol";
import {KzgSetup} from "./KzgSetup.sol";

/// @title See ICellVerifier
/// @dev With I the polynomial of degree < 64 that has the cell's values, and z = h^64 for the column's coset h·⟨ω_64⟩, the
/// cell is right iff C − [I(τ)]₁ = π·(τ^64 − z), which is
///
///     e(Σ I_i·[τ^i]₁ − C − z·π, [1]₂) · e(π, [τ^64]₂) = 1
///
/// The sum is one multiplication of 66 points, whose precompile also checks that C and π are on the curve and in the
/// subgroup.
contract CellVerifier is ICellVerifier {
    /// @dev Twice the price of 66 points by EIP-2537: 66 × 12,000 × 0.574.
    uint256 private constant MSM_GAS = 909_216;
    /// @dev A point of 128 bytes and a scalar of 32, for each of 64 coefficients, C and π.
    uint256 private constant TERMS_BYTES = 66 * 160;
    uint256 private constant TERMS_WORDS = 330;

    /// @inheritdoc ICellVerifier
    address public immutable setup;

    constructor() {
        setup = address(new KzgSetup());
    }

    /// @inheritdoc ICellVerifier
    function verifyCellKzg(
        bytes calldata commitment,
        uint256 column,
        bytes calldata cell,
        bytes calldata proof
    ) external view returns (bool) {
        uint256 z = CellPolynomial.power64(column);
        uint256[64] memory coefficients = CellPolynomial.interpolate(cell, column);
        G1 memory c = CompressedPoint.decompress(commitment);
        G1 memory pi = CompressedPoint.decompress(proof);
        return _holds(coefficients, c, pi, z);
    }

    /// @dev In assembly because the points come from code, and the precompile wants each beside its scalar. Safe: it
    /// writes the two arrays below, whose sizes the offsets add up to.
    ///
    ///     terms    64 × (point 128 | coefficient 32), C | −1, π | −z
    ///     points   as KzgSetup has them: 64 × 128, [1]₂ 256, [τ^64]₂ 256
    ///     pairs    sum 128 | [1]₂ 256 | π 128 | [τ^64]₂ 256, in the place of the terms
    function _holds(uint256[64] memory coefficients, G1 memory c, G1 memory pi, uint256 z) private view returns (bool) {
        uint256[TERMS_WORDS] memory terms;
        uint256[272] memory points;
        address source = setup;
        uint256 input;
        assembly ("memory-safe") {
            input := terms
            extcodecopy(source, points, 0, 8704)
            for {
                let i := 0
            } lt(i, 64) {
                i := add(i, 1)
            } {
                mcopy(input, add(points, shl(7, i)), 128)
                mstore(add(input, 128), mload(add(coefficients, shl(5, i))))
                input := add(input, 160)
            }
            mcopy(input, c, 128)
            mcopy(add(input, 160), pi, 128)
            input := terms
        }
        // Neither is zero mod the order.
        terms[TERMS_WORDS - 6] = CellPolynomial.ORDER - 1;
        terms[TERMS_WORDS - 1] = CellPolynomial.ORDER - z;
        BLS.invoke(BLS.G1MSM, MSM_GAS, input, TERMS_BYTES, input, 128);
        assembly ("memory-safe") {
            mcopy(add(input, 128), add(points, 8192), 256)
            mcopy(add(input, 384), pi, 128)
            mcopy(add(input, 512), add(points, 8448), 256)
        }
        BLS.invoke(BLS.PAIRING, BLS.PAIRING_GAS, input, 768, input, 32);
        return terms[0] == 1;
    }
}
