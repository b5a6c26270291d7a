// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "./MerkleHash.sol";
import {MerklePath} from "./MerklePath.sol";

/// @notice The tree under a blob's dataRoot: 0G's, so that what is read here is what is stored and mined.
/// ```
/// sector (256 B) ──3──▶ cell (2048 B) ──7──▶ extended row = 0G segment (262,144 B) ──⌈log2 rows⌉──▶ dataRoot
/// ```
/// @dev It has no tags to tell leaves from nodes: the depth follows from the row count, which the header binds.
library RowTree {
    error CellLength(uint256 length, uint256 required);

    uint256 internal constant SECTOR_BYTES = 256;
    uint256 internal constant CELL_BYTES = 2048;
    uint256 internal constant CELLS = 128;
    uint256 internal constant SECTORS = 1024;
    uint256 internal constant ROW_BYTES = SECTORS * SECTOR_BYTES;
    /// @dev Levels from a cell, and from a sector, to its row.
    uint256 internal constant CELL_LEVELS = 7;
    uint256 internal constant SECTOR_LEVELS = 10;

    /// @notice Root of the eight sectors of a cell.
    function cellRoot(bytes calldata cell) internal pure returns (bytes32) {
        if (cell.length != CELL_BYTES) revert CellLength(cell.length, CELL_BYTES);
        return MerkleHash.node(_half(cell[:CELL_BYTES / 2]), _half(cell[CELL_BYTES / 2:]));
    }

    /// @notice The dataRoot that `cell` at (row, column) of `rows` rows has under `path`.
    function rootOfCell(
        bytes calldata cell,
        uint256 row,
        uint256 column,
        uint256 rows,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        MerklePath.requireIndex(row, rows);
        MerklePath.requireIndex(column, CELLS);
        uint256 depth = CELL_LEVELS + MerklePath.depthOf(rows);
        return MerklePath.root(cellRoot(cell), row * CELLS + column, depth, path);
    }

    /// @notice The dataRoot that `sector` at `index` of rows × 1024 has under `path`.
    function rootOfSector(
        bytes32[8] calldata sector,
        uint256 index,
        uint256 rows,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        MerklePath.requireIndex(index, rows * SECTORS);
        uint256 depth = SECTOR_LEVELS + MerklePath.depthOf(rows);
        return MerklePath.root(keccak256(abi.encode(sector)), index, depth, path);
    }

    /// @dev Root of four sectors.
    function _half(bytes calldata half) private pure returns (bytes32) {
        return
            MerkleHash.node(
                MerkleHash.node(keccak256(half[:256]), keccak256(half[256:512])),
                MerkleHash.node(keccak256(half[512:768]), keccak256(half[768:1024]))
            );
    }
}
