// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobHeader} from "../types/BlobHeader.sol";
import {RowSector, RowsPart} from "../types/FraudProof.sol";
import {MerkleHash} from "./MerkleHash.sol";
import {PointEvaluation} from "./PointEvaluation.sol";
import {ZeroHashes} from "./ZeroHashes.sol";

/// @notice What an encoding must be, on the few bytes that show it is not.
library FraudLib {
    bytes32 private constant DST_ROW = keccak256("0G-DA/row/v1");
    /// @dev 2^256 mod r.
    uint256 private constant SHIFT = 0x1824b159acc5056f998c4fefecbc4ff55884b7fa0003480200000001fffffffe;

    uint256 private constant ELEMENTS_PER_SECTOR = 8;
    uint256 private constant SECTORS_PER_ROW = 1024;
    uint256 private constant DATA_SECTORS = 512;
    uint256 private constant SEGMENT_LEVEL = 10;
    uint256 private constant ELEMENTS_PER_ROW = 4096;
    uint256 private constant PAYLOAD_PER_ELEMENT = 31;

    /// @notice Σ ρ_i x_i mod r over consecutive rows, x_i being the element of row i at `position`.
    /// @param header of the blob: what the ρ are drawn from
    /// @param first number of the first of the rows in the blob
    function sum(
        BlobHeader calldata header,
        uint256 first,
        uint256 position,
        RowSector[] calldata rows
    ) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < rows.length; ++i) {
            uint256 rho = coefficient(header.dataRoot, header.rows, first + i);
            uint256 x = uint256(rows[i].sector[position % ELEMENTS_PER_SECTOR]);
            total = addmod(total, mulmod(rho, x, PointEvaluation.R), PointEvaluation.R);
        }
    }

    /// @notice The root of the part's subtree that its rows, at least one, have by their sectors at `position`.
    function rootOf(RowsPart calldata part, uint256 position) internal pure returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](part.rows.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = _segmentRoot(part.rows[i], position / ELEMENTS_PER_SECTOR);
        }
        return _fold(nodes, part.height);
    }

    /// @notice ρ_i: 512 bits of keccak, reduced. Known to nobody before the rows and their number are fixed.
    function coefficient(bytes32 dataRoot, uint256 rowCount, uint256 row) internal pure returns (uint256) {
        if (row == 0) return 1;
        uint256 high = uint256(keccak256(abi.encodePacked(uint8(0), DST_ROW, dataRoot, rowCount, row)));
        uint256 low = uint256(keccak256(abi.encodePacked(uint8(1), DST_ROW, dataRoot, rowCount, row)));
        return addmod(mulmod(high, SHIFT, PointEvaluation.R), low, PointEvaluation.R);
    }

    /// @notice Can the encoding of a payload of `length` bytes not hold `value` there?
    /// @param sectorIndex row × 1024 + sector of the extended row
    /// @param element of the sector
    function isMalformed(
        uint256 value,
        uint256 sectorIndex,
        uint256 element,
        uint256 length,
        uint256 rowCount
    ) internal pure returns (bool) {
        // Every element of an encoding is a field element; of the redundancy nothing else can be said by itself.
        if (value >= PointEvaluation.R) return true;
        uint256 sector = sectorIndex % SECTORS_PER_ROW;
        if (sector >= DATA_SECTORS) return false;
        if (value >> (8 * PAYLOAD_PER_ELEMENT) != 0) return true;

        // Behind the payload come zeros, and in the last four bytes of the last row its length, little-endian.
        uint256 row = sectorIndex / SECTORS_PER_ROW;
        uint256 index = row * ELEMENTS_PER_ROW + sector * ELEMENTS_PER_SECTOR + element;
        uint256 start = index * PAYLOAD_PER_ELEMENT;
        if (length >= start + PAYLOAD_PER_ELEMENT) return false;
        uint256 padding = start + PAYLOAD_PER_ELEMENT - (length > start ? length : start);
        uint256 required = index == rowCount * ELEMENTS_PER_ROW - 1 ? _littleEndian(length) : 0;
        return value & ((1 << (8 * padding)) - 1) != required;
    }

    /// @dev The root of a row, from one of its sectors.
    function _segmentRoot(RowSector calldata row, uint256 sector) private pure returns (bytes32 node) {
        node = keccak256(abi.encode(row.sector));
        for (uint256 level = 0; level < SEGMENT_LEVEL; ++level) {
            bytes32 sibling = row.path[level];
            node = (sector >> level) & 1 == 0 ? MerkleHash.node(node, sibling) : MerkleHash.node(sibling, node);
        }
    }

    /// @dev Root of a subtree of 2^height rows of which the first are given, at least one, and the others are empty.
    function _fold(bytes32[] memory nodes, uint256 height) private pure returns (bytes32) {
        uint256 count = nodes.length;
        bytes32 empty = ZeroHashes.SEGMENT;
        for (uint256 level = 0; level < height; ++level) {
            for (uint256 i = 0; i < count; i += 2) {
                nodes[i / 2] = MerkleHash.node(nodes[i], i + 1 < count ? nodes[i + 1] : empty);
            }
            count = (count + 1) / 2;
            empty = MerkleHash.node(empty, empty);
        }
        return nodes[0];
    }

    /// @dev Four bytes, turned round.
    function _littleEndian(uint256 x) private pure returns (uint256) {
        return ((x & 0xff) << 24) | ((x & 0xff00) << 8) | ((x >> 8) & 0xff00) | (x >> 24);
    }
}
