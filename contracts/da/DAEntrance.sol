// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDASigners} from "../interfaces/IDASigners.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";
import {IFlow} from "../interfaces/IFlow.sol";
import {BatchTree} from "../libraries/BatchTree.sol";
import {Cast} from "../libraries/Cast.sol";
import {Domain} from "../libraries/Domain.sol";
import {EntryLib} from "../libraries/EntryLib.sol";
import {RowTree} from "../libraries/RowTree.sol";
import {Batch} from "../types/Batch.sol";
import {Submission} from "../types/Submission.sol";

/// @title See IDAEntrance, where every entrance is described
contract DAEntrance is IDAEntrance {
    uint256 public constant MAX_BLOBS = 1024;
    uint256 public constant MAX_ROWS = 512;
    /// @notice 1 MiB of metadata, and an eighth of that for the stream's frame around it (a key and a value per blob).
    uint256 public constant MAX_METADATA = 1_179_648;
    /// @notice blockhash reaches 256 blocks back and an announced price 254 ahead: both outlast the window.
    uint256 public constant MAX_CONFIRM_WINDOW = 250;

    bytes32 private constant BATCH_DOMAIN = keccak256("0G-DA/batch/v1");
    bytes32 private constant STREAM_DOMAIN = keccak256("0G-DA/stream/v1");
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
    bytes32 private constant NAME_HASH = keccak256("0G-DA");
    /// @dev First tag of every KV entry in 0G's log: sha256("STREAM"), which Solidity would compute on each use.
    bytes32 private constant STREAM_TAG = 0xdf2ff3bb0af36c6384e6206552a4ed807f6f6a26e7d0aa6bff772ddc9d4307aa;

    /// @inheritdoc IDAEntrance
    address public immutable flow;
    /// @inheritdoc IDAEntrance
    address public immutable market;
    /// @inheritdoc IDAEntrance
    address public immutable signers;
    /// @inheritdoc IDAEntrance
    uint64 public immutable confirmWindow;
    /// @inheritdoc IDAEntrance
    uint64 public immutable retention;
    /// @inheritdoc IDAEntrance
    uint96 public immutable bondPerRow;
    /// @inheritdoc IDAEntrance
    uint96 public immutable daFeePerRow;

    /// @dev Shares a word with `firstBlock`, which is never zero: so the first fee of all costs what every other does.
    uint192 private _samplingPool;
    /// @inheritdoc IDAEntrance
    uint64 public firstBlock;
    /// @inheritdoc IDAEntrance
    mapping(address account => uint256) public credit;

    mapping(bytes32 batchId => Batch) private _batches;

    constructor(
        address flow_,
        address signers_,
        uint64 confirmWindow_,
        uint64 retention_,
        uint96 bondPerRow_,
        uint96 daFeePerRow_
    ) {
        if (confirmWindow_ == 0 || retention_ == 0) revert ZeroParameter();
        if (confirmWindow_ > MAX_CONFIRM_WINDOW) revert ConfirmWindowTooLong(confirmWindow_, MAX_CONFIRM_WINDOW);
        if (retention_ > type(uint48).max) revert RetentionTooLong(retention_, type(uint48).max);
        if (flow_.code.length == 0) revert NoCode(flow_);
        if (signers_.code.length == 0) revert NoCode(signers_);
        flow = flow_;
        market = IFlow(flow_).market();
        if (market.code.length == 0) revert NoCode(market);
        signers = signers_;
        confirmWindow = confirmWindow_;
        retention = retention_;
        bondPerRow = bondPerRow_;
        daFeePerRow = daFeePerRow_;
        firstBlock = uint64(block.number);
    }

    /// @dev Flow returns what it did not charge; all other money comes through `submitBatch`.
    receive() external payable {
        if (msg.sender != flow) revert NotFlow(msg.sender);
    }

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

        batch.confirmBlock = uint48(block.number);
        batch.seed = seed;
        // The escrow covers every price that can come into force within the window.
        if (batch.storageFee != fee) _credit(batch.submitter, batch.storageFee - fee);

        // All is written: whatever Flow and its partners call back finds the batch confirmed and the fee spent.
        (uint256[] memory txSeqs, , , ) = IFlow(flow).batchSubmit{value: fee}(entries);
        uint64 until = uint64(block.number) + retention;
        emit BatchConfirmed(batchId, txSeqs[0], txSeqs[1], signedStake, totalStake, seed, until);
    }

    /// @inheritdoc IDAEntrance
    function failBatch(bytes32 batchId) external {
        Batch storage batch = _batches[batchId];
        _requireStatus(batchId, Status.Unavailable);
        if (batch.failed) revert AlreadyFailed(batchId);
        batch.failed = true;
        _credit(batch.submitter, batch.storageFee + _bondOf(batch.rowCount));
        emit BatchFailed(batchId);
    }

    /// @inheritdoc IDAEntrance
    function withdrawBond(bytes32 batchId) external {
        Batch storage batch = _batches[batchId];
        _requireStatus(batchId, Status.Available);
        if (batch.bondWithdrawn) revert AlreadyWithdrawn(batchId);
        uint256 until = retainUntil(batchId);
        if (block.number <= until) revert StillRetained(block.number, until);
        batch.bondWithdrawn = true;
        _credit(batch.submitter, _bondOf(batch.rowCount));
        emit BondReleased(batchId);
    }

    /// @inheritdoc IDAEntrance
    function withdraw(address payable to) external {
        uint256 amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        credit[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        // The credit is gone before the call: a receiver that calls back finds nothing.
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert WithdrawalRefused(to, amount);
    }

    /// @inheritdoc IDAEntrance
    function verifyCell(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 row,
        uint256 column,
        bytes calldata cell,
        bytes32[] calldata path
    ) external view returns (bool) {
        verifyBlob(batchId, proof);
        _checkRoot(RowTree.rootOfCell(cell, row, column, proof.header.rows, path), proof.header.dataRoot);
        return true;
    }

    /// @inheritdoc IDAEntrance
    function readSector(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        bytes32[] calldata path
    ) external view returns (bytes32[8] memory) {
        verifyBlob(batchId, proof);
        _checkRoot(RowTree.rootOfSector(sector, sectorIndex, proof.header.rows, path), proof.header.dataRoot);
        return sector;
    }

    /// @inheritdoc IDAEntrance
    function record(bytes32 batchId) external view returns (BatchRecord memory r) {
        Batch memory batch = _known(batchId);
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
        r.seed = batch.seed;
        r.failed = batch.failed;
        r.bondWithdrawn = batch.bondWithdrawn;
    }

    /// @inheritdoc IDAEntrance
    function samplingPool() external view returns (uint256) {
        return _samplingPool;
    }

    /// @inheritdoc IDAEntrance
    function messageOf(bytes32 batchId) external view returns (bytes32) {
        Batch storage batch = _known(batchId);
        return _message(batchId, batch.epoch, batch.confirmBlock == 0 ? _seedOf(batch) : batch.seed);
    }

    /// @inheritdoc IDAEntrance
    function confirmDeadline(bytes32 batchId) external view returns (uint64) {
        return _known(batchId).submitBlock + confirmWindow;
    }

    /// @inheritdoc IDAEntrance
    function verifyBlob(bytes32 batchId, BlobProof calldata proof) public view returns (bytes32 blobKey) {
        _requireStatus(batchId, Status.Available);
        Batch storage batch = _batches[batchId];
        proof.header.check();
        blobKey = proof.header.blobKey();
        bytes32 root = BatchTree.root(blobKey, proof.index, batch.blobCount, proof.path);
        if (root != batch.batchRoot) revert BlobNotInBatch(root, batch.batchRoot);
    }

    /// @inheritdoc IDAEntrance
    function retainUntil(bytes32 batchId) public view returns (uint64) {
        uint64 confirmBlock = _known(batchId).confirmBlock;
        return confirmBlock == 0 ? 0 : confirmBlock + retention;
    }

    /// @inheritdoc IDAEntrance
    function statusOf(bytes32 batchId) public view returns (Status) {
        Batch storage batch = _batches[batchId];
        if (batch.submitBlock == 0) return Status.None;
        if (batch.confirmBlock != 0) return Status.Available;
        return block.number > batch.submitBlock + confirmWindow ? Status.Unavailable : Status.Submitted;
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

    function _credit(address account, uint256 amount) private {
        credit[account] += amount;
        emit Credited(account, amount);
    }

    function _known(bytes32 batchId) private view returns (Batch storage batch) {
        batch = _batches[batchId];
        if (batch.submitBlock == 0) revert UnknownBatch(batchId);
    }

    function _requireStatus(bytes32 batchId, Status required) private view {
        Status status = statusOf(batchId);
        if (status == Status.None) revert UnknownBatch(batchId);
        if (status != required) revert WrongStatus(batchId, status, required);
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

    function _bondOf(uint256 rowCount) private view returns (uint256) {
        return bondPerRow * rowCount;
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

    function _checkRoot(bytes32 root, bytes32 required) private pure {
        if (root != required) revert NotUnderDataRoot(root, required);
    }
}
