// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cast} from "../../../contracts/libraries/Cast.sol";
import {Test} from "../base/Test.sol";

/// @notice A32: what does not fit is refused with its value, what fits is unchanged.
contract CastTest is Test {
    function testFuzz_A32_NarrowingKeepsTheValueOrReverts(uint256 value, uint8 bits) external {
        value >>= bits;
        _check(value, type(uint40).max, this.toUint40);
        _check(value, type(uint96).max, this.toUint96);
        _check(value, type(uint128).max, this.toUint128);
        _checkSigned(int256(value));
        _checkSigned(-int256(value >> 1));
    }

    function test_A32_TheEdgesOfEachType() external {
        _edges(type(uint40).max, this.toUint40);
        _edges(type(uint96).max, this.toUint96);
        _edges(type(uint128).max, this.toUint128);
        int256[2] memory ends = [int256(type(int128).min), int256(type(int128).max)];
        for (uint256 i = 0; i < 2; ++i) {
            for (int256 by = -1; by <= 1; ++by) _checkSigned(ends[i] + by);
        }
    }

    function toUint40(uint256 value) external pure returns (uint256) {
        return Cast.toUint40(value);
    }

    function toUint96(uint256 value) external pure returns (uint256) {
        return Cast.toUint96(value);
    }

    function toUint128(uint256 value) external pure returns (uint256) {
        return Cast.toUint128(value);
    }

    function toInt128(int256 value) external pure returns (int256) {
        return Cast.toInt128(value);
    }

    function _checkSigned(int256 value) private {
        bool fits = value <= type(int128).max && value >= type(int128).min;
        if (!fits) vm.expectRevert(abi.encodeWithSelector(Cast.SignedCastOverflow.selector, value));
        int256 narrow = this.toInt128(value);
        if (fits) vm.assertEq(narrow, value);
    }

    function _edges(uint256 max, function(uint256) external pure returns (uint256) cast) private {
        uint256[5] memory values = [uint256(0), 1, max - 1, max, max + 1];
        for (uint256 i = 0; i < values.length; ++i) _check(values[i], max, cast);
    }

    function _check(uint256 value, uint256 max, function(uint256) external pure returns (uint256) cast) private {
        if (value > max) vm.expectRevert(abi.encodeWithSelector(Cast.CastOverflow.selector, value, max));
        uint256 narrow = cast(value);
        if (value <= max) vm.assertEq(narrow, value);
    }
}
