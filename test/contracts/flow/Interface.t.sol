// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {IFixedPrice} from "../../../contracts/interfaces/IFixedPrice.sol";
import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice The names and types that 0G's own clients call, written out: a renamed field is no accident here.
contract InterfaceTest is StorageTest {
    function test_FlowHasTheFunctionsOf0G() external pure {
        string memory entry = "((uint256,bytes,(bytes32,uint256)[]),address)";
        _same(IFlow.submit.selector, string.concat("submit(", entry, ")"));
        _same(IFlow.batchSubmit.selector, string.concat("batchSubmit(", entry, "[])"));
        _same(IFlow.makeContext.selector, "makeContext()");
        _same(IFlow.makeContextFixedTimes.selector, "makeContextFixedTimes(uint256)");
        _same(IFlow.makeContextWithResult.selector, "makeContextWithResult()");
        _same(IFlow.getContext.selector, "getContext()");
        _same(IFlow.computeFlowRoot.selector, "computeFlowRoot()");
        _same(IFlow.getEpochRange.selector, "getEpochRange(bytes32)");
        _same(IFlow.getEpochRangeHistory.selector, "getEpochRangeHistory(uint256)");
        _same(IFlow.queryContextAtPosition.selector, "queryContextAtPosition(uint128)");
        _same(IFlow.getFlowRootByTxSeq.selector, "getFlowRootByTxSeq(uint256)");
        _same(IFlow.numSubmissions.selector, "numSubmissions()");
        _same(IFlow.submissionIndex.selector, "submissionIndex()");
        _same(IFlow.tree.selector, "tree()");
        _same(IFlow.epoch.selector, "epoch()");
        _same(IFlow.epochStartPosition.selector, "epochStartPosition()");
        _same(IFlow.firstBlock.selector, "firstBlock()");
        _same(IFlow.blocksPerEpoch.selector, "blocksPerEpoch()");
        _same(IFlow.market.selector, "market()");
        _same(IFlow.rootHistory.selector, "rootHistory()");
    }

    function test_FlowHasTheEventsOf0G() external pure {
        string memory data = "(uint256,bytes,(bytes32,uint256)[])";
        vm.assertEq(
            IFlow.Submit.selector,
            keccak256(bytes(string.concat("Submit(address,bytes32,uint256,uint256,uint256,", data, ")")))
        );
        vm.assertEq(IFlow.NewEpoch.selector, keccak256("NewEpoch(address,uint256,bytes32,uint256,uint256,bytes32)"));
    }

    function test_MarketAndPoolsHaveTheFunctionsOf0G() external pure {
        _same(IFixedPrice.pricePerSector.selector, "pricePerSector()");
        _same(IFixedPrice.setPricePerSector.selector, "setPricePerSector(uint256)");
        _same(IFixedPrice.chargeFee.selector, "chargeFee(uint256,uint256,uint256)");
        _same(IFixedPrice.flow.selector, "flow()");
        _same(IFixedPrice.reward.selector, "reward()");
        _same(IChunkLinearReward.fillReward.selector, "fillReward(uint256,uint256)");
        _same(IChunkLinearReward.donate.selector, "donate()");
        _same(IChunkLinearReward.rewards.selector, "rewards(uint256)");
        _same(IChunkLinearReward.rewardDeadline.selector, "rewardDeadline(uint256)");
        _same(IChunkLinearReward.firstRewardableChunk.selector, "firstRewardableChunk()");
        _same(IChunkLinearReward.claimMineReward.selector, "claimMineReward(uint256,address,bytes32)");
        _same(IChunkLinearReward.payments.selector, "payments(address)");
        _same(IChunkLinearReward.withdrawPayments.selector, "withdrawPayments(address)");
        _same(IChunkLinearReward.totalBaseReward.selector, "totalBaseReward()");
        _same(IChunkLinearReward.baseReward.selector, "baseReward()");
        _same(IChunkLinearReward.serviceFeeRateBps.selector, "serviceFeeRateBps()");
        _same(IChunkLinearReward.releaseSeconds.selector, "releaseSeconds()");
        _same(IChunkLinearReward.treasury.selector, "treasury()");
        _same(IChunkLinearReward.market.selector, "market()");
        _same(IChunkLinearReward.mine.selector, "mine()");
        vm.assertEq(
            IChunkLinearReward.DistributeReward.selector,
            keccak256("DistributeReward(uint256,address,bytes32,uint256)")
        );
    }

    /// Answers decode by 0G's types: static structs without an offset in front.
    function test_AnswersHaveTheTypesOf0G() external {
        submitAs(alice, entryOf(alice, 5, "x"));
        vm.roll(block.number + BLOCKS_PER_EPOCH + 1);
        flow.makeContext();

        (uint256 epoch, uint256 mineStart, bytes32 root, uint256 length, , bytes32 digest) = abi.decode(
            _call(address(flow), abi.encodeCall(IFlow.getContext, ()), 6),
            (uint256, uint256, bytes32, uint256, bytes32, bytes32)
        );
        vm.assertEq(epoch, 1);
        vm.assertEq(mineStart, flow.firstBlock() + BLOCKS_PER_EPOCH);
        vm.assertEq(root, flow.computeFlowRoot());
        vm.assertEq(length, 9);

        bytes memory range = _call(address(flow), abi.encodeCall(IFlow.getEpochRange, (digest)), 2);
        (uint128 start, uint128 end) = abi.decode(range, (uint128, uint128));
        vm.assertEq(uint256(start), 0);
        vm.assertEq(uint256(end), 9);
        vm.assertEq(
            _call(address(flow), abi.encodeCall(IFlow.getEpochRangeHistory, (0)), 3),
            bytes.concat(range, digest)
        );
        vm.assertEq(
            _call(address(flow), abi.encodeCall(IFlow.queryContextAtPosition, (8)), 3),
            bytes.concat(range, digest)
        );

        (uint128 locked, uint128 claimable, uint128 distributed, uint40 startTime, uint40 lastUpdate) = abi.decode(
            _call(address(reward), abi.encodeCall(IChunkLinearReward.rewards, (0)), 5),
            (uint128, uint128, uint128, uint40, uint40)
        );
        vm.assertEq(uint256(locked) + claimable, 5 * PRICE);
        vm.assertEq(uint256(distributed), 0);
        vm.assertEq(uint256(startTime), block.timestamp);
        vm.assertEq(uint256(lastUpdate), block.timestamp);
    }

    function _call(address target, bytes memory data, uint256 words) private returns (bytes memory answer) {
        bool done;
        (done, answer) = target.call(data);
        vm.assertTrue(done);
        vm.assertEq(answer.length, words * 32);
    }

    function _same(bytes4 selector, string memory signature) private pure {
        vm.assertEq(bytes32(selector), bytes32(bytes4(keccak256(bytes(signature)))), signature);
    }
}
