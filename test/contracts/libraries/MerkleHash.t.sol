// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleHash} from "../../../contracts/libraries/MerkleHash.sol";
import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {NaiveTree} from "../base/NaiveTree.sol";
import {Test} from "../base/Test.sol";

contract MerkleHashTest is Test {
    function testFuzz_NodeIsThePlainHash(bytes32 left, bytes32 right) external pure {
        vm.assertEq(MerkleHash.node(left, right), keccak256(abi.encode(left, right)));
    }

    /// The assembly may use the scratch space only: memory that was taken before, the free pointer and the zero slot stay.
    function testFuzz_NodeLeavesMemoryAlone(bytes32 left, bytes32 right, bytes calldata data) external pure {
        bytes memory taken = data;
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        MerkleHash.node(left, right);
        uint256 freeAfter;
        uint256 zero;
        assembly ("memory-safe") {
            freeAfter := mload(0x40)
            zero := mload(0x60)
        }
        vm.assertEq(free, freeAfter);
        vm.assertEq(zero, 0);
        vm.assertEq(keccak256(taken), keccak256(data));
    }

    function test_EveryZeroHashIsThatOfEmptySectors() external pure {
        bytes32 expected = keccak256(new bytes(256));
        for (uint256 level = 0; level < 64; ++level) {
            vm.assertEq(ZeroHashes.root(level), expected);
            vm.assertEq(NaiveTree.zero(level), expected);
            expected = keccak256(abi.encode(expected, expected));
        }
    }
}
