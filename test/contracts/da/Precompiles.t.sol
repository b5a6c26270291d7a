// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Precompiles} from "../../../contracts/da/Precompiles.sol";
import {Test} from "../base/Test.sol";

/// @notice A chain without a precompile, or with something else in its place, is refused by that precompile's name.
contract PrecompilesTest is Test {
    function test_ThisChainHasThemAll() external {
        new Precompiles();
    }

    function test_AnyMissingOneIsNamed() external {
        address[6] memory all = [address(0x0a), address(0x0b), address(0x0d), address(0x0f), address(5), address(0x11)];
        bytes[3] memory answers = [bytes(""), abi.encode(1), new bytes(128)];
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 k = 0; k < answers.length; ++k) {
                vm.mockCall(all[i], "", answers[k]);
                vm.expectRevert(abi.encodeWithSelector(Precompiles.PrecompileMissing.selector, all[i]));
                new Precompiles();
                vm.clearMockedCalls();
            }
        }
    }
}
