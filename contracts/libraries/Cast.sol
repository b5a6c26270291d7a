// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Narrowing that reverts instead of cutting off
library Cast {
    /// @notice The value does not fit the type it is stored in.
    error CastOverflow(uint256 value, uint256 max);

    /// @notice The value does not fit 128 bits with a sign.
    error SignedCastOverflow(int256 value);

    function toUint40(uint256 value) internal pure returns (uint40) {
        if (value > type(uint40).max) revert CastOverflow(value, type(uint40).max);
        return uint40(value);
    }

    function toUint96(uint256 value) internal pure returns (uint96) {
        if (value > type(uint96).max) revert CastOverflow(value, type(uint96).max);
        return uint96(value);
    }

    function toUint128(uint256 value) internal pure returns (uint128) {
        if (value > type(uint128).max) revert CastOverflow(value, type(uint128).max);
        return uint128(value);
    }

    function toInt128(int256 value) internal pure returns (int128) {
        if (value > type(int128).max || value < type(int128).min) revert SignedCastOverflow(value);
        return int128(value);
    }
}
