// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RecallRange} from "../../../contracts/types/PoraAnswer.sol";

/// @notice The rules of mining in plain Solidity, from their description and nothing else: what the contract's assembly is
/// compared with, and how tests build answers.
library PlainPora {
    bytes32 private constant STATE_0 = 0x48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5;
    bytes32 private constant STATE_1 = 0xd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b;

    function blake2b(bytes memory data) internal view returns (bytes32 first, bytes32 second) {
        bytes memory h = abi.encodePacked(STATE_0, STATE_1);
        uint256 done = 0;
        while (data.length - done > 128) {
            h = _compress(h, _slice(data, done, 128), done + 128, false);
            done += 128;
        }
        bytes memory last = bytes.concat(_slice(data, done, data.length - done), new bytes(128 - (data.length - done)));
        h = _compress(h, last, data.length, true);
        return abi.decode(h, (bytes32, bytes32));
    }

    function padSeed(
        bytes32 minerId,
        bytes32 nonce,
        bytes32 subtask,
        RecallRange memory range
    ) internal view returns (bytes32, bytes32) {
        bytes32 digest = keccak256(
            abi.encode(range.startPosition, range.mineLength, uint256(range.shardId), uint256(range.shardMask))
        );
        return blake2b(abi.encode(minerId, nonce, subtask, digest));
    }

    /// All of the pad, and what comes after it.
    function pad(bytes32 seed0, bytes32 seed1) internal pure returns (bytes32[512] memory words, bytes32 recallSeed) {
        (bytes32 a, bytes32 b) = (seed0, seed1);
        for (uint256 i = 0; i < 512; i += 2) {
            a = keccak256(abi.encode(a, b));
            b = keccak256(abi.encode(a, b));
            (words[i], words[i + 1]) = (a, b);
        }
        recallSeed = keccak256(abi.encode(a, b));
    }

    function message(
        bytes32 seed0,
        bytes32 seed1,
        uint256 sealOffset,
        bytes32[128] memory sealedData
    ) internal pure returns (bytes memory) {
        (bytes32[512] memory words, ) = pad(seed0, seed1);
        bytes32[128] memory mixed;
        for (uint256 i = 0; i < 128; ++i) mixed[i] = sealedData[i] ^ words[(sealOffset % 4) * 128 + i];
        return abi.encode(sealOffset, seed0, seed1, uint256(0), mixed);
    }

    function seal(
        bytes32 minerId,
        bytes32 context,
        uint256 position,
        bytes32[128] memory data
    ) internal pure returns (bytes32[128] memory sealedData) {
        bytes32 mask = keccak256(abi.encode(minerId, context, position));
        for (uint256 i = 0; i < 128; ++i) {
            sealedData[i] = data[i] ^ mask;
            mask = keccak256(abi.encode(sealedData[i]));
        }
    }

    function unseal(
        bytes32 minerId,
        bytes32 context,
        uint256 position,
        bytes32[128] memory sealedData
    ) internal pure returns (bytes32[128] memory data) {
        data[0] = sealedData[0] ^ keccak256(abi.encode(minerId, context, position));
        for (uint256 i = 1; i < 128; ++i) data[i] = sealedData[i] ^ keccak256(abi.encode(sealedData[i - 1]));
    }

    /// Root of 16 sectors.
    function rootOf(bytes32[128] memory data) internal pure returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) {
            bytes memory sector;
            for (uint256 j = 0; j < 8; ++j) sector = bytes.concat(sector, data[i * 8 + j]);
            nodes[i] = keccak256(sector);
        }
        while (nodes.length > 1) {
            bytes32[] memory parents = new bytes32[](nodes.length / 2);
            for (uint256 i = 0; i < parents.length; ++i) {
                parents[i] = keccak256(abi.encode(nodes[2 * i], nodes[2 * i + 1]));
            }
            nodes = parents;
        }
        return nodes[0];
    }

    function _compress(
        bytes memory h,
        bytes memory block_,
        uint256 count,
        bool last
    ) private view returns (bytes memory) {
        bytes memory t = new bytes(16);
        for (uint256 i = 0; i < 16; ++i) t[i] = bytes1(uint8(count >> (8 * i)));
        (bool success, bytes memory output) = address(9).staticcall(
            abi.encodePacked(uint32(12), h, block_, t, uint8(last ? 1 : 0))
        );
        require(success && output.length == 64, "blake2b");
        return output;
    }

    function _slice(bytes memory data, uint256 from, uint256 length) private pure returns (bytes memory out) {
        out = new bytes(length);
        for (uint256 i = 0; i < length; ++i) out[i] = data[from + i];
    }
}
