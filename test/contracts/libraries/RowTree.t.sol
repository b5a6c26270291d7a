// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {Test} from "../base/Test.sol";

contract RowTreeCaller {
    function rootOfCell(
        bytes calldata cell,
        uint256 row,
        uint256 column,
        uint256 rows,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return RowTree.rootOfCell(cell, row, column, rows, path);
    }

    function rootOfSector(
        bytes32[8] calldata sector,
        uint256 index,
        uint256 rows,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return RowTree.rootOfSector(sector, index, rows, path);
    }
}

/// @notice Cells and sectors of real encoded blobs, from the TypeScript that stores and serves them.
contract RowTreeTest is Test {
    RowTreeCaller internal tree = new RowTreeCaller();

    function test_CellsLeadToTheDataRootOfTypeScript() external view {
        string memory json = _json();
        for (uint256 i = 0; i < 4; ++i) {
            bytes32 root = tree.rootOfCell(
                vm.parseJsonBytes(json, _at(i, "cell")),
                vm.parseJsonUint(json, _at(i, "row")),
                vm.parseJsonUint(json, _at(i, "column")),
                vm.parseJsonUint(json, _at(i, "header.rows")),
                vm.parseJsonBytes32Array(json, _at(i, "cellPath"))
            );
            vm.assertEq(root, vm.parseJsonBytes32(json, _at(i, "header.dataRoot")));
        }
    }

    function test_SectorsLeadToTheDataRootOfTypeScript() external view {
        string memory json = _json();
        for (uint256 i = 0; i < 4; ++i) {
            bytes32[] memory words = vm.parseJsonBytes32Array(json, _at(i, "sector"));
            bytes32[8] memory sector;
            for (uint256 w = 0; w < 8; ++w) sector[w] = words[w];
            bytes32 root = tree.rootOfSector(
                sector,
                vm.parseJsonUint(json, _at(i, "sectorIndex")),
                vm.parseJsonUint(json, _at(i, "header.rows")),
                vm.parseJsonBytes32Array(json, _at(i, "sectorPath"))
            );
            vm.assertEq(root, vm.parseJsonBytes32(json, _at(i, "header.dataRoot")));
        }
    }

    function _json() internal view returns (string memory) {
        return vm.readFile("test/vectors/path.json");
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat("[", vm.toString(i), "].", name);
    }
}
