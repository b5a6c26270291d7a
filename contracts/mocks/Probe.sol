// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Shows that the toolchain compiles and runs.
contract Probe {
    uint256 public count;

    function poke() external returns (uint256) {
        return ++count;
    }
}
