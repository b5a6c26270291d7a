// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {Submission, SubmissionData} from "../../../contracts/types/Submission.sol";
import {NaiveTree} from "../base/NaiveTree.sol";
import {StorageTest} from "../base/StorageTest.sol";

contract FlowTest is StorageTest {
    function test_AnEmptyLogIsLeafZeroOf32ZeroBytes() external view {
        (uint256 length, uint256 levels) = flow.tree();
        vm.assertEq(length, 1);
        vm.assertEq(levels, 1);
        vm.assertEq(flow.computeFlowRoot(), bytes32(0));
        vm.assertEq(flow.numSubmissions(), 0);
        vm.assertEq(flow.getFlowRootByTxSeq(0), bytes32(0));
    }

    function test_TheFirstEntryStartsAtSectorOne() external {
        Submission memory entry = entryOf(alice, 1, "a");
        vm.assertEq(submitAs(alice, entry), 1);
        bytes32 root = keccak256(abi.encodePacked(bytes32(0), entry.data.nodes[0].root));
        vm.assertEq(flow.computeFlowRoot(), root);
        vm.assertEq(flow.getFlowRootByTxSeq(0), root);
        vm.assertEq(flow.submissionIndex(), 1);
        (uint256 length, uint256 levels) = flow.tree();
        vm.assertEq(length, 2);
        vm.assertEq(levels, 2);
    }

    function test_SubmitReturnsAndEmitsWhatItRecorded() external {
        submitAs(alice, entryOf(alice, 3, "before"));
        Submission memory entry = entryOf(alice, 5, "a");
        entry.data.tags = "tags";
        bytes32 identity = keccak256(abi.encodePacked(entry.data.nodes[0].root, entry.data.nodes[1].root));

        vm.expectEmit(address(flow));
        emit IFlow.Submit(alice, identity, 1, 8, 5, entry.data);
        vm.prank(alice);
        (uint256 index, bytes32 digest, uint256 start, uint256 length) = flow.submit{value: 5 * PRICE}(entry);
        vm.assertEq(index, 1);
        vm.assertEq(digest, identity);
        vm.assertEq(start, 8);
        vm.assertEq(length, 5);
    }

    /// 0G's rule, fault 1 of theirs mended: the author is who sent the entry.
    function test_NobodySubmitsInTheNameOfAnother() external {
        Submission memory entry = entryOf(bob, 1, "a");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.SubmitterNotCaller.selector, bob, alice));
        flow.submit{value: PRICE}(entry);

        Submission[] memory entries = new Submission[](2);
        entries[0] = entryOf(alice, 1, "a");
        entries[1] = entry;
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.SubmitterNotCaller.selector, bob, alice));
        flow.batchSubmit{value: 2 * PRICE}(entries);

        entry.submitter = address(0);
        vm.prank(alice);
        vm.expectRevert(IFlow.NoSubmitter.selector);
        flow.submit{value: PRICE}(entry);
    }

    function test_ABatchIsTheSameAsItsEntriesOneByOne() external {
        Submission[] memory entries = new Submission[](3);
        entries[0] = entryOf(alice, 15 * 1024, "rows");
        entries[1] = entryOf(alice, 9, "metadata");
        entries[2] = entryOf(alice, 4609, "file");
        uint256 id = vm.snapshotState();

        uint256[3] memory starts;
        for (uint256 i = 0; i < 3; ++i) starts[i] = submitAs(alice, entries[i]);
        bytes32[3] memory roots = [flow.getFlowRootByTxSeq(0), flow.getFlowRootByTxSeq(1), flow.getFlowRootByTxSeq(2)];
        uint256 pooled = address(reward).balance;
        (uint256 length, ) = flow.tree();
        vm.revertToState(id);

        vm.prank(alice);
        (
            uint256[] memory indexes,
            bytes32[] memory digests,
            uint256[] memory startIndexes,
            uint256[] memory lengths
        ) = flow.batchSubmit{value: pooled}(entries);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(indexes[i], i);
            vm.assertEq(startIndexes[i], starts[i]);
            vm.assertEq(lengths[i], paddedSectors(entries[i].data.length / 256));
            vm.assertEq(flow.getFlowRootByTxSeq(i), roots[i]);
            vm.assertNotEq(digests[i], bytes32(0));
        }
        (uint256 after_, ) = flow.tree();
        vm.assertEq(after_, length);
        vm.assertEq(address(reward).balance, pooled);
    }

    function test_AnEmptyBatchOnlyRefunds() external {
        uint256 had = alice.balance;
        vm.prank(alice);
        flow.batchSubmit{value: 5}(new Submission[](0));
        vm.assertEq(alice.balance, had);
    }

    function test_AFileNeverReachesOverASegmentThatItDoesNotStartAt() external {
        submitAs(alice, entryOf(alice, 1000, "a"));
        // 1008 sectors are used up to 2032 (1024 aligned); 20 sectors would start at 2032 and end at 2052.
        (uint256 length, ) = flow.tree();
        uint256 start = submitAs(alice, entryOf(alice, 20, "b"));
        vm.assertLe(length, 2048);
        vm.assertEq(start, 2048);
    }

    function test_EveryMalformedEntryIsRefusedByName() external {
        Submission memory entry = entryOf(alice, 7, "a");
        _refused(entry, "", false);

        entry.data.nodes[1].height = 2;
        _refused(entry, abi.encodeWithSelector(IFlow.NodesNotDescending.selector, 1), true);

        entry = entryOf(alice, 17, "a");
        entry.data.nodes[1].height = 0;
        _refused(entry, abi.encodeWithSelector(IFlow.NodesTooSpread.selector, 4, 0), true);

        entry = entryOf(alice, 1, "a");
        entry.data.nodes[0].height = 56;
        _refused(entry, abi.encodeWithSelector(IFlow.NodeTooHigh.selector, 56, 55), true);
        entry.data.nodes[0].height = type(uint256).max;
        _refused(entry, abi.encodeWithSelector(IFlow.NodeTooHigh.selector, type(uint256).max, 55), true);

        entry = entryOf(alice, 17, "a");
        entry.data.length = 16 * 256;
        _refused(entry, abi.encodeWithSelector(IFlow.LengthDoesNotFit.selector, 4096, 4096, 18 * 256), true);
        entry.data.length = 18 * 256 + 1;
        _refused(entry, abi.encodeWithSelector(IFlow.LengthDoesNotFit.selector, 4609, 4096, 18 * 256), true);

        entry = entryOf(alice, 1, "a");
        entry.data.length = 0;
        _refused(entry, abi.encodeWithSelector(IFlow.LengthDoesNotFit.selector, 0, 0, 256), true);
        entry.data.length = 1;
        entry.data.tags = new bytes(1025);
        _refused(entry, abi.encodeWithSelector(IFlow.TagsTooLong.selector, 1025, 1024), true);
        entry.data.tags = new bytes(1024);
        _refused(entry, "", false);
        delete entry.data.nodes;
        _refused(entry, abi.encodeWithSelector(IFlow.NoNodes.selector), true);
    }

    /// A32: the largest node is accepted while there is room, and nothing overflows when there is none.
    function test_A32_TheLogIsFullAt2To55Sectors() external {
        deployStorage(1 << 56);
        Submission memory entry = entryOf(alice, 1 << 54, "a");
        submitAs(alice, entry);
        (uint256 length, uint256 levels) = flow.tree();
        vm.assertEq(length, 1 << 55);
        vm.assertEq(levels, 56);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.FlowFull.selector, (1 << 55) + 1, 1 << 55));
        flow.submit{value: PRICE}(entryOf(alice, 1, "b"));

        NaiveTree.Placed[] memory placed = new NaiveTree.Placed[](1);
        placed[0] = NaiveTree.Placed(1 << 54, 54, entry.data.nodes[0].root);
        vm.assertEq(flow.computeFlowRoot(), NaiveTree.root(placed, length));
    }

    function _refused(Submission memory entry, bytes memory reason, bool refused) private {
        uint256 had = alice.balance;
        vm.prank(alice);
        if (refused) vm.expectRevert(reason);
        flow.submit{value: 1e18}(entry);
        if (refused) vm.assertEq(alice.balance, had);
    }
}
