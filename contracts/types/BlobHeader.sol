// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobHeaderLib} from "../libraries/BlobHeaderLib.sol";

/// @notice What is signed for when a blob is certified; abi.encode gives eight words.
/// @dev One dataRoot fits several row counts (an all-zero row is its own padding): rows and length are part of it.
struct BlobHeader {
    uint16 version; // 1
    bytes32 dataRoot; // merkle root over the segment roots of the extended rows
    bytes32 commitmentHi; // the 48-byte KZG commitment, first 32 bytes
    bytes16 commitmentLo; // and last 16
    uint32 length; // payload bytes
    uint16 rows; // ⌈(length + 4) / 126,976⌉
    address account; // recorded, not authenticated
    bytes32 salt;
}

using BlobHeaderLib for BlobHeader global;
