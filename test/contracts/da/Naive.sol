// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Merkle trees the slow way: all leaves at hand, level by level.
library Naive {
    /// @dev To a power of two, with `fill` at the end.
    function pad(bytes32[] memory leaves, bytes32 fill) internal pure returns (bytes32[] memory padded) {
        uint256 size = 1;
        while (size < leaves.length) size *= 2;
        padded = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) padded[i] = i < leaves.length ? leaves[i] : fill;
    }

    /// @dev Of a power of two of leaves.
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        while (leaves.length > 1) leaves = _above(leaves);
        return leaves[0];
    }

    /// @dev Siblings from the leaf up.
    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        uint256 depth;
        while (1 << depth < leaves.length) ++depth;
        siblings = new bytes32[](depth);
        for (uint256 level = 0; level < depth; ++level) {
            siblings[level] = leaves[index ^ 1];
            leaves = _above(leaves);
            index /= 2;
        }
    }

    function _above(bytes32[] memory leaves) private pure returns (bytes32[] memory above) {
        above = new bytes32[](leaves.length / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            above[i] = keccak256(bytes.concat(leaves[2 * i], leaves[2 * i + 1]));
        }
    }
}
