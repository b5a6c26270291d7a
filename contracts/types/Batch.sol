// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a batch's bond is.
enum Bond {
    Held,
    Returned,
    Lost
}

/// @notice A batch on record. Six words; the last is written at confirmation, all others at submission but for the
/// fields marked *.
/// ```
/// word 3  submitter 160 | blobCount 16 | rowCount 16 | metadataLength 32 | attempt 32
/// word 4  storageFee 96 | submitBlock 48 | epoch 48 | confirmBlock* 48 | bond* 8 | withheld* 8
/// ```
/// 48 bits of blocks last 890,000 years at ten blocks a second.
struct Batch {
    bytes32 batchRoot;
    bytes32 rowsRoot;
    bytes32 metadataRoot;
    address submitter;
    uint16 blobCount;
    uint16 rowCount;
    uint32 metadataLength;
    uint32 attempt;
    uint96 storageFee;
    uint48 submitBlock;
    uint48 epoch;
    uint48 confirmBlock;
    Bond bond;
    bool withheld;
    bytes32 certificate;
}
