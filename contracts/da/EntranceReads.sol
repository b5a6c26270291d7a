// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDAFraud} from "../interfaces/IDAFraud.sol";
import {BatchTree} from "../libraries/BatchTree.sol";
import {FraudLib} from "../libraries/FraudLib.sol";
import {MerklePath} from "../libraries/MerklePath.sol";
import {PointEvaluation} from "../libraries/PointEvaluation.sol";
import {RowTree} from "../libraries/RowTree.sol";
import {Batch} from "../types/Batch.sol";
import {BlobHeader} from "../types/BlobHeader.sol";
import {BlobProof} from "../types/BlobProof.sol";
import {Opening, RowsPart} from "../types/FraudProof.sol";
import {EntranceBooks} from "./EntranceBooks.sol";

/// @title What DAEntrance lets others read of certified blobs, and prove against them
abstract contract EntranceReads is EntranceBooks {
    /// @dev A sum over the first `rows` rows of a blob.
    struct Partial {
        uint256 sum;
        uint256 rows;
    }

    /// @dev Bit `index % 256` of word `index / 256`: the blob is corrupt.
    mapping(bytes32 batchId => mapping(uint256 word => uint256)) private _corrupt;
    mapping(bytes32 key => Partial) private _partials;

    /// @inheritdoc IDAFraud
    function sumRows(bytes32 batchId, BlobProof calldata proof, uint256 position, RowsPart calldata part) external {
        _checkOpen(batchId, proof);
        Partial storage known = _partials[_partialKey(msg.sender, batchId, proof.index, position)];
        (known.sum, known.rows) = _added(known, proof.header, position, part);
    }

    /// @inheritdoc IDAFraud
    function proveCorrupt(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 position,
        RowsPart calldata part,
        Opening calldata opening
    ) external {
        _checkOpen(batchId, proof);
        bytes32 key = _partialKey(msg.sender, batchId, proof.index, position);
        (uint256 sum, uint256 rows) = _added(_partials[key], proof.header, position, part);
        if (rows != proof.header.rows) revert RowsMissing(rows, proof.header.rows);
        _checkOpening(proof.header, position, opening);
        if (uint256(opening.value) == sum) revert NotCorrupt(sum);

        _flag(batchId, proof.index);
    }

    /// @inheritdoc IDAFraud
    function proveMalformed(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        uint256 element,
        bytes32[] calldata path
    ) external {
        _checkOpen(batchId, proof);
        MerklePath.requireIndex(element, sector.length);
        _checkSector(proof.header, sectorIndex, sector, path);
        uint256 value = uint256(sector[element]);
        bool malformed = FraudLib.isMalformed(value, sectorIndex, element, proof.header.length, proof.header.rows);
        if (!malformed) revert NotMalformed(value);

        _flag(batchId, proof.index);
    }

    /// @inheritdoc IDAEntrance
    function verifyCell(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 row,
        uint256 column,
        bytes calldata cell,
        bytes32[] calldata path
    ) external view returns (bool valid, bool withheld) {
        _checkOpen(batchId, proof);
        _checkRoot(RowTree.rootOfCell(cell, row, column, proof.header.rows, path), proof.header.dataRoot);
        return (true, _batches[batchId].withheld);
    }

    /// @inheritdoc IDAEntrance
    function readSector(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        bytes32[] calldata path
    ) external view returns (bytes32[8] memory read, bool withheld) {
        _checkOpen(batchId, proof);
        _checkSector(proof.header, sectorIndex, sector, path);
        return (sector, _batches[batchId].withheld);
    }

    /// @inheritdoc IDAEntrance
    function verifyElement(
        bytes32 batchId,
        BlobProof calldata proof,
        uint256 position,
        Opening calldata opening
    ) external view returns (bool valid, bool withheld) {
        _checkOpen(batchId, proof);
        if (proof.header.rows != 1) revert NotOneRow(proof.header.rows);
        _checkOpening(proof.header, position, opening);
        return (true, _batches[batchId].withheld);
    }

    /// @inheritdoc IDAFraud
    function flagsOf(bytes32 batchId, uint256 index) external view returns (bool corrupt, bool withheld) {
        Batch storage batch = _known(batchId);
        MerklePath.requireIndex(index, batch.blobCount);
        return (_isCorrupt(batchId, index), batch.withheld);
    }

    /// @inheritdoc IDAFraud
    function rowsSummed(
        address reporter,
        bytes32 batchId,
        uint256 index,
        uint256 position
    ) external view returns (uint256 rows) {
        return _partials[_partialKey(reporter, batchId, index, position)].rows;
    }

    /// @inheritdoc IDAEntrance
    function verifyBlob(bytes32 batchId, BlobProof calldata proof) public view returns (bytes32 blobKey) {
        _requireStatus(batchId, Status.Available);
        Batch storage batch = _batches[batchId];
        BlobHeader memory header = proof.header;
        header.check();
        blobKey = header.blobKey();
        bytes32 root = BatchTree.root(blobKey, proof.index, batch.blobCount, proof.path);
        if (root != batch.batchRoot) revert BlobNotInBatch(root, batch.batchRoot);
    }

    /// @dev The blob from now on reads as corrupt, and its batch's bond is the reporter's. `_checkOpen` was called.
    function _flag(bytes32 batchId, uint256 index) private {
        _corrupt[batchId][index / 256] |= 1 << (index % 256);
        emit BlobFlagged(batchId, index, msg.sender);
        _takeBond(batchId, msg.sender);
    }

    /// @dev A blob of the batch that nobody has proved corrupt.
    function _checkOpen(bytes32 batchId, BlobProof calldata proof) private view {
        verifyBlob(batchId, proof);
        if (_isCorrupt(batchId, proof.index)) revert BlobCorrupt(batchId, proof.index);
    }

    function _isCorrupt(bytes32 batchId, uint256 index) private view returns (bool) {
        return (_corrupt[batchId][index / 256] >> (index % 256)) & 1 == 1;
    }

    /// @dev The sum with a part's rows, which lie under the dataRoot from where the sum ends.
    function _added(
        Partial storage known,
        BlobHeader calldata header,
        uint256 position,
        RowsPart calldata part
    ) private view returns (uint256 sum, uint256 rows) {
        // Only a sum over all rows, never an empty one, can do without more: a header has a row at least.
        if (part.rows.length == 0 && known.rows == header.rows) return (known.sum, known.rows);
        MerklePath.requireIndex(position, PointEvaluation.POSITIONS);
        uint256 depth = MerklePath.depthOf(header.rows);
        if (part.height > depth) revert PartTooHigh(part.height, depth);
        (uint256 first, uint256 size) = (known.rows, 1 << part.height);
        if (first % size != 0) revert PartNotAligned(first, size);
        uint256 required = first + size > header.rows ? header.rows - first : size;
        if (part.rows.length != required) revert RowsInPart(part.rows.length, required);

        bytes32 root = FraudLib.rootOf(part, position);
        _checkRoot(MerklePath.root(root, first >> part.height, depth - part.height, part.path), header.dataRoot);
        sum = FraudLib.sum(header, first, position, part.rows);
        return (addmod(known.sum, sum, PointEvaluation.R), first + required);
    }

    function _checkSector(
        BlobHeader calldata header,
        uint256 sectorIndex,
        bytes32[8] calldata sector,
        bytes32[] calldata path
    ) private pure {
        _checkRoot(RowTree.rootOfSector(sector, sectorIndex, header.rows, path), header.dataRoot);
    }

    function _checkOpening(BlobHeader calldata header, uint256 position, Opening calldata opening) private view {
        MerklePath.requireIndex(position, PointEvaluation.POSITIONS);
        uint256 point = PointEvaluation.pointOf(position);
        PointEvaluation.check(header.commitmentHi, header.commitmentLo, point, opening);
    }

    function _partialKey(
        address reporter,
        bytes32 batchId,
        uint256 index,
        uint256 position
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(reporter, batchId, index, position));
    }

    function _checkRoot(bytes32 root, bytes32 required) private pure {
        if (root != required) revert NotUnderDataRoot(root, required);
    }
}
