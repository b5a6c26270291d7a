// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../base/Test.sol";

/// @notice This chain's precompile 0x0a against the official vectors: what reads elements rests on it.
contract OpeningsTest is Test {
    /// @dev Field elements of a blob, and the scalar field's modulus.
    bytes internal constant ANSWER = abi.encode(
        4096,
        0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001
    );

    /// @dev False and refused are one to the precompile: it fails. Points at infinity are points (A6).
    function test_A6_OpeningsAreJudgedAsOfficially() external view {
        string memory json = vm.readFile("test/vectors/openings.json");
        uint256 count = vm.parseJsonUint(json, ".count");
        vm.assertGt(count, 80);
        for (uint256 i = 0; i < count; ++i) {
            bytes memory commitment = vm.parseJsonBytes(json, _at(i, "commitment"));
            bytes memory input = bytes.concat(
                (sha256(commitment) & bytes32(type(uint256).max >> 8)) | bytes32(uint256(1) << 248),
                vm.parseJsonBytes(json, _at(i, "z")),
                vm.parseJsonBytes(json, _at(i, "y")),
                commitment,
                vm.parseJsonBytes(json, _at(i, "proof"))
            );
            bool holds = keccak256(bytes(vm.parseJsonString(json, _at(i, "holds")))) == keccak256("true");
            (bool success, bytes memory output) = address(0x0a).staticcall{gas: 100_000}(input);
            vm.assertTrue(success == holds, vm.parseJsonString(json, _at(i, "name")));
            if (holds) vm.assertEq(output, ANSWER);
        }
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", name);
    }
}
