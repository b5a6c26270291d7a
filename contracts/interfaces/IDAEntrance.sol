// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobProof} from "../types/BlobProof.sol";
import {Opening} from "../types/FraudProof.sol";
import {IDAFraud} from "./IDAFraud.sol";
import {IDASigners} from "./IDASigners.sol";

/// @title Registry of batches: escrow, verdict, and reads against what was certified
/// @notice `submitBatch` records a batch and takes storage fee, DA fee and bond; nothing is in the log yet. Validators
/// sample it and sign. `confirmBatch` checks > 2/3 of the epoch's stake and, in the same transaction, appends rows and
/// metadata to Flow. A batch without a quorum by its deadline is unavailable; storage fee and bond go back, the DA fee
/// stays in the sampling pool. Anyone may call anything; money goes to the recorded party, and only by `withdraw`.
/// @dev A batch's status is computed from facts: its blocks on record and the present one.
/// Also reverts with the errors of IDASigners, of Flow, and of the libraries BatchTree, BlobHeaderLib, EntryLib,
/// MerklePath, PointEvaluation and RowTree.
interface IDAEntrance is IDAFraud {
    /// @notice The contracts that work with this one; each names it as its `entrance`.
    /// @param signers whose joint signature confirms
    /// @param sampling may pay samplers out of the pool of DA fees
    /// @param challenges may take the bond of a batch that is withheld
    struct Partners {
        address signers;
        address sampling;
        address challenges;
    }

    /// @param confirmWindow blocks after the submission in which a batch can be confirmed; 1 to 250
    /// @param retention blocks after the confirmation for which nodes hold a batch
    /// @param bondPerRow wei
    /// @param daFeePerRow wei
    struct Terms {
        uint64 confirmWindow;
        uint64 retention;
        uint96 bondPerRow;
        uint96 daFeePerRow;
    }

    /// @notice What a confirmation fixed. On record is its hash alone, keccak256(abi.encode(certificate)): whoever needs
    /// the parts brings them, from `BatchConfirmed`.
    /// @param seed hash of the block of submission: what the signatures were drawn from
    /// @param auditSeed keccak256(abi.encode(hash of the block before the confirmation, batchId)): what audits are drawn
    /// from, unknown to all who signed
    /// @param absent bit i: slot i is not among the signers
    struct Certificate {
        bytes32 seed;
        bytes32 auditSeed;
        uint256 absent;
    }

    /// @notice What a submitter commits to.
    /// @param batchRoot root over the blob headers, in order
    /// @param rowsRoot keccak256 of the concatenated node roots of the rows' log entry (0G's identity)
    /// @param metadataRoot the same of the metadata's log entry
    /// @param blobCount 1 to 1024
    /// @param rowCount rows of all blobs, 1 to 512
    /// @param metadataLength bytes of the metadata entry (the stream payload around the canonical metadata)
    /// @param attempt counts the submissions of one content: an unavailable batch is submitted again under the next
    struct BatchCommitment {
        bytes32 batchRoot;
        bytes32 rowsRoot;
        bytes32 metadataRoot;
        uint32 blobCount;
        uint32 rowCount;
        uint32 metadataLength;
        uint32 attempt;
    }

    /// @notice A batch on record.
    /// @param submitter who gets storage fee and bond back
    /// @param submitBlock the block whose hash is the seed
    /// @param epoch whose validators decide
    /// @param storageFee wei in escrow for Flow, until confirmation or failure
    /// @param bond wei in escrow until `retainUntil`, or failure
    /// @param confirmBlock 0 until confirmed
    /// @param retainUntil last block in which nodes must hold the batch; 0 until confirmed
    /// @param certificate keccak256(abi.encode(Certificate)); 0 until confirmed
    /// @param failed `failBatch` was called
    /// @param bondWithdrawn `withdrawBond` was called
    /// @param bondLost the bond went to a reporter and into the fire
    /// @param withheld a challenge was not answered in time
    struct BatchRecord {
        bytes32 batchRoot;
        bytes32 rowsRoot;
        bytes32 metadataRoot;
        address submitter;
        uint32 blobCount;
        uint32 rowCount;
        uint32 metadataLength;
        uint32 attempt;
        uint64 submitBlock;
        uint64 epoch;
        uint96 storageFee;
        uint256 bond;
        uint64 confirmBlock;
        uint64 retainUntil;
        bytes32 certificate;
        bool failed;
        bool bondWithdrawn;
        bool bondLost;
        bool withheld;
    }

    enum Status {
        None,
        Submitted,
        Available,
        Unavailable
    }

