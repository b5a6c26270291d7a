// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchTree} from "../../../contracts/libraries/BatchTree.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {Test} from "../base/Test.sol";
import {Naive} from "../da/Naive.sol";

contract BatchTreeCaller {
    function root(bytes32 key, uint256 index, uint256 count, bytes32[] calldata path) external pure returns (bytes32) {
        return BatchTree.root(key, index, count, path);
    }
}

/// @notice The batch tree against a naive one, and against the TypeScript one (merkletreejs) on shared vectors.
contract BatchTreeTest is Test {
    BatchTreeCaller internal tree = new BatchTreeCaller();

    /// @dev All sizes from 1 to 64, every index: the path leads to the naive root.
    function testFuzz_PathsLeadToTheNaiveRoot(bytes32 salt) external view {
        for (uint256 count = 1; count <= 64; ++count) {
            (bytes32[] memory keys, bytes32[] memory leaves) = _keys(count, salt);
            bytes32 expected = Naive.root(leaves);
            uint256 index = uint256(salt) % count;
            vm.assertEq(tree.root(keys[index], index, count, Naive.path(leaves, index)), expected);
            vm.assertEq(tree.root(keys[count - 1], count - 1, count, Naive.path(leaves, count - 1)), expected);
        }
    }

    /// @dev A2: no two sizes of one list share a root, whatever the last leaves repeat (CVE-2012-2459).
    function test_A2_RepeatedLeavesGiveOtherRoots() external pure {
        for (uint256 count = 1; count <= 64; ++count) {
            (, bytes32[] memory leaves) = _keys(count, "a2");
            bytes32 root = Naive.root(leaves);
            for (uint256 more = 1; more <= count && count + more <= 64; ++more) {
                // [l1 … ln] and [l1 … ln, l(n−more+1) … ln].
                bytes32[] memory longer = new bytes32[](count + more);
                for (uint256 i = 0; i < count + more; ++i) longer[i] = leaves[i < count ? i : i - more];
                vm.assertNotEq(Naive.root(Naive.pad(longer, BatchTree.EMPTY)), root);
            }
        }
    }

    /// @dev A4: the padding is no leaf: what would hash to it is no hash.
    function test_A4_ThePaddingIsNoBlob() external {
        (, bytes32[] memory leaves) = _keys(3, "a4");
        bytes32[] memory path = Naive.path(leaves, 3);
        vm.expectRevert(abi.encodeWithSelector(MerklePath.IndexOutOfRange.selector, 3, 3));
        tree.root(BatchTree.EMPTY, 3, 3, path);
        // Even with a count that admits the place, EMPTY is not the hash of 32 bytes that anyone knows.
        vm.assertNotEq(tree.root(BatchTree.EMPTY, 3, 4, path), Naive.root(leaves));
    }

    /// @dev A5 (CVE-2023-34459): forged multiproofs live on a zero under the root that the prover may put where a leaf was
    /// to be. Here each proof is one path of a fixed length: a tree with such a zero proves its other half, and no stranger.
    function testFuzz_A5_AZeroUnderTheRootProvesNoStranger(bytes32 key, bytes32 stranger, uint256 index) external {
        vm.assume(key != stranger);
        bytes32 left = BatchTree.leaf(key);
        bytes32 forged = keccak256(abi.encodePacked(left, bytes32(0)));
        bytes32[] memory zero = new bytes32[](1);
        vm.assertEq(tree.root(key, 0, 2, zero), forged);
        vm.assertNotEq(tree.root(stranger, index % 2, 2, zero), forged);
        zero[0] = left;
        vm.assertNotEq(tree.root(stranger, 1, 2, zero), forged);
        // Without siblings, or with more of them than the tree has levels, nothing is computed at all.
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 0, 1));
        tree.root(stranger, index % 2, 2, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, 2, 1));
        tree.root(stranger, index % 2, 2, new bytes32[](2));
    }

    /// @dev A1: for all sizes, every node above the leaves, offered as a leaf, at every depth.
    function test_A1_NodesAreRefusedAtEveryDepth() external {
        for (uint256 count = 2; count <= 64; count = count * 2 + 1) {
            (bytes32[] memory keys, bytes32[] memory leaves) = _keys(count, "a1");
            bytes32[] memory path = Naive.path(leaves, 1);
            uint256 depth = path.length;
            for (uint256 length = 0; length < depth + 3; ++length) {
                if (length == depth) continue;
                vm.expectRevert(abi.encodeWithSelector(MerklePath.PathLength.selector, length, depth));
                tree.root(keys[1], 1, count, new bytes32[](length));
            }
        }
    }

    function test_RootsAndPathsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/batchTree.json");
        for (uint256 count = 1; count <= 17; ++count) {
            string memory item = string.concat("[", vm.toString(count - 1), "].");
            bytes32[] memory leaves = vm.parseJsonBytes32Array(json, string.concat(item, "leaves"));
            bytes32[] memory padded = Naive.pad(leaves, BatchTree.EMPTY);
            vm.assertEq(leaves.length, count);
            vm.assertEq(Naive.root(padded), vm.parseJsonBytes32(json, string.concat(item, "root")));
            for (uint256 i = 0; i < count; ++i) {
                string memory path = string.concat(item, "paths[", vm.toString(i), "]");
                bytes32[] memory given = vm.parseJsonBytes32Array(json, path);
                vm.assertEq(abi.encode(given), abi.encode(Naive.path(padded, i)));
            }
        }
    }

    function _keys(uint256 count, bytes32 salt) internal pure returns (bytes32[] memory keys, bytes32[] memory leaves) {
        keys = new bytes32[](count);
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = keccak256(abi.encode(salt, i));
            leaves[i] = keccak256(bytes.concat(keys[i]));
        }
        leaves = Naive.pad(leaves, BatchTree.EMPTY);
    }
}
