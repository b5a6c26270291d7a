// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchRows} from "../../../contracts/libraries/BatchRows.sol";
import {EntryLib} from "../../../contracts/libraries/EntryLib.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {RowsProof} from "../../../contracts/types/RowsProof.sol";
import {Test} from "../base/Test.sol";
import {Naive} from "../da/Naive.sol";

contract BatchRowsCaller {
    function checkCell(
        bytes32 cellRoot,
        uint256 row,
        uint256 column,
        uint256 rowCount,
        bytes32 rowsRoot,
        RowsProof calldata proof
    ) external pure {
        BatchRows.checkCell(cellRoot, row, column, rowCount, rowsRoot, proof);
    }

    function checkSector(
        bytes32 sectorHash,
        uint256 row,
        uint256 sector,
        uint256 rowCount,
        bytes32 rowsRoot,
        RowsProof calldata proof
    ) external pure {
        BatchRows.checkSector(sectorHash, row, sector, rowCount, rowsRoot, proof);
    }
}

/// @notice Proofs under a batch's rowsRoot: against a tree made the slow way, and those of TypeScript.
contract BatchRowsTest is Test {
    BatchRowsCaller internal rows = new BatchRowsCaller();

    /// @notice A batch whose rows are hashes, but for one of which all cells are known, and the sectors of one of those.
    struct Known {
        uint256 rowCount;
        uint256 row;
        uint256 column;
        bytes32 rowsRoot;
        bytes32[] cells;
        bytes32[] sectors;
        RowsProof cellProof;
        RowsProof sectorProof;
    }

    function test_EveryRowCountUpTo40AndEveryRow() external view {
        for (uint256 rowCount = 1; rowCount <= 40; ++rowCount) {
            for (uint256 row = 0; row < rowCount; ++row) this.assertOne(rowCount, row);
        }
    }

    /// @dev A call of its own, so that its memory is given back.
    function assertOne(uint256 rowCount, uint256 row) external view {
        _assertProved(_known(rowCount, row, (row * 37) % 128, "all"));
    }

    function testFuzz_ProofsOfANaiveTree(uint256 rowCount, uint256 row, uint256 column, bytes32 salt) external view {
        rowCount = bound(rowCount, 1, 512);
        _assertProved(_known(rowCount, row % rowCount, column % 128, salt));
    }

    function test_ProofsOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/rowsProof.json");
        for (uint256 i = 0; i < 24; ++i) {
            string memory item = string.concat("[", vm.toString(i), "].");
            uint256 row = vm.parseJsonUint(json, string.concat(item, "row"));
            uint256 rowCount = vm.parseJsonUint(json, string.concat(item, "rowCount"));
            bytes32 root = vm.parseJsonBytes32(json, string.concat(item, "rowsRoot"));
            RowsProof memory proof;
            proof.nodes = vm.parseJsonBytes32Array(json, string.concat(item, "nodes"));
            proof.path = vm.parseJsonBytes32Array(json, string.concat(item, "cellPath"));
            bytes32 leaf = vm.parseJsonBytes32(json, string.concat(item, "cellRoot"));
            rows.checkCell(leaf, row, vm.parseJsonUint(json, string.concat(item, "column")), rowCount, root, proof);
            proof.path = vm.parseJsonBytes32Array(json, string.concat(item, "sectorPath"));
            leaf = vm.parseJsonBytes32(json, string.concat(item, "sectorHash"));
            rows.checkSector(leaf, row, vm.parseJsonUint(json, string.concat(item, "sector")), rowCount, root, proof);
        }
    }

    /// @dev Any one bit of the cell, of the path or of the nodes.
    function testFuzz_OneWrongBitIsRefused(uint256 rowCount, uint256 row, uint256 bit) external {
        rowCount = bound(rowCount, 1, 512);
        Known memory k = _known(rowCount, row % rowCount, 77, "bit");
        (uint256 path, uint256 nodes) = (k.cellProof.path.length, k.cellProof.nodes.length);
        bit = bound(bit, 0, 256 * (1 + path + nodes) - 1);
        bytes32 flipped = bytes32(1 << (bit % 256));
        bytes32 cell = k.cells[77];
        uint256 place = bit / 256;
        if (place == 0) cell ^= flipped;
        else if (place <= path) k.cellProof.path[place - 1] ^= flipped;
        else k.cellProof.nodes[place - 1 - path] ^= flipped;
        if (place <= path) vm.expectPartialRevert(BatchRows.NotUnderRowsRoot.selector);
        else vm.expectPartialRevert(EntryLib.IdentityMismatch.selector);
        rows.checkCell(cell, k.row, 77, k.rowCount, k.rowsRoot, k.cellProof);
    }

    /// @dev The right path of one place does not serve any other.
    function testFuzz_PlacesAreBound(uint256 rowCount, uint256 row, uint256 otherRow, uint256 otherColumn) external {
        rowCount = bound(rowCount, 1, 512);
        Known memory k = _known(rowCount, row % rowCount, 77, "place");
        (otherRow, otherColumn) = (otherRow % rowCount, otherColumn % 128);
        vm.assume(otherRow != k.row || otherColumn != 77);
        (bool accepted, ) = address(rows).call(
            abi.encodeCall(rows.checkCell, (k.cells[77], otherRow, otherColumn, k.rowCount, k.rowsRoot, k.cellProof))
        );
        vm.assertFalse(accepted);
    }

    function test_A1_NodesOfTheTreeAreNeitherCellsNorSectors() external {
        Known memory k = _known(13, 9, 77, "node");
        RowsProof memory shorter = RowsProof(k.cellProof.nodes, _tail(k.cellProof.path));
        bytes32 parent = keccak256(bytes.concat(k.cellProof.path[0], k.cells[77]));
        // Row 9 lies under the second node of 8 + 4 + 1: two levels above the seven of the row.
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 8, 9));
        rows.checkCell(parent, 9, 38, k.rowCount, k.rowsRoot, shorter);
        // A cell's root is no sector, and a sector no cell.
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 9, 12));
        rows.checkSector(k.cells[77], 9, 77, k.rowCount, k.rowsRoot, k.cellProof);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 12, 9));
        rows.checkCell(k.sectors[0], 9, 77, k.rowCount, k.rowsRoot, k.sectorProof);
    }

    function test_A4_NeitherEmptyProofsNorPlacesOutsideTheRowsCount() external {
        Known memory k = _known(13, 9, 77, "empty");
        RowsProof memory empty;
        bytes32 nothing = keccak256("");
        vm.expectRevert(abi.encodeWithSelector(EntryLib.IdentityMismatch.selector, nothing, k.rowsRoot));
        rows.checkCell(k.cells[77], 9, 77, k.rowCount, k.rowsRoot, empty);
        // Even a root of no nodes has none that covers a row.
        vm.expectRevert(abi.encodeWithSelector(EntryLib.NodeCount.selector, 0, 3));
        rows.checkCell(k.cells[77], 9, 77, k.rowCount, nothing, empty);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 13, 13));
        rows.checkCell(k.cells[77], 13, 77, k.rowCount, k.rowsRoot, k.cellProof);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 0, 0));
        rows.checkCell(k.cells[77], 0, 77, 0, k.rowsRoot, k.cellProof);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 128, 128));
        rows.checkCell(k.cells[77], 9, 128, k.rowCount, k.rowsRoot, k.cellProof);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 1024, 1024));
        rows.checkSector(k.sectors[0], 9, 1024, k.rowCount, k.rowsRoot, k.sectorProof);
    }

    /// @dev 0G pads 17 rows to 18: the eighteenth is in the tree, and still is no row of the batch.
    function test_A7_ThePaddingIsNoRow() external {
        Known memory k = _known(17, 16, 0, "padding");
        vm.assertEq(k.cellProof.nodes.length, 2);
        RowsProof memory padding = RowsProof(k.cellProof.nodes, new bytes32[](8));
        for (uint256 level = 0; level < 7; ++level) padding.path[level] = ZeroHashes.root(3 + level);
        padding.path[7] = Naive.root(k.cells);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 17, 17));
        rows.checkCell(ZeroHashes.root(3), 17, 0, 17, k.rowsRoot, padding);
        // With a count that admits it, it would have passed.
        rows.checkCell(ZeroHashes.root(3), 17, 0, 18, k.rowsRoot, padding);
    }

    function _assertProved(Known memory k) internal view {
        rows.checkCell(k.cells[k.column], k.row, k.column, k.rowCount, k.rowsRoot, k.cellProof);
        rows.checkSector(k.sectors[5], k.row, k.column * 8 + 5, k.rowCount, k.rowsRoot, k.sectorProof);
    }

    function _known(
        uint256 rowCount,
        uint256 row,
        uint256 column,
        bytes32 salt
    ) internal pure returns (Known memory k) {
        (k.rowCount, k.row, k.column) = (rowCount, row, column);
        k.sectors = _random(8, keccak256(abi.encode(salt, "sectors")));
        k.cells = _random(128, keccak256(abi.encode(salt, "cells")));
        k.cells[column] = Naive.root(k.sectors);
        bytes32[] memory segments = _random(rowCount, keccak256(abi.encode(salt, "segments")));
        segments[row] = Naive.root(k.cells);

        // 0G's padding: to a multiple of a sixteenth of the next power of two, and a node for each digit of that.
        uint256 power = 1;
        while (power < rowCount) power *= 2;
        uint256 unit = power < 16 ? 1 : power / 16;
        uint256 padded = ((rowCount + unit - 1) / unit) * unit;
        uint256 start = 0;
        for (uint256 size = power; size != 0; size /= 2) {
            if (padded & size == 0) continue;
            bytes32[] memory covered = new bytes32[](size);
            for (uint256 i = 0; i < size; ++i) {
                covered[i] = start + i < rowCount ? segments[start + i] : ZeroHashes.root(10);
            }
            k.cellProof.nodes = _join(k.cellProof.nodes, _one(Naive.root(covered)));
            if (row >= start && row < start + size) {
                k.cellProof.path = _join(Naive.path(k.cells, column), Naive.path(covered, row - start));
            }
            start += size;
        }
        k.rowsRoot = keccak256(abi.encodePacked(k.cellProof.nodes));
        k.sectorProof = RowsProof(k.cellProof.nodes, _join(Naive.path(k.sectors, 5), k.cellProof.path));
    }

    function _random(uint256 count, bytes32 salt) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) hashes[i] = keccak256(abi.encode(salt, i));
    }

    function _one(bytes32 hash) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = hash;
    }

    function _tail(bytes32[] memory list) internal pure returns (bytes32[] memory tail) {
        tail = new bytes32[](list.length - 1);
        for (uint256 i = 0; i < tail.length; ++i) tail[i] = list[i + 1];
    }

    function _join(bytes32[] memory a, bytes32[] memory b) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](a.length + b.length);
        for (uint256 i = 0; i < all.length; ++i) all[i] = i < a.length ? a[i] : b[i - a.length];
    }
}
