// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A cell's or a sector's place in the rows of a batch as the log stores them: no header, no metadata.
/// @param nodes node roots of the rows' entry in the log, left to right: what `confirmBatch` took
/// @param path siblings from the cell, or the sector, up to the node that covers its row
struct RowsProof {
    bytes32[] nodes;
    bytes32[] path;
}
