// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochRange, EpochRangeWithContextDigest, MineContext} from "../types/MineContext.sol";
import {Submission, SubmissionData} from "../types/Submission.sol";
import {IDigestHistory} from "./IDigestHistory.sol";

/// @title The log of 0G Storage: an append-only merkle tree of sectors, its entries, and its mining epochs
/// @notice A sector is 256 bytes. Leaf 0 is 32 zero bytes, so the first entry starts at sector 1. The tree over n
/// sectors has the fewest levels that hold them; what no entry covers hashes as sectors of 256 zero bytes.
///
/// The external names, structs, events and hashing are those of 0G's own Flow, so that its SDK works unmodified.
/// Different on purpose:
/// - the recorded submitter is the caller, or someone who signed a permit for exactly this entry;
/// - what is paid above the price goes back to the caller in the same call;
/// - however long nobody called, the next call makes one context: idle epochs are skipped by arithmetic;
/// - nothing here can be paused, changed or upgraded.
interface IFlow {
    // ---- errors ------------------------------------------------------------------------------------------------

    /// @notice A partner named at deployment does not name this contract in return.
    error WrongPartner(address partner, address expected, address found);

    /// @notice An epoch needs at least one block.
    error NoEpochBlocks();

    /// @notice The entry names a submitter who is neither the caller nor the signer of a permit.
    error SubmitterNotCaller(address submitter, address caller);

    /// @notice Nobody may be recorded as the zero address.
    error NoSubmitter();

    /// @notice The permit was to be used until `deadline` (Unix seconds).
    error PermitExpired(uint256 deadline, uint256 timestamp);

    /// @notice The signature is neither an ECDSA signature of `submitter` (65 bytes, low s, v 27 or 28) nor one that
    /// the contract at `submitter` accepts by EIP-1271.
    error BadPermit(address submitter);

    /// @notice An entry has at least one node.
    error NoNodes();

    /// @notice Tags are at most `max` bytes.
    error TagsTooLong(uint256 length, uint256 max);

    /// @notice A node covers at most 2^`max` sectors.
    error NodeTooHigh(uint256 height, uint256 max);

    /// @notice Nodes stand from left to right with strictly descending heights; node `index` does not.
    error NodesNotDescending(uint256 index);

    /// @notice A file is padded to a multiple of 1/16 of the next power of two, so its first and last node differ by
    /// less than 4 in height.
    error NodesTooSpread(uint256 first, uint256 last);

    /// @notice The nodes are not those of a file of this many bytes, which would be above `above` and at most `max`.
    error LengthDoesNotFit(uint256 length, uint256 above, uint256 max);

    /// @notice The log holds at most `max` sectors.
    error FlowFull(uint256 length, uint256 max);

    /// @notice The value sent does not pay for the sectors. 0G's error: `price` per sector, `amount` of sectors, `paid` wei.
    error NotEnoughFee(uint256 price, uint256 amount, uint256 paid);

    /// @notice The caller refused the surplus, so nothing happened. Send the exact fee (`FixedPrice.pricePerSector`).
    error RefundRefused(address caller, uint256 surplus);

    /// @notice The position is not in the log yet.
    error PositionBeyondFlow(uint256 position, uint256 length);

    /// @notice The sector is in the log and no context has sealed it yet.
    error NotSealedYet(uint256 position);

    // ---- events ------------------------------------------------------------------------------------------------

    /// @notice An entry was appended.
    /// @param sender The authenticated submitter: the caller, or who signed the permit.
    /// @param identity keccak256 of the entry's node roots, concatenated.
    /// @param submissionIndex Its number in the log (`txSeq`), counted from 0.
    /// @param startPos Its first sector.
    /// @param length Its sectors, padding of the file included, gaps before it not.
    /// @param submission Its data as submitted.
    event Submit(
        address indexed sender,
        bytes32 indexed identity,
        uint256 submissionIndex,
        uint256 startPos,
        uint256 length,
        SubmissionData submission
    );

    /// @notice A mining context was made.
    /// @param sender Whose transaction made it.
    /// @param index The epoch it belongs to.
    /// @param startMerkleRoot Root of the log.
    /// @param submissionIndex Entries in the log.
    /// @param flowLength Sectors in the log.
    /// @param context Digest of the context.
    event NewEpoch(
        address indexed sender,
        uint256 indexed index,
        bytes32 startMerkleRoot,
        uint256 submissionIndex,
        uint256 flowLength,
        bytes32 context
    );

