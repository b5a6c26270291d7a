// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowTree} from "./RowTree.sol";

/// @title A cell as the polynomial of degree < 64 that it is the values of
/// @notice Element i of cell k is the row's polynomial at h·ω_64^brp6(i), h = ω_8192^brp7(k): a coset of the 64th roots of
/// unity, in bit-reversed order (EIP-7594). brp reverses the bits of a number of that many.
library CellPolynomial {
    /// @notice A field element is smaller than the group's order: else one value would have two encodings.
    error NonCanonicalElement(uint256 element);
    error ColumnOutOfRange(uint256 column, uint256 columns);

    uint256 internal constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    uint256 internal constant ELEMENTS = 64;

    // ω_n = 7^((r − 1)/n), 7 being the smallest generator of the field.
    uint256 private constant INVERSE_ROOT_8192 = 0x57e6990d4981b177d548fda262008419204f9476cecef2df68946aad325251ed;
    uint256 private constant INVERSE_ROOT_64 = 0x640d097461a2eeaf4e84b3cd7dc75b61db872ef3dce28e788d28c143168bba2c;
    uint256 private constant ROOT_128 = 0x6898111413588742b7c68b4d7fdd60d098d0caac87f5713c5130c2c1660125be;
    uint256 private constant INVERSE_OF_64 = 0x721df0b5dcf70753126cf0a7e97b50a53e6ead72f3fe628f03ffffff04000001;

    /// @notice Coefficients of the polynomial, the constant first.
    /// @param cell 64 elements, 2048 bytes
    /// @param column of the cell, below 128
    /// @dev In assembly because each of 192 butterflies would check the bounds of four places that cannot be out of them;
    /// 52,000 gas as it is. Safe: it reads and writes the two arrays below, whose sizes bound every index. Compared with
    /// evaluation by Horner's rule by CellPolynomial.t.sol, and with c-kzg's cells by CellVerifier.t.sol.
    function interpolate(bytes calldata cell, uint256 column) internal pure returns (uint256[64] memory f) {
        if (cell.length != RowTree.CELL_BYTES) revert RowTree.CellLength(cell.length, RowTree.CELL_BYTES);
        uint256[32] memory roots;
        uint256 element;
        uint256 untwist = _reversedPower(INVERSE_ROOT_8192, column);
        assembly ("memory-safe") {
            calldatacopy(f, cell.offset, 2048)
            let end := add(f, 2048)
            let at := f
            for {} lt(at, end) {
                at := add(at, 32)
            } {
                if iszero(lt(mload(at), ORDER)) {
                    break
                }
            }
            element := shr(5, sub(at, f))

            // Powers of ω_64^-1.
            let power := 1
            let rootsEnd := add(roots, 1024)
            for {
                at := roots
            } lt(at, rootsEnd) {
                at := add(at, 32)
            } {
                mstore(at, power)
                power := mulmod(power, INVERSE_ROOT_64, ORDER)
            }

            // Inverse transform, from bit-reversed to natural order: spans of 1, 2, … 32 elements are joined.
            let step := 1024
            for {
                let span := 32
            } lt(span, 2048) {
                span := shl(1, span)
            } {
                let root := roots
                for {
                    let first := f
                } lt(first, add(f, span)) {
                    first := add(first, 32)
                    root := add(root, step)
                } {
                    let w := mload(root)
                    for {
                        at := first
                    } lt(at, end) {
                        at := add(at, shl(1, span))
                    } {
                        let a := mload(at)
                        let b := mulmod(mload(add(at, span)), w, ORDER)
                        mstore(at, addmod(a, b, ORDER))
                        mstore(add(at, span), addmod(a, sub(ORDER, b), ORDER))
                    }
                }
                step := shr(1, step)
            }

            // f(h·x) was interpolated over the roots themselves: coefficient i takes h^-i, and 1/64 of the transform.
            let scale := INVERSE_OF_64
            for {
                at := f
            } lt(at, end) {
                at := add(at, 32)
            } {
                mstore(at, mulmod(mload(at), scale, ORDER))
                scale := mulmod(scale, untwist, ORDER)
            }
        }
        if (element != ELEMENTS) revert NonCanonicalElement(element);
    }

    /// @notice What x^64 is on the column's coset, the same for all its 64 points.
    function power64(uint256 column) internal pure returns (uint256) {
        return _reversedPower(ROOT_128, column);
    }

    /// @dev root^brp7(column).
    function _reversedPower(uint256 root, uint256 column) private pure returns (uint256 power) {
        if (column >= RowTree.CELLS) revert ColumnOutOfRange(column, RowTree.CELLS);
        power = 1;
        for (uint256 bit = 64; bit != 0; bit >>= 1) {
            if (column & bit != 0) power = mulmod(power, root, ORDER);
            root = mulmod(root, root, ORDER);
        }
    }
}
