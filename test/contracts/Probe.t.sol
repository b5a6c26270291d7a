// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Probe} from "../../contracts/mocks/Probe.sol";

contract ProbeTest {
    function test_CountsPokes() external {
        Probe probe = new Probe();
        require(probe.poke() == 1, "one poke");
    }
}
