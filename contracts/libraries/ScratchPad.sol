// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title 16 KiB that a trial mixes into the seals it reads, 0G's PoRA version 1
/// @notice The pad is 256 states of 64 bytes. From the seed (a ‖ b) each next one is a' = keccak(a ‖ b),
/// b' = keccak(a' ‖ b). It covers 4 seals, and a load's 64 seals use it over and over. What comes after the last state
/// says which load to read, so that nobody knows where to read before the whole pad is made.
library ScratchPad {
    uint256 internal constant SEALS_PER_PAD = 4;
    /// @dev 64 bytes each.
    uint256 internal constant STATES_PER_SEAL = 64;

    /// @notice The 4,224 bytes whose Blake2b is the quality: sealOffset ‖ seed ‖ 32 zero bytes ‖ (seal ⊕ its part of the
    /// pad); and the seed that draws the load: keccak256 of the pad's last state.
    /// @dev In assembly, the state in the scratch space below 0x40: 512 hashes cost 38,000 gas here and 250,000 in plain
    /// Solidity. Safe: it writes only there and where it allocates. Compared with the plain form by ScratchPad.t.sol.
    function mix(
        bytes32 seed0,
        bytes32 seed1,
        uint256 sealOffset,
        bytes32[128] calldata sealedData
    ) internal pure returns (bytes memory message, bytes32 recallSeed) {
        assembly ("memory-safe") {
            // Four states a round: the counter is a fifth of the cost of a loop of one.
            function skip(states) {
                for {} states {
                    states := sub(states, 4)
                } {
                    mstore(0x00, keccak256(0x00, 0x40))
                    mstore(0x20, keccak256(0x00, 0x40))
                    mstore(0x00, keccak256(0x00, 0x40))
                    mstore(0x20, keccak256(0x00, 0x40))
                    mstore(0x00, keccak256(0x00, 0x40))
                    mstore(0x20, keccak256(0x00, 0x40))
                    mstore(0x00, keccak256(0x00, 0x40))
                    mstore(0x20, keccak256(0x00, 0x40))
                }
            }

            message := mload(0x40)
            mstore(0x40, add(message, 4256))
            mstore(message, 4224)
            mstore(add(message, 0x20), sealOffset)
            mstore(add(message, 0x40), seed0)
            mstore(add(message, 0x60), seed1)
            mstore(add(message, 0x80), 0)

            mstore(0x00, seed0)
            mstore(0x20, seed1)
            let before := mul(mod(sealOffset, SEALS_PER_PAD), STATES_PER_SEAL)
            skip(before)
            let from := sealedData
            let to := add(message, 0xa0)
            for {
                let end := add(to, 4096)
            } lt(to, end) {} {
                let a := keccak256(0x00, 0x40)
                mstore(0x00, a)
                mstore(to, xor(a, calldataload(from)))
                let b := keccak256(0x00, 0x40)
                mstore(0x20, b)
                mstore(add(to, 0x20), xor(b, calldataload(add(from, 0x20))))
                to := add(to, 0x40)
                from := add(from, 0x40)
            }
            skip(sub(mul(sub(SEALS_PER_PAD, 1), STATES_PER_SEAL), before))
            recallSeed := keccak256(0x00, 0x40)
        }
    }
}
