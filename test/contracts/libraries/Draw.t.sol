// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Draw} from "../../../contracts/libraries/Draw.sol";
import {Lottery} from "../../../contracts/libraries/Lottery.sol";
import {G2} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";

/// @notice What is drawn from a signature, and from an audit seed; against a plain form and against TypeScript.
contract DrawTest is Test {
    function quality(
        bytes32 batchId,
        bytes32 signatureHash,
        uint256 index,
        bytes calldata cell
    ) external pure returns (bytes32) {
        return Lottery.quality(batchId, signatureHash, index, cell);
    }

    function test_DrawsAndTicketsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/sampling.json");
        for (uint256 i = 0; i < 6; ++i) {
            string memory item = string.concat(".draws[", vm.toString(i), "].");
            bytes memory signature = vm.parseJsonBytes(json, string.concat(item, "signature"));
            G2 memory point = abi.decode(signature, (G2));
            uint256 rowCount = vm.parseJsonUint(json, string.concat(item, "rowCount"));
            uint256[] memory columns = vm.parseJsonUintArray(json, string.concat(item, "columns"));
            uint256[] memory rows = vm.parseJsonUintArray(json, string.concat(item, "rows"));
            vm.assertEq(columns.length, 128);
            for (uint256 index = 0; index < 128; ++index) {
                vm.assertEq(Draw.row(keccak256(signature), index, rowCount), rows[index]);
                if (index % 9 == i || index > 124) vm.assertEq(Draw.column(point, index), columns[index]);
            }
            bytes32 got = this.quality(
                vm.parseJsonBytes32(json, string.concat(item, "batchId")),
                keccak256(signature),
                vm.parseJsonUint(json, string.concat(item, "index")),
                vm.parseJsonBytes(json, string.concat(item, "cell"))
            );
            vm.assertEq(got, vm.parseJsonBytes32(json, string.concat(item, "quality")));
        }
    }

    function test_AuditsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/sampling.json");
        for (uint256 i = 0; i < 5; ++i) {
            string memory item = string.concat(".audits[", vm.toString(i), "].");
            bytes32 seed = vm.parseJsonBytes32(json, string.concat(item, "auditSeed"));
            uint256 bps = vm.parseJsonUint(json, string.concat(item, "auditBps"));
            uint256 samples = vm.parseJsonUint(json, string.concat(item, "samples"));
            uint256 rowCount = vm.parseJsonUint(json, string.concat(item, "rowCount"));
            uint256[] memory asked = vm.parseJsonUintArray(json, string.concat(item, "asked"));
            uint256[] memory indexes = vm.parseJsonUintArray(json, string.concat(item, "indexes"));
            uint256[] memory rows = vm.parseJsonUintArray(json, string.concat(item, "rows"));
            uint256 next = 0;
            for (uint256 slot = 0; slot < 200; ++slot) {
                bool expected = next < asked.length && asked[next] == slot;
                if (expected) ++next;
                vm.assertEq(Draw.audited(seed, slot, bps), expected);
                (uint256 index, uint256 row) = Draw.auditedCell(seed, slot, samples, rowCount);
                vm.assertEq(index, indexes[slot]);
                vm.assertEq(row, rows[slot]);
            }
            vm.assertEq(next, asked.length);
        }
    }

    /// @dev The assembly against the sentence: the (index + 1)th distinct one of keccak256(signature ‖ i) mod 128.
    function testFuzz_ColumnsAreTheFirstDistinctOnes(G2 memory signature, uint256 index) external pure {
        index = bound(index, 0, 60);
        bool[128] memory seen;
        uint256 found = 0;
        uint256 column = 0;
        for (uint256 i = 0; found <= index; ++i) {
            column = uint256(keccak256(abi.encodePacked(abi.encode(signature), i))) % 128;
            if (!seen[column]) ++found;
            seen[column] = true;
        }
        vm.assertEq(Draw.column(signature, index), column);
    }

    /// @dev A whole draw has every column once; so a longer draw begins with a shorter one.
    function testFuzz_ADrawOfAllHasEveryColumn(bytes32 seed) external pure {
        G2 memory signature;
        signature.y1Lo = uint256(seed);
        uint256 seen = 0;
        for (uint256 index = 0; index < 128; index += 1) seen |= 1 << Draw.column(signature, index);
        vm.assertEq(seen, type(uint128).max);
    }

    /// @dev The memory of a caller is not touched.
    function testFuzz_TheSignatureStaysWhatItWas(G2 memory signature, uint256 index) external pure {
        bytes32 before = keccak256(abi.encode(signature));
        bytes32 canary = keccak256("canary");
        bytes32[] memory other = new bytes32[](2);
        (other[0], other[1]) = (canary, canary);
        Draw.column(signature, bound(index, 0, 20));
        vm.assertEq(keccak256(abi.encode(signature)), before);
        vm.assertEq(other[0], canary);
        vm.assertEq(other[1], canary);
        vm.assertEq(other.length, 2);
    }

    /// @dev 20,000 slots at 1/8: within four standard deviations (47) of 2500; and 0 and 10,000 are never and always.
    function test_OneInEightIsAsked() external pure {
        uint256 asked = 0;
        for (uint256 i = 0; i < 100; ++i) {
            bytes32 seed = keccak256(abi.encode(i));
            for (uint256 slot = 0; slot < 200; ++slot) if (Draw.audited(seed, slot, 1250)) ++asked;
            vm.assertFalse(Draw.audited(seed, i, 0));
            vm.assertTrue(Draw.audited(seed, i, 10_000));
        }
        vm.assertGe(asked, 2500 - 188);
        vm.assertLe(asked, 2500 + 188);
    }
}
