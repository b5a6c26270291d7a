// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The log's tree recomputed from its definition, from all entries, every time. Knows nothing of peaks.
library NaiveTree {
    struct Placed {
        uint256 start;
        uint256 height;
        bytes32 root;
    }

    /// @notice Root of leaf 0 (32 zero bytes) and these subtrees, from left to right, over the fewest levels that hold
    /// `length` sectors.
    function root(Placed[] memory placed, uint256 length) internal pure returns (bytes32) {
        uint256 height = 0;
        while (2 ** height < length) ++height;
        return _at(placed, 0, placed.length, 0, height);
    }

    /// @notice Root of an empty subtree, from the sector of 256 zero bytes up.
    function zero(uint256 height) internal pure returns (bytes32) {
        if (height == 0) return keccak256(new bytes(256));
        bytes32 below = zero(height - 1);
        return keccak256(abi.encodePacked(below, below));
    }

    /// @dev The subtree of 2^height sectors at `start`, where placed[from … to) lie: leaf 0, or empty, or an entry's node,
    /// or two halves.
    function _at(
        Placed[] memory placed,
        uint256 from,
        uint256 to,
        uint256 start,
        uint256 height
    ) private pure returns (bytes32) {
        if (start == 0 && height == 0) return bytes32(0);
        if (start != 0 && from == to) return zero(height);
        if (from + 1 == to && placed[from].start == start && placed[from].height == height) return placed[from].root;

        uint256 middle = start + 2 ** (height - 1);
        uint256 split = from;
        while (split < to && placed[split].start < middle) ++split;
        bytes32 left = _at(placed, from, split, start, height - 1);
        return keccak256(abi.encodePacked(left, _at(placed, split, to, middle, height - 1)));
    }
}
