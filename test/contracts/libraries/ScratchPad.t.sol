// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ScratchPad} from "../../../contracts/libraries/ScratchPad.sol";
import {SealLib} from "../../../contracts/libraries/SealLib.sol";
import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {Test} from "../base/Test.sol";
import {PlainPora} from "../mine/PlainPora.sol";

contract PadCaller {
    function mix(
        bytes32 seed0,
        bytes32 seed1,
        uint256 sealOffset,
        bytes32[128] calldata sealedData
    ) external pure returns (bytes memory message, bytes32 recallSeed) {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
            // Where the message will be is not empty.
            for {
                let i := 0
            } lt(i, 5000) {
                i := add(i, 0x20)
            } {
                mstore(add(free, i), not(0))
            }
        }
        (message, recallSeed) = ScratchPad.mix(seed0, seed1, sealOffset, sealedData);
        assembly ("memory-safe") {
            if iszero(eq(mload(0x40), add(free, 4256))) {
                revert(0, 0)
            }
            if mload(0x60) {
                revert(0, 0)
            }
        }
    }

    function unseal(
        bytes32 minerId,
        bytes32 context,
        uint256 position,
        bytes32[128] calldata sealedData
    ) external pure returns (bytes32 root) {
        return SealLib.unsealedRoot(minerId, context, position, sealedData);
    }

    function gasOfMix(uint256 sealOffset, bytes32[128] calldata sealedData) external view returns (uint256 used) {
        used = gasleft();
        ScratchPad.mix(0, 0, sealOffset, sealedData);
        used -= gasleft();
    }

    function gasOfUnseal(bytes32[128] calldata sealedData) external view returns (uint256 used) {
        used = gasleft();
        SealLib.unsealedRoot(0, 0, 0, sealedData);
        used -= gasleft();
    }
}

contract ScratchPadTest is Test {
    PadCaller private caller = new PadCaller();

    function testFuzz_MixIsThePlainForm(bytes32 seed0, bytes32 seed1, uint256 offset, bytes32 content) external view {
        bytes32[128] memory sealedData = _data(content);
        offset %= 64;
        (bytes memory message, bytes32 recallSeed) = caller.mix(seed0, seed1, offset, sealedData);
        vm.assertEq(keccak256(message), keccak256(PlainPora.message(seed0, seed1, offset, sealedData)));
        (, bytes32 plainSeed) = PlainPora.pad(seed0, seed1);
        vm.assertEq(recallSeed, plainSeed);
    }

    function test_EverySealOfALoadHasItsPartOfThePad() external view {
        bytes32[128] memory sealedData = _data("every");
        for (uint256 offset = 0; offset < 64; ++offset) {
            (bytes memory message, ) = caller.mix("a", "b", offset, sealedData);
            vm.assertEq(keccak256(message), keccak256(PlainPora.message("a", "b", offset, sealedData)));
        }
    }

    function testFuzz_UnsealIsThePlainForm(
        bytes32 id,
        bytes32 context,
        uint256 position,
        bytes32 content
    ) external view {
        bytes32[128] memory data = _data(content);
        bytes32[128] memory sealedData = PlainPora.seal(id, context, position, data);
        vm.assertEq(caller.unseal(id, context, position, sealedData), PlainPora.rootOf(data));
        vm.assertEq(
            keccak256(abi.encode(PlainPora.unseal(id, context, position, sealedData))),
            keccak256(abi.encode(data))
        );
    }

    /// Any bytes at all unseal to something, the same in both forms.
    function testFuzz_UnsealOfAnyBytes(bytes32 id, bytes32 context, uint256 position, bytes32 content) external view {
        bytes32[128] memory sealedData = _data(content);
        vm.assertEq(
            caller.unseal(id, context, position, sealedData),
            PlainPora.rootOf(PlainPora.unseal(id, context, position, sealedData))
        );
    }

    /// One bit anywhere is enough to be something.
    function test_A28_OnlyZerosAreEmpty() external view {
        bytes32[128] memory data;
        bytes32 empty = ZeroHashes.root(4);
        vm.assertEq(caller.unseal("id", "context", 16, PlainPora.seal("id", "context", 16, data)), empty);
        for (uint256 i = 0; i < 128; ++i) {
            data[i] = bytes32(1 << ((i * 37) % 256));
            vm.assertNotEq(caller.unseal("id", "context", 16, PlainPora.seal("id", "context", 16, data)), empty);
            data[i] = 0;
        }
    }

    /// The figures in the comments of the libraries: why there is assembly at all.
    function test_AssemblyIsWorthIt() external view {
        bytes32[128] memory sealedData = _data("gas");
        uint256 plain = gasleft();
        PlainPora.message("a", "b", 3, sealedData);
        plain -= gasleft();
        vm.assertLe(caller.gasOfMix(3, sealedData) * 5, plain);

        plain = gasleft();
        PlainPora.rootOf(PlainPora.unseal(0, 0, 0, sealedData));
        plain -= gasleft();
        vm.assertLe(caller.gasOfUnseal(sealedData) * 8, plain);
    }

    function _data(bytes32 content) private pure returns (bytes32[128] memory data) {
        for (uint256 i = 0; i < 128; ++i) data[i] = keccak256(abi.encode(content, i));
    }
}
