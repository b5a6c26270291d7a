// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {MineTest} from "./MineTest.sol";

/// @notice The names and types that 0G's own clients call, written out: a renamed field is no accident here.
contract MineInterfaceTest is MineTest {
    string private constant CONTEXT = "(uint256,uint256,bytes32,uint256,bytes32,bytes32)";
    string private constant ANSWER =
        "(bytes32,bytes32,bytes32,(uint256,uint256,uint64,uint64),uint256,uint256,bytes32,bytes32[128],bytes32[])";

    function test_MineHasTheFunctionsOf0G() external pure {
        _same(IPoraMine.submit.selector, string.concat("submit(", ANSWER, ")"));
        _same(IPoraMine.requestMinerId.selector, "requestMinerId(address,uint64)");
        _same(IPoraMine.transferBeneficial.selector, "transferBeneficial(address,bytes32)");
        _same(IPoraMine.beneficiaries.selector, "beneficiaries(bytes32)");
        _same(IPoraMine.computeWorkerContext.selector, "computeWorkerContext(bytes32)");
        _same(IPoraMine.canSubmit.selector, "canSubmit()");
        _same(IPoraMine.poraTarget.selector, "poraTarget()");
        _same(IPoraMine.poraVersion.selector, "poraVersion()");
        _same(IPoraMine.lastMinedEpoch.selector, "lastMinedEpoch()");
        _same(IPoraMine.currentSubmissions.selector, "currentSubmissions()");
        _same(IPoraMine.targetMineBlocks.selector, "targetMineBlocks()");
        _same(IPoraMine.targetSubmissions.selector, "targetSubmissions()");
        _same(IPoraMine.difficultyAdjustRatio.selector, "difficultyAdjustRatio()");
        _same(IPoraMine.minDifficulty.selector, "minDifficulty()");
        _same(IPoraMine.maxShards.selector, "maxShards()");
        _same(IPoraMine.nSubtasks.selector, "nSubtasks()");
        _same(IPoraMine.subtaskInterval.selector, "subtaskInterval()");
        _same(IPoraMine.flow.selector, "flow()");
        _same(IPoraMine.reward.selector, "reward()");
    }

    function test_MineHasTheEventsOf0G() external pure {
        vm.assertEq(IPoraMine.NewMinerId.selector, keccak256("NewMinerId(bytes32,address)"));
        vm.assertEq(IPoraMine.UpdateMinerId.selector, keccak256("UpdateMinerId(bytes32,address,address)"));
        vm.assertEq(IPoraMine.NewSubmission.selector, keccak256("NewSubmission(uint256,bytes32,uint256,uint256)"));
    }

    /// As 0G's node asks: by a call from 0x0A, for a static struct of nine words.
    function test_AWorkersContextDecodesByTheTypesOf0G() external {
        openWindow(minerId);
        vm.prank(address(10));
        (bool done, bytes memory words) = address(mine).call(abi.encodeCall(IPoraMine.computeWorkerContext, (minerId)));
        vm.assertTrue(done);
        vm.assertEq(words.length, 9 * 32);
        (uint256 epoch, uint256 mineStart, bytes32 root, uint256 length, bytes32 blockDigest, bytes32 digest) = abi
            .decode(words, (uint256, uint256, bytes32, uint256, bytes32, bytes32));
        vm.assertEq(abi.encode(epoch, mineStart, root, length, blockDigest, digest), abi.encode(flow.getContext()));
        (, , , , , , uint256 target, bytes32 subtask, uint64 shards) = abi.decode(
            words,
            (uint256, uint256, bytes32, uint256, bytes32, bytes32, uint256, bytes32, uint64)
        );
        vm.assertEq(target, type(uint256).max);
        vm.assertNotEq(subtask, bytes32(0));
        vm.assertEq(shards, 32);
    }

    function _same(bytes4 selector, string memory signature) private pure {
        vm.assertEq(bytes32(selector), bytes32(bytes4(keccak256(bytes(signature)))), signature);
    }
}
