// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// @notice What every Solidity test stands on: the cheatcodes, bounded fuzz inputs, and one way to commit a number.
abstract contract Test {
    /// @dev The address that Hardhat answers cheatcodes at: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @dev Wraps `x` into [min, max]; keeps the edges likely, because a fuzzer likes 0, 1 and the maximum.
    function bound(uint256 x, uint256 min, uint256 max) internal pure returns (uint256) {
        require(min <= max, "bound: min > max");
        if (x >= min && x <= max) return x;
        uint256 size = max - min + 1;
        if (size == 0) return x;
        if (x <= 3 && size > x) return min + x;
        if (x >= type(uint256).max - 3 && size > type(uint256).max - x) return max - (type(uint256).max - x);
        return min + (x % size);
    }

    /// @dev A named account without code; the same name is the same account.
    function actor(string memory name) internal returns (address account) {
        account = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(account, name);
    }

    /// @dev One line of snapshots/gas.json, and its limit. See scripts/snapshots.ts.
    function gasLine(string memory name, uint256 used, uint256 limit) internal {
        vm.assertLe(used, limit, name);
        vm.snapshotValue("gas", name, used);
    }

    /// @dev One line of snapshots/size.json: bytes of deployed code, at most what EIP-170 allows.
    function sizeLine(string memory name, address deployed) internal {
        vm.assertGt(deployed.code.length, 0);
        vm.assertLe(deployed.code.length, 24_576, name);
        vm.snapshotValue("size", name, deployed.code.length);
    }
}
