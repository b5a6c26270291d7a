// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Cells of EIP-7594 against their commitment, on chain
/// @notice The commitment of a one-row blob is an ordinary KZG commitment of EIP-4844 (docs/encoding.md 3): with it any
/// contract can read 64 elements of the blob at once, and needs neither the batch nor its trees. Whether the blob was
/// certified, and whether it was flagged since, DAEntrance says: by `verifyBlob` and by `flagsOf`, and a reader needs both.
/// @dev Also reverts with the errors of BLS (`PointRefused`, `PrecompileMissing`), CellPolynomial, CompressedPoint and
/// RowTree (`CellLength`).
interface ICellVerifier {
    /// @notice Is `cell` that of the committed polynomial at `column`? What is no cell, no column or no point is refused:
    /// another verdict than false. As in EIP-7594, the zero polynomial has a commitment (infinity), which is true of
    /// zeros; a blob's header never has that commitment.
    /// @param commitment 48 bytes, compressed
    /// @param column 0…63 are the data, 64…127 the redundancy
    /// @param cell 2048 bytes: 64 elements below the group's order
    /// @param proof 48 bytes, compressed
    function verifyCellKzg(
        bytes calldata commitment,
        uint256 column,
        bytes calldata cell,
        bytes calldata proof
    ) external view returns (bool);

    /// @notice Where the points of the trusted setup are, as code.
    function setup() external view returns (address);
}
