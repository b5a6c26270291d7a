// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "./MerkleHash.sol";

/// @title Roots of empty subtrees: level 0 is keccak256 of 256 zero bytes, level i + 1 is node(level i, level i)
library ZeroHashes {
    /// @dev keccak256(new bytes(256)).
    bytes32 internal constant SECTOR = 0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5;

    /// @dev Level 10, the empty segment: where most climbs start.
    bytes32 internal constant SEGMENT = 0xe68d02859bb6211cec64f52368b77d422de3b8eac34bf615942b814b643301b5;

    /// @notice Root of an empty subtree of 2^level sectors. Computed, because 60 gas a level is cheaper than a table of
    /// 64 words in the code of everyone who needs one.
    function root(uint256 level) internal pure returns (bytes32 hash) {
        uint256 known;
        (hash, known) = level < 10 ? (SECTOR, 0) : (SEGMENT, 10);
        for (; known < level; ++known) hash = MerkleHash.node(hash, hash);
    }
}