    error ZeroParameter();
    error ConfirmWindowTooLong(uint256 blocks, uint256 limit);
    /// @notice Block numbers are kept in 48 bits.
    error RetentionTooLong(uint256 blocks, uint256 limit);
    error NoCode(address account);
    /// @notice A partner that works for another entrance.
    error WrongPartner(address partner, address expected, address found);
    error BlobCount(uint256 blobs, uint256 limit);
    /// @notice No rows, more than the limit, or fewer than blobs: each blob has at least one.
    error RowCount(uint256 rows, uint256 least, uint256 limit);
    error MetadataLength(uint256 length, uint256 limit);
    /// @notice A root of zero commits to nothing.
    error ZeroRoot();
    /// @notice Nobody has stake in the running epoch: no batch could be confirmed.
    error NoValidators(uint64 epoch);
    error BatchAlreadySubmitted(bytes32 batchId);
    error PaymentTooLow(uint256 paid, uint256 required);
    error UnknownBatch(bytes32 batchId);
    /// @notice The call needs a batch in another state.
    error WrongStatus(bytes32 batchId, Status status, Status required);
    /// @notice Confirmation comes in a block after the submission: only then is there a seed.
    error TooEarly(uint256 blockNumber, uint256 firstBlock);
    /// @notice The chain no longer (or does not) tell the hash of the block of submission.
    error SeedUnavailable(uint256 submitBlock);
    /// @notice Needed is strictly more than two thirds of a total above zero.
    error QuorumNotReached(uint96 signedStake, uint96 totalStake);
    error AlreadyFailed(bytes32 batchId);
    error AlreadyWithdrawn(bytes32 batchId);
    error StillRetained(uint256 blockNumber, uint256 retainUntil);
    /// @notice The bond was taken: the batch was withheld, or a blob of it is corrupt.
    error BondForfeited(bytes32 batchId);
    error ChallengesOpen(bytes32 batchId, uint256 challenges);
    error NothingToWithdraw(address account);
    error WithdrawalRefused(address to, uint256 amount);
    error NotFlow(address sender);
    error NotSampling(address sender);
    error NotChallenges(address sender);
    error BlobNotInBatch(bytes32 computedRoot, bytes32 batchRoot);
    error NotUnderDataRoot(bytes32 computedRoot, bytes32 dataRoot);
    /// @notice Only a blob of one row has an ordinary commitment.
    error NotOneRow(uint256 rows);

