// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerklePath} from "./MerklePath.sol";

/// @notice The tree over the blob headers of a batch, in their order, padded to a power of two.
/// @dev The leaf count is not in the root: it is on record beside it, and each check takes it from there.
library BatchTree {
    /// @notice Stands in for the leaves that a batch does not have; its preimage is no 32-byte hash, so no leaf equals it.
    bytes32 internal constant EMPTY = keccak256("0G-DA/empty/v1");

    /// @notice A leaf is keccak256(blobKey) = keccak256(keccak256(header)): 32 bytes are hashed, where a node hashes 64
    /// and a sector 256.
    function leaf(bytes32 blobKey) internal pure returns (bytes32) {
        return keccak256(abi.encode(blobKey));
    }

    /// @notice The batch root that the blob at `index` of `count` has under `path`.
    function root(
        bytes32 blobKey,
        uint256 index,
        uint256 count,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        MerklePath.requireIndex(index, count);
        return MerklePath.root(leaf(blobKey), index, MerklePath.depthOf(count), path);
    }
}
