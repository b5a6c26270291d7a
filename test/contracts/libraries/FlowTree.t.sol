// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlowTree, FlowTreeLib} from "../../../contracts/libraries/FlowTree.sol";
import {NaiveTree} from "../base/NaiveTree.sol";
import {Test} from "../base/Test.sol";

contract FlowTreeTest is Test {
    bytes32[56] private _stored;

    /// Any sequence of aligned subtrees, saved and loaded between any two of them, has the naive root.
    function testFuzz_EqualsTheNaiveTree(uint256[12] calldata steps) external {
        NaiveTree.Placed[] memory placed;
        FlowTree memory tree = _startAtOne();
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 height = bound(steps[i] % 1024, 0, 13);
            bytes32 subtree = keccak256(abi.encode(steps[i], i));
            tree.pad(height);
            placed = _with(placed, NaiveTree.Placed(tree.length, height, subtree));
            tree.append(subtree, height);
            vm.assertEq(tree.root(), NaiveTree.root(placed, tree.length));
            if (steps[i] >> 255 == 1) {
                tree.save(_stored);
                tree = FlowTreeLib.load(_stored, tree.length);
            }
        }
    }

    /// The same against leaves: every sector hashed, no subtree taken whole.
    /// hardhat-config: fuzz.runs = 64
    function testFuzz_EqualsATreeOfAllLeaves(uint256 seed) external pure {
        FlowTree memory tree = _startAtOne();
        bytes32[] memory leaves = new bytes32[](256);
        for (uint256 i = 1; i < 256; ++i) leaves[i] = NaiveTree.zero(0);
        for (uint256 i = 0; ; ++i) {
            uint256 height = uint256(keccak256(abi.encode(seed, i))) % 5;
            tree.pad(height);
            uint256 size = 1 << height;
            if (tree.length + size > 256) break;
            bytes32[] memory file = new bytes32[](size);
            for (uint256 j = 0; j < size; ++j) {
                file[j] = keccak256(abi.encode(seed, i, j));
                leaves[tree.length + j] = file[j];
            }
            tree.append(_rootOf(file, size), height);
            uint256 power = 1;
            while (power < tree.length) power *= 2;
            vm.assertEq(tree.root(), _rootOf(leaves, power));
        }
    }

    /// 0G's rule in its own words: move to the next multiple of the first node's size; if that is not the start of a
    /// segment and the file would end in another segment than it starts in, move to the next segment.
    function testFuzz_StartIsThatOf0G(uint256 length, uint256 height, uint256 sectors) external pure {
        length = bound(length, 1, 1 << 40);
        height = bound(height, 0, 40);
        sectors = bound(sectors, 1 << height, (2 << height) - 1);
        uint256 start = ((length - 1) / (1 << height) + 1) * (1 << height);
        if (start % 1024 != 0 && start / 1024 != (start + sectors - 1) / 1024) start += 1024 - (start % 1024);

        uint256 chosen = FlowTreeLib.startHeight(length, height, sectors);
        vm.assertEq(FlowTreeLib.alignUp(length, chosen), start);
    }

    function testFuzz_LevelsHoldTheLengthAndNotOneLess(uint256 length) external pure {
        length = bound(length, 1, 1 << 55);
        uint256 levels = FlowTreeLib.levels(length);
        vm.assertLe(length, 1 << (levels - 1));
        if (levels > 1) vm.assertGt(length, 1 << (levels - 2));
    }

    function testFuzz_LowestBit(uint256 x, uint8 shift) external pure {
        x = (x | 1) << shift;
        vm.assertEq(FlowTreeLib.lowestBit(x), shift);
    }

    function _startAtOne() private pure returns (FlowTree memory tree) {
        tree.length = 1;
    }

    function _with(
        NaiveTree.Placed[] memory placed,
        NaiveTree.Placed memory one
    ) private pure returns (NaiveTree.Placed[] memory longer) {
        longer = new NaiveTree.Placed[](placed.length + 1);
        for (uint256 i = 0; i < placed.length; ++i) longer[i] = placed[i];
        longer[placed.length] = one;
    }

    function _rootOf(bytes32[] memory leaves, uint256 count) private pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) level[i] = leaves[i];
        for (; count > 1; count /= 2) {
            for (uint256 i = 0; i < count; i += 2) level[i / 2] = keccak256(abi.encode(level[i], level[i + 1]));
        }
        return level[0];
    }
}
