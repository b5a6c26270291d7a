// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The seal: 16 sectors, 4 KiB, masked for one miner
/// @notice Word i is stored as sealed_i = word_i ⊕ mask_i, with mask_0 = keccak256(minerId ‖ context ‖ position) and
/// mask_(i+1) = keccak256(sealed_i): sealing must go word by word, unsealing need not, and what is sealed for one miner,
/// context and place is of no use for another.
library SealLib {
    uint256 internal constant SECTORS = 16;

    /// @notice What the seal holds, as the root of its 16 sectors in the log's tree.
    /// @param minerId Whom it is sealed for.
    /// @param contextDigest Context that sealed its last sector.
    /// @param position Its first sector in the log.
    /// @dev In assembly because it hashes 128 words, 16 sectors and 15 nodes: 17,000 gas here, 151,000 in plain Solidity.
    /// Safe: it writes 4 KiB behind the free pointer that nobody keeps. Words are unmasked in place from the last to the
    /// first, so that each mask is made of a word that is still sealed; the tree is folded in place from left to right,
    /// so that a hash never lands on bytes that are still to be read. Compared with the plain form by ScratchPad.t.sol.
    function unsealedRoot(
        bytes32 minerId,
        bytes32 contextDigest,
        uint256 position,
        bytes32[128] calldata sealedData
    ) internal pure returns (bytes32 root) {
        bytes32 mask = keccak256(abi.encode(minerId, contextDigest, position));
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, sealedData, 4096)
            // Four words a round, and the first four apart: the counter would be a third of the cost.
            let at := add(data, 3968)
            for {} gt(at, data) {
                at := sub(at, 0x80)
            } {
                mstore(add(at, 0x60), xor(mload(add(at, 0x60)), keccak256(add(at, 0x40), 0x20)))
                mstore(add(at, 0x40), xor(mload(add(at, 0x40)), keccak256(add(at, 0x20), 0x20)))
                mstore(add(at, 0x20), xor(mload(add(at, 0x20)), keccak256(at, 0x20)))
                mstore(at, xor(mload(at), keccak256(sub(at, 0x20), 0x20)))
            }
            mstore(add(at, 0x60), xor(mload(add(at, 0x60)), keccak256(add(at, 0x40), 0x20)))
            mstore(add(at, 0x40), xor(mload(add(at, 0x40)), keccak256(add(at, 0x20), 0x20)))
            mstore(add(at, 0x20), xor(mload(add(at, 0x20)), keccak256(at, 0x20)))
            mstore(at, xor(mload(at), mask))

            for {
                let i := 0
            } lt(i, 16) {
                i := add(i, 1)
            } {
                mstore(add(data, shl(5, i)), keccak256(add(data, shl(8, i)), 256))
            }
            for {
                let nodes := 8
            } nodes {
                nodes := shr(1, nodes)
            } {
                for {
                    let i := 0
                } lt(i, nodes) {
                    i := add(i, 1)
                } {
                    mstore(add(data, shl(5, i)), keccak256(add(data, shl(6, i)), 0x40))
                }
            }
            root := mload(data)
        }
    }
}
