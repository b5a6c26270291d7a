// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PointLib} from "../../../contracts/libraries/PointLib.sol";
import {G2} from "../../../contracts/types/Points.sol";

/// @notice Hashing to G2 without assembly, word for word from RFC 9380: the twin of BLS.hashToG2.
library PlainHash {
    function hashToG2(bytes memory message, bytes memory tag) internal view returns (G2 memory) {
        bytes32[8] memory u = expandMessage(message, tag);
        bytes memory a = _call(address(0x11), bytes.concat(_reduce(u[0], u[1]), _reduce(u[2], u[3])));
        bytes memory b = _call(address(0x11), bytes.concat(_reduce(u[4], u[5]), _reduce(u[6], u[7])));
        return abi.decode(_call(address(0x0d), bytes.concat(a, b)), (G2));
    }

    function expandMessage(bytes memory message, bytes memory tag) internal pure returns (bytes32[8] memory out) {
        bytes memory suffix = abi.encodePacked(tag, uint8(tag.length));
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), suffix));
        out[0] = sha256(abi.encodePacked(b0, uint8(1), suffix));
        for (uint256 i = 1; i < 8; ++i) {
            out[i] = sha256(abi.encodePacked(b0 ^ out[i - 1], uint8(i + 1), suffix));
        }
    }

    function _reduce(bytes32 hi, bytes32 lo) private view returns (bytes memory) {
        bytes memory lengths = abi.encode(64, 1, 64);
        return _call(address(0x05), bytes.concat(lengths, hi, lo, hex"01", abi.encode(PointLib.P_HI, PointLib.P_LO)));
    }

    function _call(address precompile, bytes memory input) private view returns (bytes memory output) {
        bool success;
        (success, output) = precompile.staticcall(input);
        require(success, "precompile");
    }
}
