// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobProof} from "../types/BlobProof.sol";
import {Opening, RowsPart} from "../types/FraudProof.sol";

/// @title What is wrong with a certified blob, proved on chain
/// @notice A certificate promises a verdict, not a payload: a blob whose dataRoot is no encoding of any payload passes
/// sampling if enough of its columns agree with its commitment. Two proofs catch every such blob (docs/encoding.md 6):
/// - `proveCorrupt`: at one position of the extended rows, Σ ρ_i x_i is not what the commitment opens to. An honest blob
///   cannot be framed: its rows agree with its commitment at every position.
/// - `proveMalformed`: one sector holds what no encoding of a payload of the header's length holds.
/// The blob is flagged for ever: `readSector`, `verifyCell` and `verifyElement` refuse it. The batch's bond is lost, once:
/// half to the reporter's credit, half burnt (so that a submitter who reports himself loses, too).
interface IDAFraud {
    /// @notice The blob was proved to be no encoding of any payload.
    error BlobCorrupt(bytes32 batchId, uint256 index);
    /// @notice A part covers as many rows as its subtree, or as are left of the blob.
    error RowsInPart(uint256 rows, uint256 required);
    /// @notice A part starts where the last ended, which must be a multiple of its size.
    error PartNotAligned(uint256 firstRow, uint256 size);
    /// @notice A part higher than the blob's own tree.
    error PartTooHigh(uint256 height, uint256 limit);
    /// @notice The last part must end with the blob.
    error RowsMissing(uint256 rows, uint256 required);
    /// @notice The rows agree with the commitment.
    error NotCorrupt(uint256 sum);
    /// @notice The element is what an encoding may have there.
    error NotMalformed(uint256 element);

    /// @param reporter who proved it
    event BlobFlagged(bytes32 indexed batchId, uint256 indexed index, address indexed reporter);
    /// @notice A challenge of the batch was not answered in time.
    event BatchWithheld(bytes32 indexed batchId, address indexed reporter);
    /// @param reward wei credited to the reporter; as much, and an odd wei more, is burnt
    event BondLost(bytes32 indexed batchId, address indexed reporter, uint256 reward);

    /// @notice Adds rows to the caller's sum at `position`: for blobs whose rows do not fit into one transaction (128 KiB
    /// of calldata are about 220 rows). The last rows come with `proveCorrupt`, or before it.
    /// @dev Sums are kept for each caller, blob and position, so nobody spoils another's.
    function sumRows(bytes32 batchId, BlobProof calldata proof, uint256 position, RowsPart calldata part) external;

    /// @notice Flags a blob whose rows do not agree with its commitment at `position`.
    /// @param position 64 × column + element of the cell, 0 … 8191; its point is ω_8192^brp13(position)
    /// @param part the rows that `sumRows` of this caller has not taken yet: all of them, as a rule; without rows (and not
    /// looked at) if it has taken all
    /// @param opening of the header's commitment at that point
    function proveCorrupt(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 position,
        RowsPart calldata part,
        Opening calldata opening
    ) external;

    /// @notice Flags a blob with an element that no encoding has: not canonical (anywhere), or, in the data half, a top
    /// byte that is not zero, padding that is not zero, or a trailer that is not the header's length.
    /// @param sectorIndex row × 1024 + sector of the extended row
    /// @param element which of the sector's eight
    /// @param path siblings from the sector up: 10 to its row, then ⌈log2 rows⌉ to the dataRoot
    function proveMalformed(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        uint256 element,
        bytes32[] calldata path
    ) external;

    /// @notice What is known against a blob.
    /// @param corrupt proved to be no encoding of any payload
    /// @param withheld a challenge of its batch was not answered in time
    function flagsOf(bytes32 batchId, uint256 index) external view returns (bool corrupt, bool withheld);

    /// @notice Rows that `sumRows` has taken of this blob at this position from `reporter`.
    function rowsSummed(
        address reporter,
        bytes32 batchId,
        uint256 index,
        uint256 position
    ) external view returns (uint256 rows);
}
