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
    uint256 private constant GRANULES = 16;

    /// @notice Sectors that a file of `length` ≥ 1 bytes takes, and pays for, in the log.
    function paddedSectors(uint256 length) internal pure returns (uint256) {
        uint256 sectors = (length + SECTOR_BYTES - 1) / SECTOR_BYTES;
        uint256 capacity = 1;
        while (capacity < sectors) capacity *= 2;
        uint256 granule = capacity < GRANULES ? 1 : capacity / GRANULES;
        return ((sectors + granule - 1) / granule) * granule;
    }

    /// @notice The entry of a file, from its node roots, if their concatenation hashes to `identity`.
    function entry(
        uint256 length,
        bytes memory tags,
        bytes32[] calldata roots,
        bytes32 identity
    ) internal pure returns (SubmissionData memory) {
        bytes32 given = keccak256(abi.encodePacked(roots));
        if (given != identity) revert IdentityMismatch(given, identity);
        uint256 sectors = paddedSectors(length);
        SubmissionNode[] memory nodes = new SubmissionNode[](roots.length);
        uint256 count = 0;
        for (uint256 height = _log2(sectors) + 1; height != 0;) {
            --height;
            if ((sectors >> height) & 1 == 0) continue;
            if (count < roots.length) nodes[count] = SubmissionNode(roots[count], height);
            ++count;
        }
        if (count != roots.length) revert NodeCount(roots.length, count);
        return SubmissionData(length, tags, nodes);
    }

    /// @dev ⌊log2 x⌋ of x ≥ 1.
    function _log2(uint256 x) private pure returns (uint256 log) {
        while (x >> (log + 1) != 0) ++log;
    }
}
