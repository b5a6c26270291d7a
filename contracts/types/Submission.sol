// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One aligned power-of-two subtree of a padded file. 0G's layout: names and types are part of the ABI.
/// @param root Merkle root of the subtree.
/// @param height The subtree covers 2^height sectors of 256 bytes.
struct SubmissionNode {
    bytes32 root;
    uint256 height;
}

/// @notice What a file is to the log.
/// @param length Bytes of the file before padding.
/// @param tags Free bytes; a key-value entry carries sha256("STREAM") and stream ids here.
/// @param nodes The padded file from left to right, heights strictly descending.
struct SubmissionData {
    uint256 length;
    bytes tags;
    SubmissionNode[] nodes;
}

/// @notice An entry of the log and who is to be recorded as its author.
struct Submission {
    SubmissionData data;
    address submitter;
}
