// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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
