// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The sector of one extended row that holds the element in question, with its siblings up to the row: 576 bytes.
struct RowSector {
    bytes32[8] sector;
    bytes32[10] path;
}

/// @notice Consecutive rows of a blob: all that an aligned subtree of 2^height of them holds.
/// @param height of the subtree, counted in rows; the whole blob has ⌈log2 rows⌉
/// @param rows 2^height of them, or fewer where the blob ends
/// @param path siblings from the subtree up to the dataRoot: none if it is the whole blob
struct RowsPart {
    uint256 height;
    RowSector[] rows;
    bytes32[] path;
}

/// @notice What a commitment's polynomial is at a point, with the proof for EIP-4844's precompile.
/// @param value canonical field element
/// @param proof 48 bytes, a compressed point
struct Opening {
    bytes32 value;
    bytes proof;
}
