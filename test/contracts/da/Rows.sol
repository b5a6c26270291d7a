// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "../../../contracts/libraries/MerkleHash.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";

/// @notice Rows whose cells can be told apart, and proofs of them under a rowsRoot, the slow way.
/// @dev A cell is its number and zeros: all sectors but its first are empty. At most 16 rows: then the entry's nodes are
/// the binary digits of the row count.
library Rows {
    function cell(bytes32 salt, uint256 row, uint256 column) internal pure returns (bytes memory) {
        return abi.encodePacked(_number(salt, row, column), new bytes(2016));
    }

    function nodes(bytes32 salt, uint256 rowCount) internal pure returns (bytes32[] memory roots) {
        uint256 count = 0;
        for (uint256 rest = rowCount; rest != 0; rest &= rest - 1) ++count;
        roots = new bytes32[](count);
        uint256 from = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 size = _sizeAt(rowCount, from);
            roots[i] = _fold(_cellRoots(salt, from, size));
            from += size;
        }
    }

    function proof(
        bytes32 salt,
        uint256 rowCount,
        uint256 row,
        uint256 column
    ) internal pure returns (RowsProof memory p) {
        p.nodes = nodes(salt, rowCount);
        uint256 from = 0;
        while (from + _sizeAt(rowCount, from) <= row) from += _sizeAt(rowCount, from);
        bytes32[] memory roots = _cellRoots(salt, from, _sizeAt(rowCount, from));
        p.path = new bytes32[](7 + _log2(roots.length / 128));
        uint256 place = (row - from) * 128 + column;
        uint256 left = roots.length;
        for (uint256 level = 0; level < p.path.length; ++level) {
            p.path[level] = roots[place ^ 1];
            left = _halve(roots, left);
            place /= 2;
        }
    }

    function _fold(bytes32[] memory roots) private pure returns (bytes32) {
        for (uint256 left = roots.length; left > 1;) left = _halve(roots, left);
        return roots[0];
    }

    /// @dev In place: a batch in every fuzz run must not eat the memory.
    function _halve(bytes32[] memory roots, uint256 count) private pure returns (uint256) {
        for (uint256 i = 0; i < count / 2; ++i) roots[i] = MerkleHash.node(roots[2 * i], roots[2 * i + 1]);
        return count / 2;
    }

    function _log2(uint256 x) private pure returns (uint256 log) {
        while (x >> (log + 1) != 0) ++log;
    }

    /// @dev Rows of the node that begins at row `from`: the highest digit of what is left.
    function _sizeAt(uint256 rowCount, uint256 from) private pure returns (uint256 size) {
        size = 1;
        while (size * 2 <= rowCount - from) size *= 2;
    }

    function _cellRoots(bytes32 salt, uint256 from, uint256 rows) private pure returns (bytes32[] memory roots) {
        roots = new bytes32[](rows * 128);
        // A cell's first sector, and the hash of all others.
        bytes memory sector = new bytes(256);
        bytes32 empty = keccak256(sector);
        bytes32 two = MerkleHash.node(empty, empty);
        bytes32 four = MerkleHash.node(two, two);
        for (uint256 i = 0; i < roots.length; ++i) {
            bytes32 first = _number(salt, from + i / 128, i % 128);
            assembly ("memory-safe") {
                mstore(add(sector, 32), first)
            }
            bytes32 left = MerkleHash.node(MerkleHash.node(keccak256(sector), empty), two);
            roots[i] = MerkleHash.node(left, four);
        }
    }

    function _number(bytes32 salt, uint256 row, uint256 column) private pure returns (bytes32) {
        return MerkleHash.node(salt, bytes32(row * 128 + column));
    }
}
