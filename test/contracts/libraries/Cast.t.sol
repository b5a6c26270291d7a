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
        _check(value, uint256(int256(type(int128).max)), this.toInt128);
    }

    function test_A32_TheEdgesOfEachType() external {
        _edges(type(uint40).max, this.toUint40);
        _edges(type(uint96).max, this.toUint96);
        _edges(type(uint128).max, this.toUint128);
        _edges(uint256(int256(type(int128).max)), this.toInt128);
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

    function toInt128(uint256 value) external pure returns (uint256) {
        return uint256(int256(Cast.toInt128(value)));
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
