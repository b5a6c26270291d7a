// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EntryLib} from "../../../contracts/libraries/EntryLib.sol";
import {SubmissionLib} from "../../../contracts/libraries/SubmissionLib.sol";
import {SubmissionData} from "../../../contracts/types/Submission.sol";
import {Test} from "../base/Test.sol";

contract EntryCaller {
    function entry(uint256 length, bytes32[] calldata roots, bytes32 id) external pure returns (SubmissionData memory) {
        return EntryLib.entry(length, EntryLib.paddedSectors(length), "", roots, id);
    }

    function check(SubmissionData calldata data) external pure returns (uint256 sectors, bytes32 identity) {
        return SubmissionLib.check(data);
    }
}

/// @notice Entries as 0G splits files, against Flow's own check, a plain computation, and the TypeScript one.
contract EntryLibTest is Test {
    EntryCaller internal caller = new EntryCaller();

    function testFuzz_FlowAcceptsWhatIsBuilt(uint256 length) external view {
        // Up to the largest batch, and beyond it.
        _assertEntry(bound(length, 1, 512 * 262_144));
        _assertEntry(bound(length, 1, 5000));
    }

    function test_EveryRowCount() external view {
        for (uint256 rows = 1; rows <= 512; ++rows) _assertEntry(rows * 262_144);
    }

    function test_LengthsAroundPowersOfTwo() external view {
        for (uint256 log = 0; log < 28; ++log) {
            for (uint256 d = 0; d < 3; ++d) {
                uint256 length = (1 << log) + d;
                _assertEntry(length > 1 ? length - 1 : 1);
            }
        }
    }

    function test_HeightsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/flow.json");
        for (uint256 i = 0; i < 64; ++i) {
            string memory item = string.concat(".rows[", vm.toString(i), "].");
            uint256 rows = vm.parseJsonUint(json, string.concat(item, "rows"));
            uint256[] memory heights = vm.parseJsonUintArray(json, string.concat(item, "heights"));
            _assertHeights(rows * 262_144, heights);
        }
    }

    /// @dev A32: 0G's own figure, 4097 sectors are billed as 4608.
    function test_A32_AFileOneSectorOverAPowerOfTwo() external pure {
        vm.assertEq(EntryLib.paddedSectors(4097 * 256), 4608);
        vm.assertEq(EntryLib.paddedSectors(1_048_576 + 17), 4608);
        vm.assertEq(EntryLib.paddedSectors(1), 1);
        vm.assertEq(EntryLib.paddedSectors(256), 1);
        vm.assertEq(EntryLib.paddedSectors(257), 2);
    }

    function test_F3_AWrongNumberOfNodesIsRefused() external {
        for (uint256 count = 0; count < 8; ++count) {
            if (count == 4) continue;
            bytes32[] memory roots = new bytes32[](count);
            bytes32 identity = keccak256(abi.encodePacked(roots));
            vm.expectRevert(abi.encodeWithSelector(EntryLib.NodeCount.selector, count, 4));
            caller.entry(15 * 262_144, roots, identity);
        }
    }

    function _assertEntry(uint256 length) internal view {
        uint256 sectors = (length + 255) / 256;
        uint256 power = 1;
        while (power < sectors) power *= 2;
        uint256 unit = power < 16 ? 1 : power / 16;
        uint256 padded = ((sectors + unit - 1) / unit) * unit;
        vm.assertEq(EntryLib.paddedSectors(length), padded);

        uint256 count;
        for (uint256 rest = padded; rest != 0; rest &= rest - 1) ++count;
        SubmissionData memory data = _entry(length, count);
        (uint256 accepted, bytes32 identity) = caller.check(data);
        vm.assertEq(accepted, padded);
        vm.assertEq(identity, keccak256(abi.encodePacked(_roots(count))));
        vm.assertEq(data.length, length);
    }

    function _assertHeights(uint256 length, uint256[] memory heights) internal view {
        SubmissionData memory data = _entry(length, heights.length);
        for (uint256 i = 0; i < heights.length; ++i) vm.assertEq(data.nodes[i].height, heights[i]);
    }

    function _entry(uint256 length, uint256 count) internal view returns (SubmissionData memory) {
        bytes32[] memory roots = _roots(count);
        return caller.entry(length, roots, keccak256(abi.encodePacked(roots)));
    }

    function _roots(uint256 count) internal pure returns (bytes32[] memory roots) {
        roots = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) roots[i] = keccak256(abi.encode(i));
    }
}
