// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The log's tree recomputed from its definition, from all entries, every time. Knows nothing of peaks.
library NaiveTree {
    struct Placed {
        uint256 start;
        uint256 height;
        bytes32 root;
    }

    /// @notice Root of the log of these subtrees and leaf 0, over the fewest levels that hold `length` sectors.
    function root(Placed[] memory placed, uint256 length) internal pure returns (bytes32) {
        uint256 height = 0;
        while (2 ** height < length) ++height;
        return _at(placed, 0, height);
    }

    /// @notice Root of an empty subtree, from the sector of 256 zero bytes up.
    function zero(uint256 height) internal pure returns (bytes32) {
        if (height == 0) return keccak256(new bytes(256));
        bytes32 below = zero(height - 1);
        return keccak256(abi.encodePacked(below, below));
    }

    /// @dev The subtree of 2^height sectors at `start`: an entry's node, or empty, or made of two halves.
    function _at(Placed[] memory placed, uint256 start, uint256 height) private pure returns (bytes32) {
        if (start == 0 && height == 0) return bytes32(0);
        bool empty = start != 0;
        for (uint256 i = 0; i < placed.length; ++i) {
            if (placed[i].start == start && placed[i].height == height) return placed[i].root;
            if (placed[i].start >= start && placed[i].start < start + 2 ** height) empty = false;
        }
        if (empty) return zero(height);
        bytes32 left = _at(placed, start, height - 1);
        return keccak256(abi.encodePacked(left, _at(placed, start + 2 ** (height - 1), height - 1)));
    }
}
