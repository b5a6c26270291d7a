// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "./MerkleHash.sol";

/// @notice Index-bound paths in trees of keccak256(left ‖ right).
/// @dev The depth is an argument, derived by the caller from counts on record: a path of another length is refused, so
/// that no node passes for a leaf and no leaf for a deeper one.
library MerklePath {
    error PathLength(uint256 length, uint256 depth);
    error IndexOutOfRange(uint256 index, uint256 count);

    /// @notice The root that `leaf` at `index` has under `path`. Reverts unless path.length = depth and index < 2^depth.
    function root(
        bytes32 leaf,
        uint256 index,
        uint256 depth,
        bytes32[] calldata path
    ) internal pure returns (bytes32 node) {
        if (path.length != depth) revert PathLength(path.length, depth);
        requireIndex(index, 1 << depth);
        node = leaf;
        for (uint256 level = 0; level < depth; ++level) {
            node = (index >> level) & 1 == 0 ? MerkleHash.node(node, path[level]) : MerkleHash.node(path[level], node);
        }
    }

    function requireIndex(uint256 index, uint256 count) internal pure {
        if (index >= count) revert IndexOutOfRange(index, count);
    }

    /// @notice Levels of a tree that holds `count` ≥ 1 leaves: ⌈log2 count⌉.
    function depthOf(uint256 count) internal pure returns (uint256 depth) {
        while (1 << depth < count) ++depth;
    }
}
