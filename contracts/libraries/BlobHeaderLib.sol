// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobHeader} from "../types/BlobHeader.sol";

/// @notice Form and hashes of a blob header. The commitment's group is checked off chain, by everyone who signs.
library BlobHeaderLib {
    error UnknownHeaderVersion(uint16 version);
    error BlobLength(uint32 length, uint256 limit);
    error BlobRows(uint16 rows, uint256 required);

    uint16 internal constant VERSION = 1;
    /// @dev 4096 field elements of 31 payload bytes.
    uint256 internal constant ROW_PAYLOAD = 126_976;
    /// @dev The payload is followed by its length in 4 bytes.
    uint256 internal constant TRAILER = 4;
    uint256 internal constant MAX_ROWS = 256;
    uint256 internal constant MAX_LENGTH = MAX_ROWS * ROW_PAYLOAD - TRAILER;

    function check(BlobHeader memory header) internal pure {
        if (header.version != VERSION) revert UnknownHeaderVersion(header.version);
        if (header.length == 0 || header.length > MAX_LENGTH) revert BlobLength(header.length, MAX_LENGTH);
        uint256 required = (header.length + TRAILER + ROW_PAYLOAD - 1) / ROW_PAYLOAD;
        if (header.rows != required) revert BlobRows(header.rows, required);
    }

    /// @notice The blob's id.
    function blobKey(BlobHeader memory header) internal pure returns (bytes32) {
        return keccak256(abi.encode(header));
    }
}
