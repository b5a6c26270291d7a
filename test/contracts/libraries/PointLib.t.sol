// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PointLib} from "../../../contracts/libraries/PointLib.sol";
import {G1} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "../da/Signing.sol";

contract PointLibTest is Test {
    function testFuzz_APackedPointIsThePointAgain(uint256 secret) external view {
        G1 memory point = Signing.publicKey(bound(secret, 0, Signing.R - 1));
        vm.assertEq(abi.encode(point.pack().unpack()), abi.encode(point));
    }

    function test_TheLargestCoordinatesFit() external pure {
        G1 memory point = G1(PointLib.P_HI, PointLib.P_LO - 1, PointLib.P_HI, PointLib.P_LO - 2);
        vm.assertEq(abi.encode(point.pack().unpack()), abi.encode(point));
    }
}
