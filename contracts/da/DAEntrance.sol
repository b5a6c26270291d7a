// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDASigners} from "../interfaces/IDASigners.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";
import {IFlow} from "../interfaces/IFlow.sol";
import {Cast} from "../libraries/Cast.sol";
import {Domain} from "../libraries/Domain.sol";
import {EntryLib} from "../libraries/EntryLib.sol";
import {RowTree} from "../libraries/RowTree.sol";
import {Batch, Bond} from "../types/Batch.sol";
import {Submission} from "../types/Submission.sol";
import {EntranceBooks} from "./EntranceBooks.sol";
import {EntranceReads} from "./EntranceReads.sol";

/// @title See IDAEntrance, where every entrance is described
contract DAEntrance is EntranceReads {
    uint256 public constant MAX_BLOBS = 1024;
    uint256 public constant MAX_ROWS = 512;
    /// @notice 1 MiB of metadata, and an eighth of that for the stream's frame around it (a key and a value per blob).
    uint256 public constant MAX_METADATA = 1_179_648;
    bytes32 private constant BATCH_DOMAIN = keccak256("0G-DA/batch/v1");
    bytes32 private constant STREAM_DOMAIN = keccak256("0G-DA/stream/v1");
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
    bytes32 private constant NAME_HASH = keccak256("0G-DA");
    /// @dev First tag of every KV entry in 0G's log: sha256("STREAM"), which Solidity would compute on each use.
    bytes32 private constant STREAM_TAG = 0xdf2ff3bb0af36c6384e6206552a4ed807f6f6a26e7d0aa6bff772ddc9d4307aa;

    constructor(address flow_, Partners memory partners, Terms memory terms) EntranceBooks(flow_, partners, terms) {}

    /// @inheritdoc IDAEntrance
    function submitBatch(BatchCommitment calldata c) external payable returns (bytes32 batchId) {
        _checkCommitment(c);
        batchId = batchIdOf(msg.sender, c);
        Batch storage batch = _batches[batchId];
        if (batch.submitBlock != 0) revert BatchAlreadySubmitted(batchId);
        (uint64 epoch, uint96 totalStake) = IDASigners(signers).currentSet();
        if (totalStake == 0) revert NoValidators(epoch);
        (uint256 storageFee, uint256 daFee, uint256 bond) = quoteBatch(c.rowCount, c.metadataLength);
        uint256 required = storageFee + daFee + bond;
        if (msg.value < required) revert PaymentTooLow(msg.value, required);

        (batch.batchRoot, batch.rowsRoot, batch.metadataRoot) = (c.batchRoot, c.rowsRoot, c.metadataRoot);
        batch.submitter = msg.sender;
        // Both counts were bounded above.
        (batch.blobCount, batch.rowCount) = (uint16(c.blobCount), uint16(c.rowCount));
        (batch.metadataLength, batch.attempt) = (c.metadataLength, c.attempt);
        batch.storageFee = Cast.toUint96(storageFee);
        (batch.submitBlock, batch.epoch) = (uint48(block.number), uint48(epoch));
        // At most 512 rows of 96 bits: 2^87 batches fit.
        _samplingPool += uint192(daFee);
        if (msg.value != required) _credit(msg.sender, msg.value - required);
        emit BatchSubmitted(batchId, msg.sender, epoch, c);
    }

    /// @inheritdoc IDAEntrance
    function confirmBatch(
        bytes32 batchId,
        bytes32[] calldata rowNodes,
        bytes32[] calldata metadataNodes,
        IDASigners.Attestation calldata attestation
    ) external {
        Batch storage batch = _batches[batchId];
        _requireStatus(batchId, Status.Submitted);
        bytes32 seed = _seedOf(batch);
        (uint96 signedStake, uint96 totalStake) = _checkQuorum(batchId, batch.epoch, seed, attestation);
        (Submission[] memory entries, uint256 fee) = _entries(batch, rowNodes, metadataNodes);

        Certificate memory certificate = _certificate(batchId, seed, attestation.absent);
        batch.confirmBlock = uint48(block.number);
        batch.certificate = keccak256(abi.encode(certificate));
        // The escrow covers every price that can come into force within the window.
        if (batch.storageFee != fee) _credit(batch.submitter, batch.storageFee - fee);

        // All is written: whatever Flow and its partners call back finds the batch confirmed and the fee spent.
        (uint256[] memory txSeqs, , , ) = IFlow(flow).batchSubmit{value: fee}(entries);
        _emitConfirmed(batchId, txSeqs, signedStake, totalStake, certificate);
    }

    /// @inheritdoc IDAEntrance
    function failBatch(bytes32 batchId) external {
        Batch storage batch = _batches[batchId];
        _requireStatus(batchId, Status.Unavailable);
        if (batch.bond == Bond.Returned) revert AlreadyFailed(batchId);
        batch.bond = Bond.Returned;
        _credit(batch.submitter, batch.storageFee + _bondOf(batch.rowCount));
        emit BatchFailed(batchId);
    }

    /// @inheritdoc IDAEntrance
    function record(bytes32 batchId) external view returns (BatchRecord memory r) {
        Batch storage batch = _known(batchId);
        r.batchRoot = batch.batchRoot;
        r.rowsRoot = batch.rowsRoot;
        r.metadataRoot = batch.metadataRoot;
        r.submitter = batch.submitter;
        r.blobCount = batch.blobCount;
        r.rowCount = batch.rowCount;
        r.metadataLength = batch.metadataLength;
        r.attempt = batch.attempt;
        r.submitBlock = batch.submitBlock;
        r.epoch = batch.epoch;
        r.storageFee = batch.storageFee;
        r.bond = _bondOf(batch.rowCount);
        r.confirmBlock = batch.confirmBlock;
        r.retainUntil = retainUntil(batchId);
        r.certificate = batch.certificate;
        r.failed = batch.bond == Bond.Returned && batch.confirmBlock == 0;
        r.bondWithdrawn = batch.bond == Bond.Returned && batch.confirmBlock != 0;
        r.bondLost = batch.bond == Bond.Lost;
        r.withheld = batch.withheld;
    }

    /// @inheritdoc IDAEntrance
    function messageOf(bytes32 batchId) external view returns (bytes32) {
        Batch storage batch = _known(batchId);
        if (batch.confirmBlock != 0) revert WrongStatus(batchId, Status.Available, Status.Submitted);
        return _message(batchId, batch.epoch, _seedOf(batch));
    }

    /// @inheritdoc IDAEntrance
    function confirmDeadline(bytes32 batchId) external view returns (uint64) {
        return _known(batchId).submitBlock + confirmWindow;
    }

    /// @inheritdoc IDAEntrance
    function quoteBatch(
        uint256 rowCount,
        uint256 metadataLength
    ) public view returns (uint256 storageFee, uint256 daFee, uint256 bond) {
        storageFee = IFixedPrice(market).quote(_sectorsOf(rowCount, metadataLength));
        daFee = daFeePerRow * rowCount;
        bond = _bondOf(rowCount);
    }

    /// @inheritdoc IDAEntrance
    function batchIdOf(address submitter, BatchCommitment calldata c) public view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    BATCH_DOMAIN,
                    block.chainid,
                    address(this),
                    submitter,
                    c.attempt,
                    c.batchRoot,
                    c.blobCount,
                    c.rowsRoot,
                    c.rowCount
                )
            );
    }

    /// @inheritdoc IDAEntrance
    function streamId() public view returns (bytes32) {
        return keccak256(abi.encode(STREAM_DOMAIN, block.chainid, address(this)));
    }

    /// @dev After the call of Flow: its indexes are part of the event.
    function _emitConfirmed(
        bytes32 batchId,
        uint256[] memory txSeqs,
        uint96 signedStake,
        uint96 totalStake,
        Certificate memory c
    ) private {
        uint64 until = uint64(block.number) + retention;
        emit BatchConfirmed(
            batchId,
            txSeqs[0],
            txSeqs[1],
            signedStake,
            totalStake,
            c.seed,
            until,
            c.auditSeed,
            c.absent
        );
    }

    /// @dev The slots ascend, so each is below 256 and a bit of its own. Nobody who signed could know the last block's hash.
    function _certificate(
        bytes32 batchId,
        bytes32 seed,
        IDASigners.NonSigner[] calldata nonSigners
    ) private view returns (Certificate memory) {
        uint256 absent = 0;
        for (uint256 i = 0; i < nonSigners.length; ++i) absent |= 1 << nonSigners[i].slot;
        bytes32 auditSeed = keccak256(abi.encode(blockhash(block.number - 1), batchId));
        return Certificate(seed, auditSeed, absent);
    }

    /// @dev The hash of a block exists from the next block on, for 256 blocks: after that it reads as zero, and a zero
    /// seed would be known to everyone beforehand.
    function _seedOf(Batch storage batch) private view returns (bytes32 seed) {
        uint256 submitBlock = batch.submitBlock;
        if (block.number <= submitBlock) revert TooEarly(block.number, submitBlock + 1);
        seed = blockhash(submitBlock);
        if (seed == 0) revert SeedUnavailable(submitBlock);
    }

    function _checkQuorum(
        bytes32 batchId,
        uint64 epoch,
        bytes32 seed,
        IDASigners.Attestation calldata attestation
    ) private view returns (uint96 signedStake, uint96 totalStake) {
        bytes32 message = _message(batchId, epoch, seed);
        (signedStake, totalStake) = IDASigners(signers).verify(epoch, message, attestation);
        // Products of 96-bit numbers in 256 bits. Strict: with a total of zero nothing passes.
        if (uint256(signedStake) * 3 <= uint256(totalStake) * 2) revert QuorumNotReached(signedStake, totalStake);
    }

    /// @dev Both log entries, and what Flow charges for them in this block.
    function _entries(
        Batch storage batch,
        bytes32[] calldata rowNodes,
        bytes32[] calldata metadataNodes
    ) private view returns (Submission[] memory entries, uint256 fee) {
        entries = new Submission[](2);
        (uint256 rowSectors, uint256 metadataSectors) = (0, 0);
        (entries[0], rowSectors) = _rowsEntry(batch, rowNodes);
        (entries[1], metadataSectors) = _metadataEntry(batch, metadataNodes);
        fee = (rowSectors + metadataSectors) * IFixedPrice(market).pricePerSector();
    }

    /// @dev The rows as a file of the log, segment after segment, untagged; and its sectors.
    function _rowsEntry(
        Batch storage batch,
        bytes32[] calldata nodes
    ) private view returns (Submission memory, uint256 sectors) {
        uint256 length = uint256(batch.rowCount) * RowTree.ROW_BYTES;
        sectors = EntryLib.paddedSectors(length);
        return (Submission(EntryLib.entry(length, sectors, "", nodes, batch.rowsRoot), address(this)), sectors);
    }

    /// @dev The metadata as an entry of the DA stream; and its sectors.
    function _metadataEntry(
        Batch storage batch,
        bytes32[] calldata nodes
    ) private view returns (Submission memory, uint256 sectors) {
        uint256 length = batch.metadataLength;
        sectors = EntryLib.paddedSectors(length);
        bytes memory tags = abi.encodePacked(STREAM_TAG, streamId());
        return (Submission(EntryLib.entry(length, sectors, tags, nodes, batch.metadataRoot), address(this)), sectors);
    }

    function _message(bytes32 batchId, uint64 epoch, bytes32 seed) private view returns (bytes32) {
        return keccak256(abi.encode(ATTESTATION_TYPEHASH, Domain.separator(NAME_HASH), batchId, epoch, seed));
    }

    function _sectorsOf(uint256 rowCount, uint256 metadataLength) private pure returns (uint256) {
        return EntryLib.paddedSectors(rowCount * RowTree.ROW_BYTES) + EntryLib.paddedSectors(metadataLength);
    }

    function _checkCommitment(BatchCommitment calldata c) private pure {
        if (c.blobCount == 0 || c.blobCount > MAX_BLOBS) revert BlobCount(c.blobCount, MAX_BLOBS);
        if (c.rowCount < c.blobCount || c.rowCount > MAX_ROWS) revert RowCount(c.rowCount, c.blobCount, MAX_ROWS);
        if (c.metadataLength == 0 || c.metadataLength > MAX_METADATA)
            revert MetadataLength(c.metadataLength, MAX_METADATA);
        if (c.batchRoot == 0 || c.rowsRoot == 0 || c.metadataRoot == 0) revert ZeroRoot();
    }
}
