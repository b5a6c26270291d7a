// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";
import {Naive} from "./Naive.sol";

/// @notice The rows of a batch, of which one is known to the byte: its cells, and their proofs, made the slow way.
library KnownRows {
    struct Batch {
        bytes32 salt;
        uint256 rowCount;
        uint256 row;
        bytes32[] cells;
        bytes32[] nodes;
        /// Siblings from the known row up to its node.
        bytes32[] above;
        bytes32 rowsRoot;
    }

    function make(bytes32 salt, uint256 rowCount, uint256 row) internal pure returns (Batch memory b) {
        (b.salt, b.rowCount, b.row) = (salt, rowCount, row);
        b.cells = new bytes32[](128);
        for (uint256 column = 0; column < 128; ++column) b.cells[column] = _rootOf(cell(b, column));
        // 0G's padding: to a multiple of a sixteenth of the next power of two, and a node for each digit of that.
        uint256 power = 1;
        while (power < rowCount) power *= 2;
        uint256 unit = power < 16 ? 1 : power / 16;
        uint256 padded = ((rowCount + unit - 1) / unit) * unit;
        uint256 start = 0;
        for (uint256 size = power; size != 0; size /= 2) {
            if (padded & size == 0) continue;
            bytes32[] memory covered = new bytes32[](size);
            for (uint256 i = 0; i < size; ++i) covered[i] = _segment(b, start + i);
            b.nodes = _join(b.nodes, Naive.root(covered));
            if (row >= start && row < start + size) b.above = Naive.path(covered, row - start);
            start += size;
        }
        b.rowsRoot = keccak256(abi.encodePacked(b.nodes));
    }

    /// @notice 2048 bytes of the known row.
    function cell(Batch memory b, uint256 column) internal pure returns (bytes memory) {
        uint256[64] memory words;
        bytes32 seed = keccak256(abi.encode(b.salt, column));
        for (uint256 i = 0; i < 64; ++i) words[i] = uint256(keccak256(abi.encode(seed, i)));
        return abi.encodePacked(words);
    }

    function proof(Batch memory b, uint256 column) internal pure returns (RowsProof memory p) {
        p.nodes = b.nodes;
        p.path = Naive.path(b.cells, column);
        for (uint256 i = 0; i < b.above.length; ++i) p.path = _join(p.path, b.above[i]);
    }

    function _segment(Batch memory b, uint256 row) private pure returns (bytes32) {
        if (row == b.row) return Naive.root(b.cells);
        return row < b.rowCount ? keccak256(abi.encode(b.salt, "segment", row)) : ZeroHashes.root(10);
    }

    function _rootOf(bytes memory data) private pure returns (bytes32) {
        bytes32[] memory sectors = new bytes32[](8);
        for (uint256 i = 0; i < 8; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(sectors, 32), shl(5, i)), keccak256(add(add(data, 32), shl(8, i)), 256))
            }
        }
        return Naive.root(sectors);
    }

    function _join(bytes32[] memory list, bytes32 last) private pure returns (bytes32[] memory all) {
        all = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) all[i] = list[i];
        all[list.length] = last;
    }
}
