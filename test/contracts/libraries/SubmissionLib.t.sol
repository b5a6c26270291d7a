// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SubmissionLib} from "../../../contracts/libraries/SubmissionLib.sol";
import {Submission, SubmissionData, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";

contract SubmissionLibTest is StorageTest {
    /// Every file of 0G's padding is accepted, from its first to its last byte.
    function testFuzz_AcceptsWhatAFileOfAnyLengthBecomes(uint256 length) external view {
        length = bound(length, 1, 1 << 48);
        Submission memory entry = entryOf(alice, (length + 255) / 256, "x");
        entry.data.length = length;
        (uint256 sectors, bytes32 identity) = this.check(entry.data);
        vm.assertEq(sectors, paddedSectors((length + 255) / 256));
        bytes memory roots;
        for (uint256 i = 0; i < entry.data.nodes.length; ++i) roots = bytes.concat(roots, entry.data.nodes[i].root);
        vm.assertEq(identity, keccak256(roots));
    }

    /// Of any four heights only those of a padded file are accepted, and only with a length that pads to them.
    function testFuzz_AcceptsNothingElse(uint256[4] calldata heights, uint256 count, uint256 length) external view {
        count = bound(count, 0, 4);
        SubmissionData memory data;
        data.nodes = new SubmissionNode[](count);
        uint256 capacity = 0;
        bool descending = count > 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 height = bound(heights[i] % 64, 0, 20);
            data.nodes[i] = SubmissionNode({root: bytes32(i), height: height});
            capacity += 1 << height;
            if (i > 0 && height >= data.nodes[i - 1].height) descending = false;
        }
        data.length = bound(length, 0, capacity * 256 + 1);
        bool isAFile = descending && data.length > 0 && paddedSectors((data.length + 255) / 256) == capacity;

        try this.check(data) returns (uint256 sectors, bytes32) {
            vm.assertTrue(isAFile, "accepted what no file becomes");
            vm.assertEq(sectors, capacity);
        } catch {
            vm.assertFalse(isAFile, "refused a file");
        }
    }

    function check(SubmissionData calldata data) external pure returns (uint256 sectors, bytes32 identity) {
        return SubmissionLib.check(data);
    }
}
