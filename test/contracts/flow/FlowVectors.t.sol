// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {Submission, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice Files and logs as protocol/flow.ts computes them from their bytes: test/vectors/flow.json.
contract FlowVectorsTest is StorageTest {
    function test_ThisLogIsThatOfTheVectors() external {
        string memory json = vm.readFile("test/vectors/flow.json");
        for (uint256 i = 0; ; ++i) {
            string memory file = string.concat(".files[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, file)) {
                vm.assertGe(i, 10);
                return;
            }
            Submission memory entry;
            entry.submitter = alice;
            entry.data.length = vm.parseJsonUint(json, string.concat(file, ".length"));
            entry.data.nodes = _nodes(json, file);

            vm.prank(alice);
            (, bytes32 identity, , uint256 sectors) = flow.submit{value: 1 ether}(entry);
            vm.assertEq(identity, vm.parseJsonBytes32(json, string.concat(file, ".identity")));
            vm.assertEq(sectors, vm.parseJsonUint(json, string.concat(file, ".sectors")));

            string memory log = string.concat(".logs[", vm.toString(i), "]");
            (uint256 length, ) = flow.tree();
            vm.assertEq(length, vm.parseJsonUint(json, string.concat(log, ".length")));
            vm.assertEq(flow.computeFlowRoot(), vm.parseJsonBytes32(json, string.concat(log, ".root")));
        }
    }

    /// Entries of all sizes: where they start, and the root after each.
    function test_ALongLogIsThatOfTheVectors() external {
        string memory json = vm.readFile("test/vectors/flow.json");
        for (uint256 i = 0; i < 48; ++i) {
            string memory item = string.concat(".long[", vm.toString(i), "]");
            Submission memory entry;
            entry.submitter = alice;
            entry.data.length = vm.parseJsonUint(json, string.concat(item, ".bytes"));
            entry.data.nodes = _nodes(json, item);
            vm.prank(alice);
            (, , uint256 start, ) = flow.submit{value: 1 ether}(entry);
            vm.assertEq(start, vm.parseJsonUint(json, string.concat(item, ".start")));
            (uint256 length, ) = flow.tree();
            vm.assertEq(length, vm.parseJsonUint(json, string.concat(item, ".length")));
            vm.assertEq(flow.computeFlowRoot(), vm.parseJsonBytes32(json, string.concat(item, ".root")));
        }
    }

    /// Paths from an entry's first node, in the log right after it and in a later one, lead to the roots on chain.
    function test_PathsOfTheVectorsLeadToTheRoots() external view {
        string memory json = vm.readFile("test/vectors/flow.json");
        for (uint256 i = 0; ; ++i) {
            string memory item = string.concat(".paths[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, item)) {
                vm.assertGe(i, 19);
                return;
            }
            bytes32 leaf = vm.parseJsonBytes32(json, string.concat(item, ".leaf"));
            uint256 index = vm.parseJsonUint(json, string.concat(item, ".index"));
            bytes32[] memory path = vm.parseJsonBytes32Array(json, string.concat(item, ".path"));
            bytes32 root = vm.parseJsonBytes32(json, string.concat(item, ".root"));
            vm.assertEq(this.climb(leaf, index, path), root);
        }
    }

    function climb(bytes32 leaf, uint256 index, bytes32[] calldata path) external pure returns (bytes32) {
        return MerklePath.root(leaf, index, path.length, path);
    }

    /// The rows of a batch, 1 to 64: the heights that both sides derive from the count.
    function test_RowsHaveTheHeightsOfTheVectors() external view {
        string memory json = vm.readFile("test/vectors/flow.json");
        for (uint256 i = 0; i < 64; ++i) {
            string memory row = string.concat(".rows[", vm.toString(i), "]");
            uint256 rows = vm.parseJsonUint(json, string.concat(row, ".rows"));
            uint256[] memory heights = vm.parseJsonUintArray(json, string.concat(row, ".heights"));
            SubmissionNode[] memory nodes = entryOf(alice, rows * 1024, "rows").data.nodes;
            vm.assertEq(nodes.length, heights.length);
            for (uint256 j = 0; j < heights.length; ++j) vm.assertEq(nodes[j].height, heights[j]);
        }
    }

    function _nodes(string memory json, string memory file) private view returns (SubmissionNode[] memory nodes) {
        uint256 count = 0;
        while (vm.keyExistsJson(json, _node(file, count, ""))) ++count;
        nodes = new SubmissionNode[](count);
        for (uint256 i = 0; i < count; ++i) {
            nodes[i].root = vm.parseJsonBytes32(json, _node(file, i, ".root"));
            nodes[i].height = vm.parseJsonUint(json, _node(file, i, ".height"));
        }
    }

    function _node(string memory file, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(file, ".nodes[", vm.toString(i), "]", field);
    }
}
