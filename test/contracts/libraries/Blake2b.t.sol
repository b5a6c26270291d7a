// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blake2b} from "../../../contracts/libraries/Blake2b.sol";
import {Test} from "../base/Test.sol";
import {PlainPora} from "../mine/PlainPora.sol";

contract Blake2bCaller {
    function hash(bytes memory data) external view returns (bytes32, bytes32) {
        return Blake2b.hash(data);
    }
}

contract Blake2bTest is Test {
    /// RFC 7693, appendix A; and the empty message, which has a block, too.
    function test_KnownDigests() external view {
        (bytes32 first, bytes32 second) = Blake2b.hash("abc");
        vm.assertEq(first, 0xba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1);
        vm.assertEq(second, 0x7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923);
        (first, second) = Blake2b.hash("");
        vm.assertEq(first, 0x786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419);
        vm.assertEq(second, 0xd25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce);
    }

    function testFuzz_IsThePlainForm(bytes calldata data) external view {
        _same(data);
    }

    function test_EveryLengthAroundABlock() external view {
        for (uint256 length = 0; length < 3; ++length) {
            for (uint256 blocks = 0; blocks < 4; ++blocks) {
                if (blocks * 128 + length == 0) continue;
                _same(_bytes(blocks * 128 + length - 1));
            }
        }
        _same(_bytes(4224));
        // The count of bytes takes its third byte.
        _same(_bytes(65_537));
    }

    /// What was in memory before stays, and what lies behind the free pointer is not taken for zeros.
    function test_MemoryMayBeDirty() external view {
        bytes memory data = _bytes(130);
        bytes32 before = keccak256(data);
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
            for {
                let i := 0
            } lt(i, 1024) {
                i := add(i, 0x20)
            } {
                mstore(add(free, i), not(0))
            }
        }
        (bytes32 first, bytes32 second) = Blake2b.hash(data);
        uint256 freeAfter;
        assembly ("memory-safe") {
            freeAfter := mload(0x40)
        }
        vm.assertEq(freeAfter, free);
        vm.assertEq(keccak256(data), before);
        (bytes32 plainFirst, bytes32 plainSecond) = PlainPora.blake2b(data);
        vm.assertEq(first, plainFirst);
        vm.assertEq(second, plainSecond);
    }

    /// An address without code answers a call with success and nothing.
    function test_AChainWithoutThePrecompileIsRefused() external {
        Blake2bCaller caller = new Blake2bCaller();
        bytes memory data = _bytes(300);
        vm.mockCall(address(9), "", "");
        vm.expectRevert(Blake2b.Blake2bUnavailable.selector);
        caller.hash(data);
        vm.clearMockedCalls();
    }

    function test_TooLittleGasForThePrecompileIsRefused() external {
        Blake2bCaller caller = new Blake2bCaller();
        bytes memory data = _bytes(4224);
        uint256 before = gasleft();
        caller.hash(data);
        uint256 used = before - gasleft();
        uint256 refused = 0;
        for (uint256 gas = used / 2; gas < used; gas += 50) {
            try caller.hash{gas: gas}(data) returns (bytes32 first, bytes32) {
                (bytes32 plain, ) = PlainPora.blake2b(data);
                vm.assertEq(first, plain);
            } catch {
                ++refused;
            }
        }
        vm.assertGt(refused, 10);
    }

    function _same(bytes memory data) private view {
        (bytes32 first, bytes32 second) = Blake2b.hash(data);
        (bytes32 plainFirst, bytes32 plainSecond) = PlainPora.blake2b(data);
        vm.assertEq(first, plainFirst);
        vm.assertEq(second, plainSecond);
    }

    function _bytes(uint256 length) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; i += 13) data[i] = bytes1(uint8(i + 1));
    }
}
