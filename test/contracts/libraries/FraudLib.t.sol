// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FraudLib} from "../../../contracts/libraries/FraudLib.sol";
import {PointEvaluation} from "../../../contracts/libraries/PointEvaluation.sol";
import {Test} from "../base/Test.sol";

/// @notice The rules of encoding on single elements, against a packing done byte by byte; and TypeScript's challenges.
contract FraudLibTest is Test {
    uint256 internal constant ROW_PAYLOAD = 126_976;

    function test_CoefficientsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/challenge.json");
        for (uint256 i = 0; i < 4; ++i) {
            string memory item = string.concat("[", vm.toString(i), "]");
            bytes32 root = vm.parseJsonBytes32(json, string.concat(item, ".root"));
            bytes32[] memory rho = vm.parseJsonBytes32Array(json, string.concat(item, ".rho"));
            bytes32[] memory other = vm.parseJsonBytes32Array(json, string.concat(item, ".rhoOfOtherCount"));
            for (uint256 row = 0; row < rho.length; ++row) {
                vm.assertEq(FraudLib.coefficient(root, rho.length, row), uint256(rho[row]));
                vm.assertEq(FraudLib.coefficient(root, rho.length + 1, row), uint256(other[row]));
            }
        }
    }

    function test_PointsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/fraud.json");
        for (uint256 i = 0; i < 9; ++i) {
            string memory item = string.concat(".points[", vm.toString(i), "]");
            uint256 position = vm.parseJsonUint(json, string.concat(item, ".position"));
            uint256 point = vm.parseJsonUint(json, string.concat(item, ".point"));
            vm.assertEq(PointEvaluation.pointOf(position), point);
        }
    }

    /// @dev 8192 points, each an 8192nd root of unity, and no two neighbours the same: position ^ 1 is its negative.
    function testFuzz_PointsAreRootsOfUnity(uint256 position) external pure {
        position = bound(position, 0, 8191);
        uint256 point = PointEvaluation.pointOf(position);
        uint256 power = point;
        for (uint256 i = 0; i < 13; ++i) power = mulmod(power, power, PointEvaluation.R);
        vm.assertEq(power, 1);
        vm.assertEq(PointEvaluation.pointOf(position ^ 1), PointEvaluation.R - point);
    }

    /// @dev F6: no element of an honest blob is malformed, whatever its length, at the end of the payload and elsewhere.
    function testFuzz_F6_NoElementOfAPackingIsMalformed(uint256 length, uint256 index, bytes32 seed) external pure {
        length = bound(length, 1, 256 * ROW_PAYLOAD - 4);
        uint256 rows = (length + 4 + ROW_PAYLOAD - 1) / ROW_PAYLOAD;
        uint256 last = rows * 4096 - 1;
        _assertWellFormed(bound(index, 0, last), length, rows, seed);
        _assertWellFormed(length / 31, length, rows, seed);
        _assertWellFormed(last, length, rows, seed);
        // Redundancy may be any field element.
        uint256 sector = (bound(index, 0, last) / 4096) * 1024 + 512 + (uint256(seed) % 512);
        vm.assertFalse(FraudLib.isMalformed(uint256(seed) % PointEvaluation.R, sector, 3, length, rows));
        vm.assertTrue(FraudLib.isMalformed(PointEvaluation.R, sector, 3, length, rows));
        vm.assertTrue(FraudLib.isMalformed(type(uint256).max, sector, 3, length, rows));
    }

    /// @dev F5: any other byte where the payload does not decide: the top byte, the padding, the length.
    function testFuzz_F5_EveryOtherByteIsMalformed(
        uint256 length,
        uint256 index,
        uint8 change,
        bytes32 seed
    ) external pure {
        length = bound(length, 1, 256 * ROW_PAYLOAD - 4);
        uint256 rows = (length + 4 + ROW_PAYLOAD - 1) / ROW_PAYLOAD;
        uint256 last = rows * 4096 - 1;
        uint256[3] memory places = [bound(index, 0, last), length / 31, last];
        change = change == 0 ? 1 : change;
        for (uint256 p = 0; p < 3; ++p) _assertBytesBound(places[p], length, rows, change, seed);
    }

    function _assertBytesBound(uint256 index, uint256 length, uint256 rows, uint8 change, bytes32 seed) private pure {
        uint256 value = _packed(index, length, rows, seed);
        (uint256 sector, uint256 element) = _place(index);
        for (uint256 offset = 0; offset < 32; ++offset) {
            // Byte 0 is the top byte; byte b holds payload byte 31 × index + b − 1.
            bool free = offset != 0 && index * 31 + offset - 1 < length;
            uint256 changed = value ^ (uint256(change) << (8 * (31 - offset)));
            vm.assertEq(FraudLib.isMalformed(changed, sector, element, length, rows), !free);
        }
    }

    function _assertWellFormed(uint256 index, uint256 length, uint256 rows, bytes32 seed) private pure {
        (uint256 sector, uint256 element) = _place(index);
        vm.assertFalse(FraudLib.isMalformed(_packed(index, length, rows, seed), sector, element, length, rows));
    }

    function _place(uint256 index) private pure returns (uint256 sector, uint256 element) {
        return ((index / 4096) * 1024 + (index % 4096) / 8, index % 8);
    }

    /// @dev Element `index` of payload ‖ zeros ‖ length, byte by byte; the payload is any bytes.
    function _packed(uint256 index, uint256 length, uint256 rows, bytes32 seed) private pure returns (uint256 value) {
        for (uint256 b = 0; b < 31; ++b) {
            uint256 offset = index * 31 + b;
            uint256 end = rows * ROW_PAYLOAD;
            uint256 content = 0;
            if (offset < length) content = uint8(seed[b]);
            else if (offset >= end - 4) content = (length >> (8 * (offset + 4 - end))) & 0xff;
            value = (value << 8) | content;
        }
    }
}