    event BatchSubmitted(
        bytes32 indexed batchId,
        address indexed submitter,
        uint64 indexed epoch,
        BatchCommitment commitment
    );
    /// @param rowsTxSeq Flow's submission index of the rows
    /// @param metadataTxSeq Flow's submission index of the metadata
    /// @param seed first part of the certificate on record
    /// @param auditSeed its second part
    /// @param absent its third part: bit i, slot i is not among the signers
    event BatchConfirmed(
        bytes32 indexed batchId,
        uint256 rowsTxSeq,
        uint256 metadataTxSeq,
        uint96 signedStake,
        uint96 totalStake,
        bytes32 seed,
        uint64 retainUntil,
        bytes32 auditSeed,
        uint256 absent
    );
    event BatchFailed(bytes32 indexed batchId);
    event BondReleased(bytes32 indexed batchId);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address to, uint256 amount);

    /// @notice Records a batch and takes `quoteBatch` in escrow; what is paid above it becomes the caller's credit.
    /// @dev Reverts `BatchAlreadySubmitted` for a known id whatever its status: after `Unavailable`, raise `attempt`.
    function submitBatch(BatchCommitment calldata commitment) external payable returns (bytes32 batchId);

    /// @notice Certifies a batch and appends it to the log as two entries: rows, then metadata.
    /// @dev In the blocks submitBlock + 1 … confirmDeadline. Flow is paid its price of now; what the escrow holds above
    /// becomes the submitter's credit.
    /// @param rowNodes node roots of the rows' entry; their heights follow from rowCount by 0G's rule
    /// @param metadataNodes node roots of the metadata's entry; their heights follow from metadataLength
    /// @param attestation joint signature over `messageOf(batchId)`
    function confirmBatch(
        bytes32 batchId,
        bytes32[] calldata rowNodes,
        bytes32[] calldata metadataNodes,
        IDASigners.Attestation calldata attestation
    ) external;

    /// @notice Returns storage fee and bond of an unavailable batch to its submitter's credit.
    function failBatch(bytes32 batchId) external;

    /// @notice Returns the bond of an available batch to its submitter's credit, after `retainUntil` and once no
    /// challenge of it is open.
    function withdrawBond(bytes32 batchId) external;

    /// @notice Sends the caller's whole credit to `to`.
    function withdraw(address payable to) external;

    /// @notice Moves `amount`, or what is left, from the pool of DA fees to the credit of `to`. Only `sampling`.
    function paySample(address to, uint256 amount) external returns (uint256 paid);

    /// @notice Flags an available batch as withheld. Its bond, unless it is gone already, is lost: half to the credit of
    /// `reporter`, half burnt. Only `challenges`.
    function loseBond(bytes32 batchId, address reporter) external;

    /// @notice Checks that the batch is available and holds the blob, as it was confirmed. Reverts with what is wrong.
    /// @dev Answers for blobs that were proved corrupt and for withheld batches, too: `flagsOf` says which these are, and who
    /// reads the blob by other means than this contract's (as by CellVerifier) must ask it.
    function verifyBlob(bytes32 batchId, BlobProof calldata proof) external view returns (bytes32 blobKey);

    /// @notice Checks that `cell` (2048 bytes) is the blob's cell at (row, column), and that nobody proved the blob corrupt.
    /// Reverts with what is wrong.
    /// @param column 0…63 are the data, 64…127 the redundancy
    /// @param path siblings from the cell up: 7 to its row, then ⌈log2 rows⌉ to the dataRoot
    /// @return valid always true
    /// @return withheld a challenge of the batch was not answered in time
    function verifyCell(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 row,
        uint256 column,
        bytes calldata cell,
        bytes32[] calldata path
    ) external view returns (bool valid, bool withheld);

    /// @notice Gives `sector` back if it is the blob's at `sectorIndex`, and nobody proved the blob corrupt. Reverts with
    /// what is wrong.
    /// @param sectorIndex row × 1024 + sector of the extended row (0…511 are the data, 512…1023 the redundancy)
    /// @param path siblings from the sector up: 10 to its row, then ⌈log2 rows⌉ to the dataRoot
    function readSector(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        bytes32[] calldata path
    ) external view returns (bytes32[8] memory read, bool withheld);

    /// @notice Checks by the commitment alone, without a path, that a one-row blob holds `opening.value` at `position`, and
    /// that nobody proved the blob corrupt. Reverts with what is wrong.
    /// @param position 64 × column + element of the cell; 0 … 4095 are the data in order
    /// @return valid always true
    /// @return withheld a challenge of the batch was not answered in time
    function verifyElement(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 position,
        Opening calldata opening
    ) external view returns (bool valid, bool withheld);

    /// @notice What `submitBatch` takes for such a batch in this block. The storage fee covers a price that is announced
    /// but not yet in force.
    function quoteBatch(
        uint256 rowCount,
        uint256 metadataLength
    ) external view returns (uint256 storageFee, uint256 daFee, uint256 bond);

    /// @notice keccak256(abi.encode(keccak256("0G-DA/batch/v1"), chainId, this, submitter, attempt, batchRoot, blobCount,
    /// rowsRoot, rowCount)), numbers as words.
    function batchIdOf(address submitter, BatchCommitment calldata commitment) external view returns (bytes32);

    function statusOf(bytes32 batchId) external view returns (Status);

    /// @notice The record; reverts `UnknownBatch`.
    function record(bytes32 batchId) external view returns (BatchRecord memory);

    /// @notice What validators sign: keccak256(abi.encode(keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32
    /// seed)"), domain, batchId, epoch, seed)), domain = EIP-712 separator with name "0G-DA", version "1".
    /// @dev Until confirmation: the seed is not on record, afterwards it is brought (`Certificate`). Reverts in the block of
    /// submission and once the chain has forgotten that block's hash.
    function messageOf(bytes32 batchId) external view returns (bytes32);

    /// @notice Last block in which the batch can be confirmed.
    function confirmDeadline(bytes32 batchId) external view returns (uint64);

    /// @notice Last block in which nodes must hold the batch; 0 until confirmed.
    function retainUntil(bytes32 batchId) external view returns (uint64);

    /// @notice What `account` can withdraw, in wei.
    function credit(address account) external view returns (uint256);

    /// @notice The block of deployment: no batch is older.
    function firstBlock() external view returns (uint64);

    /// @notice DA fees taken and not yet paid to samplers, in wei.
    function samplingPool() external view returns (uint256);

    /// @notice Halves of lost bonds, in wei: they stay here, for nobody.
    function burnt() external view returns (uint256);

    /// @notice Blocks after the submission in which it can be confirmed; at most 250, blockhash reaches 256 back.
    function confirmWindow() external view returns (uint64);

    /// @notice Blocks after the confirmation for which nodes hold a batch.
    function retention() external view returns (uint64);

    function bondPerRow() external view returns (uint96);

    function daFeePerRow() external view returns (uint96);

    /// @notice The KV stream of DA metadata: keccak256(abi.encode(keccak256("0G-DA/stream/v1"), chainId, this)).
    function streamId() external view returns (bytes32);

    function flow() external view returns (address);

    function market() external view returns (address);

    function signers() external view returns (address);

    function sampling() external view returns (address);

    function challenges() external view returns (address);
}
