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
        address[7] memory all = [
            address(10),
            address(11),
            address(12),
            address(13),
            address(15),
            address(5),
            address(17)
        ];
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
