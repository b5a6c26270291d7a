// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SubmissionData, SubmissionNode} from "../types/Submission.sol";

/// @notice 0G's rule from a file's length to the nodes of its log entry; only their roots need to be brought.
/// @dev A file is padded to a multiple of a sixteenth of the next power of two sectors, then split into powers of two,
/// largest first: the binary digits of its padded size, at most four of them one.
library EntryLib {
    error NodeCount(uint256 nodes, uint256 required);
    /// @notice The nodes are not those committed to.
    error IdentityMismatch(bytes32 identity, bytes32 required);

    uint256 internal constant SECTOR_BYTES = 256;
    /// @dev log2 of the sixteenth.
    uint256 private constant GRANULARITY = 4;

    /// @notice Sectors that a file of `length` ≥ 1 bytes takes, and pays for, in the log.
    function paddedSectors(uint256 length) internal pure returns (uint256) {
        uint256 sectors = (length + SECTOR_BYTES - 1) / SECTOR_BYTES;
        // ⌈log2 sectors⌉; below 16 sectors the unit is one sector.
        uint256 capacity = sectors == 1 ? 0 : _log2(sectors - 1) + 1;
        uint256 unit = capacity < GRANULARITY ? 1 : 1 << (capacity - GRANULARITY);
        return ((sectors + unit - 1) / unit) * unit;
    }

    /// @notice The entry of a file that takes `sectors`, from its node roots, if their concatenation hashes to `identity`.
    function entry(
        uint256 length,
        uint256 sectors,
        bytes memory tags,
        bytes32[] calldata roots,
        bytes32 identity
    ) internal pure returns (SubmissionData memory data) {
        bytes32 given = keccak256(abi.encodePacked(roots));
        if (given != identity) revert IdentityMismatch(given, identity);
        (data.length, data.tags) = (length, tags);
        data.nodes = new SubmissionNode[](roots.length);
        uint256 count = 0;
        // One node for each binary digit that is one, highest first.
        for (uint256 rest = sectors; rest != 0; ++count) {
            uint256 height = _log2(rest);
            rest ^= 1 << height;
            if (count < roots.length) data.nodes[count] = SubmissionNode(roots[count], height);
        }
        if (count != roots.length) revert NodeCount(roots.length, count);
    }

    /// @dev ⌊log2 x⌋ of 1 ≤ x < 2^32: a file of 2^40 bytes has fewer sectors.
    function _log2(uint256 x) private pure returns (uint256 log) {
        unchecked {
            if (x >> 16 != 0) (x, log) = (x >> 16, 16);
            if (x >> 8 != 0) (x, log) = (x >> 8, log + 8);
            if (x >> 4 != 0) (x, log) = (x >> 4, log + 4);
            if (x >> 2 != 0) (x, log) = (x >> 2, log + 2);
            if (x >> 1 != 0) ++log;
        }
    }
}
