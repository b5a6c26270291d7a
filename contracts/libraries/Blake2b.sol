// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Blake2b-512 without a key, by the compression precompile of EIP-152
library Blake2b {
    /// @notice The chain has no precompile at 0x09, or too little gas was left for it.
    error Blake2bUnavailable();

    /// @dev The initial state, little-endian as the precompile wants it: SHA-512's constants, the first one xored with
    /// the parameter block 0x01010040 (64 bytes of output, no key).
    bytes32 private constant STATE_0 = 0x48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5;
    bytes32 private constant STATE_1 = 0xd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b;

    /// @notice Both halves of the 64-byte digest of `data`.
    /// @dev In assembly because the precompile wants 213 unaligned bytes for each 128 of data: 10,000 gas here for the
    /// 4,224 bytes of an answer, and slicing them with `abi.encodePacked` takes a hundred times that. Safe: it writes only behind the free pointer, and one
    /// word below the arguments that lies there, too. Compared with the plain form, and with vectors, by Blake2b.t.sol.
    ///
    /// The arguments begin 28 bytes into the first word, so that all that is written whole is aligned:
    ///
    ///     | 28 unused | rounds 4 | h 64 | m 128 | t 16 | f 1 |
    ///
    /// t counts bytes and needs three bytes: no memory holds 16 MiB.
    function hash(bytes memory data) internal view returns (bytes32 first, bytes32 second) {
        bool done = true;
        assembly ("memory-safe") {
            let at := mload(0x40)
            let h := add(at, 0x20)
            let m := add(at, 0x60)
            let t := add(at, 0xe0)
            mstore(at, 12)
            mstore(h, STATE_0)
            mstore(add(h, 0x20), STATE_1)
            mstore(t, 0)

            let from := add(data, 0x20)
            let left := mload(data)
            let count := 0
            for {} gt(left, 128) {} {
                mcopy(m, from, 128)
                count := add(count, 128)
                mstore8(t, count)
                mstore8(add(t, 1), shr(8, count))
                mstore8(add(t, 2), shr(16, count))
                let success := staticcall(gas(), 0x09, add(at, 28), 213, h, 64)
                done := and(done, and(success, eq(returndatasize(), 64)))
                from := add(from, 128)
                left := sub(left, 128)
            }

            // The last block, padded with zeros: also of an empty message.
            calldatacopy(m, calldatasize(), 128)
            mcopy(m, from, left)
            count := add(count, left)
            mstore8(t, count)
            mstore8(add(t, 1), shr(8, count))
            mstore8(add(t, 2), shr(16, count))
            mstore8(add(t, 16), 1)
            let success := staticcall(gas(), 0x09, add(at, 28), 213, h, 64)
            done := and(done, and(success, eq(returndatasize(), 64)))
            first := mload(h)
            second := mload(add(h, 0x20))
        }
        if (!done) revert Blake2bUnavailable();
    }
}
