// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {BlobHeaderLib} from "../../../contracts/libraries/BlobHeaderLib.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {BlobHeader} from "../../../contracts/types/BlobHeader.sol";
import {BlobProof} from "../../../contracts/types/BlobProof.sol";
import {EntranceTest} from "./EntranceTest.sol";
import {Naive} from "./Naive.sol";

/// @notice Reads against a certified batch: of the blob, of a cell, of a sector; and what must not pass for one.
contract DAEntranceReadsTest is EntranceTest {
    /// @notice A batch with one blob that is known down to one cell.
    struct Blob {
        Case batch;
        BlobProof proof;
        bytes32[] leaves;
        bytes32[] segments;
        bytes32[] cells;
        uint256 row;
        uint256 column;
        bytes cell;
        bytes32[] path;
    }

    function setUp() external {
        _deployWith(1);
    }

    function test_ReadsOfAOneRowBlobAlone() external {
        _assertReads(_blob(1, 0, 1, 0, 0, "one"));
    }

    function testFuzz_Reads(uint16 rows, uint16 row, uint8 column, uint8 blobs, uint8 index, bytes32 salt) external {
        blobs = uint8(bound(blobs, 1, 64));
        rows = uint16(bound(rows, 1, 256));
        _assertReads(_blob(rows, row % rows, blobs, index % blobs, column % 128, salt));
    }

    function test_OnlyAvailableBatchesAreRead() external {
        Blob memory b = _unconfirmed(2, 1, 3, 1, 5, "status");
        bytes memory reason = abi.encodeWithSelector(
            IDAEntrance.WrongStatus.selector,
            b.batch.id,
            IDAEntrance.Status.Submitted,
            IDAEntrance.Status.Available
        );
        vm.expectRevert(reason);
        entrance.verifyBlob(b.batch.id, b.proof);
        vm.expectRevert(reason);
        entrance.verifyCell(b.batch.id, b.proof, b.row, b.column, b.cell, b.path);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.UnknownBatch.selector, bytes32(0)));
        entrance.verifyBlob(0, b.proof);
        _confirm(b.batch);
        _assertReads(b);
        // Reads go on after the retention: what was certified stays so.
        vm.roll(vm.getBlockNumber() + 10 * RETENTION);
        _assertReads(b);
    }

    function test_A1_ANodeIsNoBlob() external {
        Blob memory b = _blob(2, 1, 4, 1, 5, "node");
        // The parent of the leaf, with the rest of its path: too short for four blobs.
        bytes32[] memory shorter = new bytes32[](1);
        shorter[0] = b.proof.path[1];
        b.proof.path = shorter;
        _expectBlobRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 1, 2), b);
        b.proof.path = new bytes32[](3);
        _expectBlobRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 3, 2), b);
        // A4: nor is the empty path one, unless there is one blob.
        b.proof.path = new bytes32[](0);
        _expectBlobRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 0, 2), b);
    }

    function test_A2_PositionsAreBound() external {
        Blob memory b = _blob(2, 1, 3, 1, 5, "index");
        bytes32 root = b.batch.commitment.batchRoot;
        b.proof.index = 0;
        bytes32 other = keccak256(bytes.concat(keccak256(bytes.concat(b.leaves[1], b.proof.path[0])), b.proof.path[1]));
        _expectBlobRefused(abi.encodeWithSelector(IDAEntrance.BlobNotInBatch.selector, other, root), b);
        // The place of the padding, and places beyond the tree.
        for (uint256 i = 3; i < 9; ++i) {
            b.proof.index = i;
            _expectBlobRefused(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, i, 3), b);
        }
        b.proof.index = type(uint256).max - 2;
        _expectBlobRefused(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, b.proof.index, 3), b);
    }

    function test_A7_HeadersOfAnotherFormAreRefused() external {
        Blob memory b = _blob(2, 1, 3, 1, 5, "form");
        b.proof.header.version = 2;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.UnknownHeaderVersion.selector, 2), b);
        b.proof.header.version = 1;
        b.proof.header.rows = 3;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobRows.selector, 3, 2), b);
        b.proof.header.length = 126_972;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobRows.selector, 3, 1), b);
        b.proof.header.length = 126_973;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobRows.selector, 3, 2), b);
        b.proof.header.length = 0;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobLength.selector, 0, 32_505_852), b);
        b.proof.header.length = 32_505_853;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobLength.selector, 32_505_853, 32_505_852), b);
        b.proof.header.length = 32_505_852;
        _expectBlobRefused(abi.encodeWithSelector(BlobHeaderLib.BlobRows.selector, 3, 256), b);
    }

    function test_A7_RowsOfZerosDoNotLengthenABlob() external {
        // Three rows and the padding to four: the same dataRoot as four rows of which the last is all zero.
        Blob memory b = _blob(3, 2, 2, 0, 0, "zeros");
        bytes memory zeros = new bytes(2048);
        bytes32[] memory empty = new bytes32[](128);
        for (uint256 i = 0; i < 128; ++i) empty[i] = ZeroHashes.root(3);
        bytes32[] memory path = _join(Naive.path(empty, 0), Naive.path(Naive.pad(b.segments, ZeroHashes.root(10)), 3));
        vm.assertEq(Naive.root(empty), ZeroHashes.root(10));
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 3, 3));
        entrance.verifyCell(b.batch.id, b.proof, 3, 0, zeros, path);
        bytes32[8] memory zeroSector;
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 3 * 1024, 3 * 1024));
        entrance.readSector(b.batch.id, b.proof, 3 * 1024, zeroSector, path);
    }

    function test_A1_CellsHaveTheirDepth() external {
        Blob memory b = _blob(3, 2, 2, 0, 77, "depth");
        bytes32[] memory path = b.path;
        b.path = new bytes32[](8);
        _expectCellRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 8, 9), b);
        b.path = new bytes32[](10);
        _expectCellRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 10, 9), b);
        b.path = new bytes32[](0);
        _expectCellRefused(abi.encodeWithSelector(MerklePath.PathLength.selector, 0, 9), b);
        b.path = path;
        b.column = 128;
        _expectCellRefused(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 128, 128), b);
        (b.row, b.column) = (3, 77);
        _expectCellRefused(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 3, 3), b);
        b.row = 2;
        b.cell = bytes.concat(b.cell, hex"00");
        _expectCellRefused(abi.encodeWithSelector(RowTree.CellLength.selector, 2049, 2048), b);
        b.cell = "";
        _expectCellRefused(abi.encodeWithSelector(RowTree.CellLength.selector, 0, 2048), b);
    }

    function testFuzz_FlippedBitsAreRefused(uint256 bit, uint16 row, uint8 column) external {
        Blob memory b = _blob(3, row % 3, 5, 4, column % 128, "flip");
        bit = bound(bit, 0, 8 * (2048 + 32 * 9) - 1);
        _flip(b.cell, b.path, bit);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.verifyCell(b.batch.id, b.proof, b.row, b.column, b.cell, b.path);
    }

    /// @dev Another row, another column, each with the right path of the first: refused.
    function testFuzz_CellsAreBoundToTheirPlace(uint16 row, uint8 column) external {
        Blob memory b = _blob(4, 2, 2, 0, 77, "place");
        b.row = row % 4;
        b.column = column % 128;
        vm.assume(b.row != 2 || b.column != 77);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.verifyCell(b.batch.id, b.proof, b.row, b.column, b.cell, b.path);
    }

    function testFuzz_SectorsAreBoundToTheirPlace(uint256 index) external {
        Blob memory b = _blob(4, 2, 2, 0, 77, "sector place");
        index = bound(index, 0, 4 * 1024 - 1);
        uint256 own = (2 * 128 + 77) * 8 + 5;
        vm.assume(index != own);
        (bytes32[8] memory sector, bytes32[] memory path) = _sector(b, 5);
        vm.expectPartialRevert(IDAEntrance.NotUnderDataRoot.selector);
        entrance.readSector(b.batch.id, b.proof, index, sector, path);
    }

    function test_A1_ACellsNodesAreNoSectors() external {
        Blob memory b = _blob(4, 2, 2, 0, 77, "cell as sector");
        (bytes32[8] memory sector, bytes32[] memory path) = _sector(b, 0);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) shorter[i] = path[i + 1];
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 11, 12));
        entrance.readSector(b.batch.id, b.proof, 0, sector, shorter);
    }

    function _assertReads(Blob memory b) internal view {
        vm.assertEq(entrance.verifyBlob(b.batch.id, b.proof), keccak256(abi.encode(b.proof.header)));
        (bool valid, bool withheld) = entrance.verifyCell(b.batch.id, b.proof, b.row, b.column, b.cell, b.path);
        vm.assertTrue(valid && !withheld);
        for (uint256 s = 0; s < 8; ++s) {
            (bytes32[8] memory sector, bytes32[] memory path) = _sector(b, s);
            uint256 index = (b.row * 128 + b.column) * 8 + s;
            (bytes32[8] memory read, ) = entrance.readSector(b.batch.id, b.proof, index, sector, path);
            vm.assertEq(keccak256(abi.encode(read)), keccak256(abi.encode(sector)));
        }
    }

    function _expectBlobRefused(bytes memory reason, Blob memory b) internal {
        vm.expectRevert(reason);
        entrance.verifyBlob(b.batch.id, b.proof);
    }

    function _expectCellRefused(bytes memory reason, Blob memory b) internal {
        vm.expectRevert(reason);
        entrance.verifyCell(b.batch.id, b.proof, b.row, b.column, b.cell, b.path);
    }

    function _blob(
        uint16 rows,
        uint256 row,
        uint256 blobs,
        uint256 index,
        uint256 column,
        bytes32 salt
    ) internal returns (Blob memory b) {
        b = _unconfirmed(rows, row, blobs, index, column, salt);
        _confirm(b.batch);
    }

    /// @dev All but the cell in question are hashes without preimage: nobody asks for them.
    function _unconfirmed(
        uint16 rows,
        uint256 row,
        uint256 blobs,
        uint256 index,
        uint256 column,
        bytes32 salt
    ) internal returns (Blob memory b) {
        (b.row, b.column) = (row, column);
        for (uint256 i = 0; i < 64; ++i) b.cell = bytes.concat(b.cell, keccak256(abi.encode(salt, "cell", i)));
        b.cells = _random(128, keccak256(abi.encode(salt, "cells")));
        b.cells[column] = Naive.root(_sectorHashes(b.cell));
        b.segments = _random(rows, keccak256(abi.encode(salt, "segments")));
        b.segments[row] = Naive.root(b.cells);
        bytes32[] memory padded = Naive.pad(b.segments, ZeroHashes.root(10));
        b.path = _join(Naive.path(b.cells, column), Naive.path(padded, row));

        b.proof.header = BlobHeader({
            version: 1,
            dataRoot: Naive.root(padded),
            commitmentHi: keccak256(abi.encode(salt, "commitment")),
            commitmentLo: bytes16(salt),
            length: uint32(rows) * 126_976 - 4,
            rows: rows,
            account: submitter,
            salt: salt
        });
        b.leaves = _random(blobs, keccak256(abi.encode(salt, "leaves")));
        b.leaves[index] = keccak256(abi.encode(keccak256(abi.encode(b.proof.header))));
        padded = Naive.pad(b.leaves, keccak256("0G-DA/empty/v1"));
        b.proof.index = index;
        b.proof.path = Naive.path(padded, index);

        b.batch = _case(uint32(rows < blobs ? blobs : rows), 10_000, salt);
        b.batch.commitment.batchRoot = Naive.root(padded);
        b.batch.commitment.blobCount = uint32(blobs);
        _submitted(b.batch);
    }

    function _sector(Blob memory b, uint256 s) internal pure returns (bytes32[8] memory sector, bytes32[] memory path) {
        for (uint256 i = 0; i < 8; ++i) sector[i] = _word(b.cell, s * 8 + i);
        path = _join(Naive.path(_sectorHashes(b.cell), s), b.path);
    }

    function _sectorHashes(bytes memory cell) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](8);
        for (uint256 s = 0; s < 8; ++s) {
            bytes memory sector;
            for (uint256 i = 0; i < 8; ++i) sector = bytes.concat(sector, _word(cell, s * 8 + i));
            hashes[s] = keccak256(sector);
        }
    }

    function _word(bytes memory data, uint256 i) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), mul(i, 32)))
        }
    }

    function _random(uint256 count, bytes32 salt) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) hashes[i] = keccak256(abi.encode(salt, i));
    }

    function _join(bytes32[] memory a, bytes32[] memory b) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](a.length + b.length);
        for (uint256 i = 0; i < all.length; ++i) all[i] = i < a.length ? a[i] : b[i - a.length];
    }

    function _flip(bytes memory cell, bytes32[] memory path, uint256 bit) internal pure {
        if (bit < cell.length * 8) {
            cell[bit / 8] = bytes1(uint8(cell[bit / 8]) ^ uint8(1 << (bit % 8)));
        } else {
            bit -= cell.length * 8;
            path[bit / 256] ^= bytes32(1 << (bit % 256));
        }
    }
}
