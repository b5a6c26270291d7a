// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowsProof} from "../types/RowsProof.sol";
import {EntryLib} from "./EntryLib.sol";
import {MerklePath} from "./MerklePath.sol";
import {RowTree} from "./RowTree.sol";

/// @notice The rows of a batch under its `rowsRoot`, by their number in the whole batch.
/// ```
/// cell ──7──▶ row (0G segment, level 10) ──height − 10──▶ node of the rows' entry ──keccak of all nodes──▶ rowsRoot
/// ```
/// @dev What is on record is enough: whoever keeps the metadata back cannot stop a proof. Which node covers a row, and
/// how deep the row lies under it, follow from the row count by 0G's rule, never from the proof.
library BatchRows {
    /// @notice The path leads to another node than the one that covers the row.
    error NotUnderRowsRoot(bytes32 computedNode, bytes32 node);

    uint256 internal constant SEGMENT_HEIGHT = 10;

    /// @notice Reverts unless the cell whose eight sectors have the root `cellRoot` is the one at (row, column).
    /// @param row counted through the batch
    /// @param column 0…63 are the data, 64…127 the redundancy
    /// @param rowCount of the batch, as on record; at least 1
    function checkCell(
        bytes32 cellRoot,
        uint256 row,
        uint256 column,
        uint256 rowCount,
        bytes32 rowsRoot,
        RowsProof calldata proof
    ) internal pure {
        MerklePath.requireIndex(column, RowTree.CELLS);
        (bytes32 node, uint256 above, uint256 height) = _cover(row, rowCount, rowsRoot, proof.nodes);
        uint256 index = above * RowTree.CELLS + column;
        _check(MerklePath.root(cellRoot, index, height + RowTree.CELL_LEVELS, proof.path), node);
    }

    /// @notice Reverts unless the sector with that hash is the one at (row, sector).
    /// @param sector of the extended row: 0…511 are the data, 512…1023 the redundancy
    function checkSector(
        bytes32 sectorHash,
        uint256 row,
        uint256 sector,
        uint256 rowCount,
        bytes32 rowsRoot,
        RowsProof calldata proof
    ) internal pure {
        MerklePath.requireIndex(sector, RowTree.SECTORS);
        (bytes32 node, uint256 above, uint256 height) = _cover(row, rowCount, rowsRoot, proof.nodes);
        uint256 index = above * RowTree.SECTORS + sector;
        _check(MerklePath.root(sectorHash, index, height + RowTree.SECTOR_LEVELS, proof.path), node);
    }

    function _check(bytes32 computed, bytes32 node) private pure {
        if (computed != node) revert NotUnderRowsRoot(computed, node);
    }

    /// @dev The node that covers the row, the row's place in it, and its height in rows (2^height of them).
    function _cover(
        uint256 row,
        uint256 rowCount,
        bytes32 rowsRoot,
        bytes32[] calldata nodes
    ) private pure returns (bytes32 node, uint256 place, uint256 height) {
        MerklePath.requireIndex(row, rowCount);
        bytes32 identity = keccak256(abi.encodePacked(nodes));
        if (identity != rowsRoot) revert EntryLib.IdentityMismatch(identity, rowsRoot);
        // A row has a power of two of sectors, so the padded size is whole rows: one node for each binary digit that is one.
        uint256 rows = EntryLib.paddedSectors(rowCount * RowTree.ROW_BYTES) >> SEGMENT_HEIGHT;
        uint256 count = _ones(rows);
        if (count != nodes.length) revert EntryLib.NodeCount(nodes.length, count);

        height = MerklePath.depthOf(rows + 1);
        place = row;
        for (uint256 i = 0; ; ++i) {
            // The highest digit not passed yet. The row lies below the padded size, so there is one that covers it.
            do {
                --height;
            } while ((rows >> height) & 1 == 0);
            if (place < 1 << height) return (nodes[i], place, height);
            place -= 1 << height;
        }
    }

    function _ones(uint256 x) private pure returns (uint256 count) {
        for (; x != 0; x &= x - 1) ++count;
    }
}
