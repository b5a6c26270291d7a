// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {EntranceTest} from "./EntranceTest.sol";

/// @notice The quorum on real keys and signatures, for every number of validators there can be.
contract ThresholdsTest is EntranceTest {
    function test_A15_WithRealSignaturesOfUpTo200Signers() external {
        _deploySystem();
        for (uint256 count = 1; count <= 200; ++count) {
            _join(1 ether);
            // The numbers between are those of the comparison alone, in DAEntranceConfirm.t.sol.
            if (count <= 9 || count == 67 || count == 150 || count >= 199) this.check(count);
        }
    }

    /// @dev A call of its own, so that its memory is given back.
    function check(uint256 count) external {
        _settle();
        Case memory c = _submitted(_case(1, 300, bytes32(count)));
        // Two thirds exactly, where there are such, are one too few.
        uint256 least = (2 * count) / 3 + 1;
        if (least > 2) _expectTooFew(c, count, least - 2);
        if (least > 1) _expectTooFew(c, count, least - 1);
        _confirmBy(c, count, least);
        vm.assertTrue(entrance.statusOf(c.id) == IDAEntrance.Status.Available);
        if (least == count) return;
        c = _submitted(_case(1, 300, keccak256(abi.encode(count))));
        _confirmBy(c, count, least + 1);
        vm.assertTrue(entrance.statusOf(c.id) == IDAEntrance.Status.Available);
    }

    function _expectTooFew(Case memory c, uint256 count, uint256 signed) internal {
        bytes memory reason = abi.encodeWithSelector(
            IDAEntrance.QuorumNotReached.selector,
            signed * 1 ether,
            count * 1 ether
        );
        IDASigners.Attestation memory a = _signed(c, _lastOf(count, count - signed));
        vm.expectRevert(reason);
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
    }

    function _confirmBy(Case memory c, uint256 count, uint256 signed) internal {
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _signed(c, _lastOf(count, count - signed)));
    }
}
