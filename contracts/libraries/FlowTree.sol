// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "./MerkleHash.sol";
import {ZeroHashes} from "./ZeroHashes.sol";

/// @notice The right edge of the log's tree, in memory while entries are appended.
/// @param length Sectors in the tree.
/// @param changed Bit i: `peaks[i]` is not what storage holds.
/// @param peaks Bit i of `length` set: `peaks[i]` is the root of the full subtree of 2^i sectors that ends where the
/// lower bits of `length` begin. Otherwise meaningless.
struct FlowTree {
    uint256 length;
    uint256 changed;
    bytes32[56] peaks;
}

using FlowTreeLib for FlowTree global;

/// @title An incremental merkle tree that takes whole aligned subtrees
/// @notice A tree of n sectors is determined by its peaks, one for each bit of n:
///
///     n = 11 = 1011b      peaks[3] = [0, 8)      peaks[1] = [8, 10)      peaks[0] = [10, 11)
///
/// Storage keeps the peaks and nothing else, and a slot is written only if its peak survives the call: an append writes
/// about one slot per node, a root reads one per set bit of n.
library FlowTreeLib {
    /// @dev The tree never outgrows 2^55 sectors (8 EiB), so that three positions, the number of entries and the epoch
    /// share one word of Flow's storage.
    uint256 internal constant MAX_HEIGHT = 55;

    /// @dev Sectors of a segment, 256 KiB: the unit that storage nodes load and prove.
    uint256 internal constant SEGMENT_HEIGHT = 10;

    /// @notice Reads the peaks of a tree of `length` sectors.
    function load(bytes32[56] storage stored, uint256 length) internal view returns (FlowTree memory tree) {
        tree.length = length;
        for (uint256 level = 0; length >> level != 0; ++level) {
            if ((length >> level) & 1 == 1) tree.peaks[level] = stored[level];
        }
    }

    /// @notice Writes the peaks that changed and still are peaks.
    function save(FlowTree memory tree, bytes32[56] storage stored) internal {
        uint256 written = tree.changed & tree.length;
        for (uint256 level = 0; written >> level != 0; ++level) {
            if ((written >> level) & 1 == 1) stored[level] = tree.peaks[level];
        }
    }

    /// @notice Levels to which a file must be padded before it may start: the height of its first node, or a segment's
    /// if it would otherwise reach over the end of a segment that it does not start at.
    function startHeight(uint256 length, uint256 firstHeight, uint256 sectors) internal pure returns (uint256) {
        // From a segment's height up every start is that of a segment; below it, a file that starts at one fits into it.
        if (firstHeight >= SEGMENT_HEIGHT) return firstHeight;
        uint256 start = alignUp(length, firstHeight);
        bool inOneSegment = start >> SEGMENT_HEIGHT == (start + sectors - 1) >> SEGMENT_HEIGHT;
        return inOneSegment ? firstHeight : SEGMENT_HEIGHT;
    }

    /// @notice Fills up with empty sectors to a multiple of 2^height.
    function pad(FlowTree memory tree, uint256 height) internal pure {
        uint256 length = tree.length;
        if (alignUp(length, height) == length) return;

        // Complete the last subtree of 2^height sectors from its lowest peak up: what is left of it are peaks, what is
        // right of it is empty.
        uint256 level = lowestBit(length);
        bytes32 zero = ZeroHashes.root(level);
        bytes32 subtree = MerkleHash.node(tree.peaks[level], zero);
        for (++level; level < height; ++level) {
            zero = MerkleHash.node(zero, zero);
            subtree =
                (length >> level) & 1 == 1
                    ? MerkleHash.node(tree.peaks[level], subtree)
                    : MerkleHash.node(subtree, zero);
        }
        tree.length = (length >> height) << height;
        append(tree, subtree, height);
    }

    /// @notice Appends a full subtree of 2^height sectors; the length must be a multiple of that.
    function append(FlowTree memory tree, bytes32 subtree, uint256 height) internal pure {
        uint256 length = tree.length;
        uint256 level = height;
        for (; (length >> level) & 1 == 1; ++level) subtree = MerkleHash.node(tree.peaks[level], subtree);
        tree.peaks[level] = subtree;
        tree.changed |= 1 << level;
        tree.length = length + (1 << height);
    }

    /// @notice Root over the fewest levels that hold the tree, empty sectors on the right. The tree is not empty.
    function root(FlowTree memory tree) internal pure returns (bytes32 hash) {
        uint256 length = tree.length;
        uint256 level = lowestBit(length);
        hash = tree.peaks[level];
        if (length == 1 << level) return hash;

        bytes32 zero = ZeroHashes.root(level);
        hash = MerkleHash.node(hash, zero);
        for (++level; length >> level != 0; ++level) {
            zero = MerkleHash.node(zero, zero);
            hash = (length >> level) & 1 == 1 ? MerkleHash.node(tree.peaks[level], hash) : MerkleHash.node(hash, zero);
        }
    }

    /// @notice Levels of a tree of this many sectors, leaves included.
    function levels(uint256 length) internal pure returns (uint256 count) {
        for (count = 1; 1 << (count - 1) < length; ++count) {}
    }

    /// @notice The next multiple of 2^height.
    function alignUp(uint256 length, uint256 height) internal pure returns (uint256) {
        return ((length + (1 << height) - 1) >> height) << height;
    }

    /// @notice Index of the lowest set bit of a number that is not zero.
    function lowestBit(uint256 x) internal pure returns (uint256 bit) {
        while ((x >> bit) & 1 == 0) ++bit;
    }
}
