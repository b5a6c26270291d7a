// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlow} from "../interfaces/IFlow.sol";
import {Submission, SubmissionData, SubmissionNode} from "../types/Submission.sol";
import {FlowTreeLib} from "./FlowTree.sol";

/// @title What an entry of the log must look like
library SubmissionLib {
    /// @dev Bytes of a sector, the leaf of every tree.
    uint256 internal constant SECTOR = 256;

    /// @dev A file is padded to a multiple of 1/16 = 2^-4 of the next power of two, hence at most 4 nodes.
    uint256 internal constant SPREAD = 4;

    /// @dev Stream ids and little else; an event carries them.
    uint256 internal constant MAX_TAGS = 1024;

    bytes32 private constant NODE_TYPEHASH = keccak256("SubmissionNode(bytes32 root,uint256 height)");
    bytes32 private constant DATA_TYPEHASH = keccak256(
        "SubmissionData(uint256 length,bytes tags,SubmissionNode[] nodes)SubmissionNode(bytes32 root,uint256 height)"
    );
    bytes32 private constant SUBMISSION_TYPEHASH = keccak256(
        "Submission(SubmissionData data,address submitter)SubmissionData(uint256 length,bytes tags,SubmissionNode[] nodes)SubmissionNode(bytes32 root,uint256 height)"
    );
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "SubmitPermit(Submission submission,uint256 nonce,uint256 deadline)Submission(SubmissionData data,address submitter)SubmissionData(uint256 length,bytes tags,SubmissionNode[] nodes)SubmissionNode(bytes32 root,uint256 height)"
    );

    /// @notice Checks an entry's form and returns its sectors and identity; reverts with the reason.
    function check(SubmissionData calldata data) internal pure returns (uint256 sectors, bytes32 identity) {
        SubmissionNode[] calldata nodes = data.nodes;
        if (nodes.length == 0) revert IFlow.NoNodes();
        if (data.tags.length > MAX_TAGS) revert IFlow.TagsTooLong(data.tags.length, MAX_TAGS);

        uint256 first = nodes[0].height;
        if (first > FlowTreeLib.MAX_HEIGHT) revert IFlow.NodeTooHigh(first, FlowTreeLib.MAX_HEIGHT);

        // Descending heights that stay within the spread: at most four rounds.
        bytes memory roots;
        uint256 last = first;
        for (uint256 i = 0; i < nodes.length; ++i) {
            uint256 height = nodes[i].height;
            if (i != 0 && height >= last) revert IFlow.NodesNotDescending(i);
            if (first - height >= SPREAD) revert IFlow.NodesTooSpread(first, height);
            last = height;
            sectors += 1 << height;
            roots = bytes.concat(roots, nodes[i].root);
        }
        identity = keccak256(roots);

        uint256 above = nextSmaller(sectors, first, nodes.length) * SECTOR;
        uint256 max = sectors * SECTOR;
        if (data.length <= above || data.length > max) revert IFlow.LengthDoesNotFit(data.length, above, max);
    }

    /// @notice Sectors of the next smaller padded file: a file of more bytes than that needs `sectors`.
    function nextSmaller(uint256 sectors, uint256 first, uint256 nodeCount) internal pure returns (uint256) {
        // Below 16 sectors the padding unit is one sector.
        if (sectors < 1 << SPREAD) return sectors - 1;
        // A power of two is the last size of its octave, whose unit is 1/16 of it.
        if (nodeCount == 1) return sectors - (sectors >> SPREAD);
        // Else the next power of two is 2^(first + 1).
        return sectors - (1 << (first + 1 - SPREAD));
    }

    /// @notice EIP-712 struct hash of a permit for this entry.
    function permitHash(
        Submission calldata submission,
        uint256 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        bytes32 entry = keccak256(abi.encode(SUBMISSION_TYPEHASH, _hash(submission.data), submission.submitter));
        return keccak256(abi.encode(PERMIT_TYPEHASH, entry, nonce, deadline));
    }

    function _hash(SubmissionData calldata data) private pure returns (bytes32) {
        bytes memory nodes;
        for (uint256 i = 0; i < data.nodes.length; ++i) {
            nodes = bytes.concat(nodes, keccak256(abi.encode(NODE_TYPEHASH, data.nodes[i].root, data.nodes[i].height)));
        }
        return keccak256(abi.encode(DATA_TYPEHASH, data.length, keccak256(data.tags), keccak256(nodes)));
    }
}
