// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobHeader} from "./BlobHeader.sol";

/// @notice A blob's place in a batch: its header, its index, and its siblings from the leaf up.
struct BlobProof {
    BlobHeader header;
    uint256 index;
    bytes32[] path;
}
