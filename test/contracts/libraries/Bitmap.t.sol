// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bitmap} from "../../../contracts/libraries/Bitmap.sol";
import {Test} from "../base/Test.sol";

contract BitmapTest is Test {
    function test_EveryPositionIsFound() external pure {
        for (uint256 i = 0; i < 256; ++i) {
            uint256 below = (1 << i) - 1;
            vm.assertEq(Bitmap.lowestZero(below), i);
            // Whatever lies above.
            vm.assertEq(Bitmap.lowestZero(~(1 << i)), i);
        }
        vm.assertEq(Bitmap.lowestZero(type(uint256).max), 256);
    }

    function testFuzz_ItIsTheFirstOneByOne(uint256 bits) external pure {
        uint256 index = 0;
        while (index < 256 && (bits >> index) & 1 == 1) ++index;
        vm.assertEq(Bitmap.lowestZero(bits), index);
    }
}
