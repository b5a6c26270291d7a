// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The hashing of 0G's merkle trees
/// @notice A leaf is keccak256 of a 256-byte sector, a node is keccak256(left ‖ right). There are no tags: whoever checks
/// a path fixes its depth from declared counts.
library MerkleHash {
    /// @notice keccak256(left ‖ right).
    /// @dev In assembly because `keccak256(abi.encode(left, right))` takes new memory for each of the some 60 nodes of an
    /// append: 60 gas here, 190 there. Safe: it writes only the scratch space below 0x40. Compared with the plain form by
    /// MerkleHash.t.sol.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            hash := keccak256(0x00, 0x40)
        }
    }
}