    // ---- entries -----------------------------------------------------------------------------------------------

    /// @notice Appends one entry; makes the epoch's context first if that is due. Pays sectors × price out of the value
    /// sent, the rest goes back to the caller.
    /// @param submission The entry; `submitter` must be the caller.
    /// @return index Its number in the log.
    /// @return digest Its identity.
    /// @return startIndex Its first sector.
    /// @return length Its sectors.
    function submit(
        Submission calldata submission
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length);

    /// @notice Appends entries in order, for one value. All or none.
    function batchSubmit(
        Submission[] calldata submissions
    )
        external
        payable
        returns (
            uint256[] memory indexes,
            bytes32[] memory digests,
            uint256[] memory startIndexes,
            uint256[] memory lengths
        );

    /// @notice Appends one entry for someone else, who signed it; the caller pays and gets the surplus.
    /// @param submission The entry; `submitter` is the signer.
    /// @param deadline Unix seconds until which the permit may be used.
    /// @param signature Over `permitDigest(submission, nonces(submitter), deadline)`: ECDSA, or whatever the contract at
    /// `submitter` accepts by EIP-1271.
    function submitFor(
        Submission calldata submission,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length);

    /// @notice The EIP-712 digest that permits one entry:
    /// `SubmitPermit(Submission submission,uint256 nonce,uint256 deadline)` in the domain ("0G Flow", "1", chain, this).
    function permitDigest(
        Submission calldata submission,
        uint256 nonce,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice How many permits of this account were used; the next one must carry this number.
    function nonces(address submitter) external view returns (uint256);

    // ---- the tree ----------------------------------------------------------------------------------------------

    /// @notice Sectors in the log, leaf 0 included, and levels of the tree (its root is computed after every entry).
    function tree() external view returns (uint256 currentLength, uint256 unstagedHeight);

    /// @notice Root of the log now.
    function computeFlowRoot() external view returns (bytes32);

    /// @notice Root of the log right after an entry; zero if there is no such entry.
    function getFlowRootByTxSeq(uint256 txSeq) external view returns (bytes32);

    /// @notice Entries in the log.
    function numSubmissions() external view returns (uint256);

    /// @notice Number that the next entry gets; the same as `numSubmissions`.
    function submissionIndex() external view returns (uint256);

    // ---- epochs and mining contexts ------------------------------------------------------------------------------

    /// @notice Makes the context of the epoch that has begun, if it is not made yet. One step is always enough: epochs
    /// that passed without a call never get a context, what they would have sealed is sealed by the next one.
    /// @dev Epoch e begins at block b = firstBlock + e × blocksPerEpoch; its context needs the hash of b, so it can be
    /// made from block b + 1 on. If that hash is out of reach (256 blocks, 8191 where EIP-2935 answers), the epoch has no
    /// mining, its digest is keccak256(""), and its sectors are sealed with the next epoch.
    function makeContext() external;

    /// @notice The same as `makeContext`: there is never more than one step to make. Kept because 0G's clients call it.
    function makeContextFixedTimes(uint256 cnt) external;

    /// @notice Makes the context if it is due, and returns it.
    function makeContextWithResult() external returns (MineContext memory);

    /// @notice The context made last.
    function getContext() external view returns (MineContext memory);

    /// @notice Sectors sealed by the context with this digest; [0, 0) if there is none.
    function getEpochRange(bytes32 digest) external view returns (EpochRange memory);

    /// @notice Sectors sealed by the index-th context that sealed any; panics beyond the last one.
    function getEpochRangeHistory(uint256 index) external view returns (EpochRangeWithContextDigest memory);

    /// @notice Makes the context if it is due, and returns the one that sealed a sector.
    function queryContextAtPosition(uint128 targetPosition) external returns (EpochRangeWithContextDigest memory range);

    /// @notice Epoch of the context made last.
    function epoch() external view returns (uint256);

    /// @notice First sector that no context has sealed.
    function epochStartPosition() external view returns (uint256);

    /// @notice Block at which epoch 0 began.
    function firstBlock() external view returns (uint256);

    /// @notice Blocks of an epoch.
    function blocksPerEpoch() external view returns (uint256);

    /// @notice Roots at which contexts were made.
    function rootHistory() external view returns (IDigestHistory);

    // ---- partners ------------------------------------------------------------------------------------------------

    /// @notice The price, and who takes the fee.
    function market() external view returns (address payable);
}
