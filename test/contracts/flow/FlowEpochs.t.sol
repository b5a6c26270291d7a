// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDigestHistory} from "../../../contracts/interfaces/IDigestHistory.sol";
import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {EpochRange, EpochRangeWithContextDigest, MineContext} from "../../../contracts/types/MineContext.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice Answers like the system contract of EIP-2935, with hashes that can be told apart from `blockhash`.
contract HistoryContract {
    fallback(bytes calldata input) external returns (bytes memory) {
        uint256 number = abi.decode(input, (uint256));
        require(number < block.number && number + 8191 >= block.number, "out of reach");
        return abi.encode(keccak256(abi.encode("history", number)));
    }
}

contract FlowEpochsTest is StorageTest {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes32 private constant NO_MINING = keccak256("");

    uint256 private _first;

    function setUp() public override {
        super.setUp();
        _first = flow.firstBlock();
    }

    function test_EpochZeroHasNoMining() external view {
        MineContext memory context = flow.getContext();
        vm.assertEq(context.epoch, 0);
        vm.assertEq(context.mineStart, _first);
        vm.assertEq(context.flowRoot, bytes32(0));
        vm.assertEq(context.flowLength, 1);
        vm.assertEq(context.blockDigest, NO_MINING);
        vm.assertEq(context.digest, NO_MINING);
    }

    /// The boundary's own hash is needed, so the context is made one block after it and not before.
    function test_AContextIsMadeOneBlockAfterTheBoundary() external {
        submitAs(alice, entryOf(alice, 100, "a"));
        bytes32 root = flow.computeFlowRoot();
        vm.roll(_first + BLOCKS_PER_EPOCH);
        flow.makeContext();
        vm.assertEq(flow.epoch(), 0);

        vm.roll(_first + BLOCKS_PER_EPOCH + 1);
        bytes32 boundary = blockhash(_first + BLOCKS_PER_EPOCH);
        vm.assertNotEq(boundary, bytes32(0));
        (uint256 length, ) = flow.tree();
        bytes32 digest = keccak256(abi.encode(boundary, root, length));

        vm.expectEmit(address(flow));
        emit IFlow.NewEpoch(bob, 1, root, 1, length, digest);
        vm.prank(bob);
        MineContext memory context = flow.makeContextWithResult();
        vm.assertEq(abi.encode(context), abi.encode(flow.getContext()));
        vm.assertEq(
            abi.encode(context),
            abi.encode(MineContext(1, _first + BLOCKS_PER_EPOCH, root, length, boundary, digest))
        );
        vm.assertEq(abi.encode(flow.getEpochRange(digest)), abi.encode(EpochRange(0, uint128(length))));
        vm.assertEq(flow.epochStartPosition(), length);
        vm.assertEq(flow.rootHistory().rootAt(0), root);
    }

    /// What is submitted in the block that rolls the epoch belongs to the next range.
    function test_SubmitRollsBeforeItAppends() external {
        submitAs(alice, entryOf(alice, 1, "a"));
        (uint256 sealedTo, ) = flow.tree();
        vm.roll(_first + BLOCKS_PER_EPOCH + 1);
        submitAs(alice, entryOf(alice, 1, "b"));
        vm.assertEq(flow.getContext().flowLength, sealedTo);
        vm.assertEq(flow.epoch(), 1);
    }

    function test_EveryWayToMakeAContextIsTheSameStep() external {
        vm.roll(_first + BLOCKS_PER_EPOCH * 3 + 1);
        flow.makeContextFixedTimes(0);
        vm.assertEq(flow.epoch(), 3);
        bytes memory context = abi.encode(flow.getContext());
        flow.makeContext();
        flow.makeContextFixedTimes(type(uint256).max);
        vm.assertEq(abi.encode(flow.makeContextWithResult()), context);
    }

    /// A21: 10,000 idle epochs cost the next caller one step, whatever it calls.
    function test_A21_IdleEpochsAreSkippedInOneStep() external {
        submitAs(alice, entryOf(alice, 1000, "a"));
        vm.roll(_first + BLOCKS_PER_EPOCH * 10_000 + 1);
        uint256 before = gasleft();
        flow.makeContext();
        vm.assertLe(before - gasleft(), 300_000);
        vm.assertEq(flow.epoch(), 10_000);
        vm.assertEq(flow.getContext().mineStart, _first + BLOCKS_PER_EPOCH * 10_000);
        vm.assertFalse(flow.rootHistory().available(1));
    }

    /// A22: nobody called for 257 blocks after the boundary and there is no EIP-2935: the hash cannot be known any more.
    /// That epoch has no mining, and the next one seals what it would have sealed.
    function test_A22_AnEpochWhoseHashIsGoneIsSkippedAndTheNextRecovers() external {
        deployStorage(SECTORS_PER_PRICE, 1000);
        _first = flow.firstBlock();
        submitAs(alice, entryOf(alice, 100, "a"));
        vm.roll(_first + 1000 + 257);
        vm.assertEq(blockhash(_first + 1000), bytes32(0));
        MineContext memory context = flow.makeContextWithResult();
        vm.assertEq(context.epoch, 1);
        vm.assertEq(context.digest, NO_MINING);
        vm.assertEq(context.blockDigest, NO_MINING);
        vm.assertEq(flow.epochStartPosition(), 0);
        vm.assertEq(abi.encode(flow.getEpochRange(NO_MINING)), abi.encode(EpochRange(0, 0)));

        submitAs(alice, entryOf(alice, 100, "b"));
        (uint256 length, ) = flow.tree();
        vm.roll(_first + 2000 + 1);
        context = flow.makeContextWithResult();
        vm.assertNotEq(context.digest, NO_MINING);
        vm.assertEq(abi.encode(flow.getEpochRange(context.digest)), abi.encode(EpochRange(0, uint128(length))));
        vm.assertEq(flow.queryContextAtPosition(1).digest, context.digest);
    }

    /// A22: where EIP-2935 answers, the hash is known for 8191 blocks.
    function test_A22_OlderHashesComeFromEIP2935() external {
        deployStorage(SECTORS_PER_PRICE, 10_000);
        _first = flow.firstBlock();
        vm.etch(HISTORY, address(new HistoryContract()).code);
        vm.roll(_first + 10_000 + 8191);
        uint256 id = vm.snapshotState();
        vm.assertEq(flow.makeContextWithResult().blockDigest, keccak256(abi.encode("history", _first + 10_000)));
        vm.revertToState(id);
        vm.roll(_first + 10_000 + 8192);
        vm.assertEq(flow.makeContextWithResult().blockDigest, NO_MINING);
    }

    /// Ranges follow each other without gap or overlap, and every sealed sector is found in exactly its own.
    function testFuzz_RangesAreContiguousAndFound(uint256[8] calldata steps, uint256 position) external {
        for (uint256 i = 0; i < steps.length; ++i) {
            vm.roll(block.number + bound(steps[i] % 8, 0, 7) * 20);
            if (steps[i] >> 254 == 0) flow.makeContext();
            else submitAs(alice, entryOf(alice, bound(steps[i] >> 8, 1, 3000), bytes32(steps[i])));
        }
        uint256 end = flow.epochStartPosition();
        position = bound(position, 0, 1 << 20);
        (uint256 length, ) = flow.tree();
        if (position >= length) {
            vm.expectRevert(abi.encodeWithSelector(IFlow.PositionBeyondFlow.selector, position, length));
            flow.queryContextAtPosition(uint128(position));
            return;
        }

        flow.makeContext();
        end = flow.epochStartPosition();
        uint128 from = 0;
        bytes32 holder;
        for (uint256 i = 0; from < end; ++i) {
            EpochRangeWithContextDigest memory range = flow.getEpochRangeHistory(i);
            vm.assertEq(range.start, from);
            vm.assertGe(range.end, range.start);
            vm.assertEq(abi.encode(flow.getEpochRange(range.digest)), abi.encode(EpochRange(range.start, range.end)));
            if (range.start <= position && position < range.end) holder = range.digest;
            from = range.end;
        }
        vm.assertEq(from, end);
        if (position >= end) {
            vm.expectRevert(abi.encodeWithSelector(IFlow.NotSealedYet.selector, position));
            flow.queryContextAtPosition(uint128(position));
        } else {
            vm.assertEq(flow.queryContextAtPosition(uint128(position)).digest, holder);
        }
    }

    function test_TheHistoryHoldsTheLastThousandRoots() external {
        deployStorage(SECTORS_PER_PRICE, 2);
        IDigestHistory history = flow.rootHistory();
        for (uint256 i = 0; i < 1002; ++i) {
            if (i == 1) submitAs(alice, entryOf(alice, 1, "a"));
            vm.roll(block.number + 3);
            flow.makeContext();
        }
        bytes32 root = flow.computeFlowRoot();
        vm.assertFalse(history.available(1));
        vm.assertTrue(history.available(2));
        vm.assertTrue(history.available(1001));
        vm.assertFalse(history.available(1002));
        vm.assertEq(history.rootAt(1001), root);
        vm.assertTrue(history.contains(root));
        vm.assertFalse(history.contains(bytes32(0)));
        vm.expectRevert(abi.encodeWithSelector(IDigestHistory.UnavailableIndex.selector, 1));
        history.rootAt(1);
    }

    function test_OnlyFlowWritesItsHistory() external {
        IDigestHistory history = flow.rootHistory();
        vm.expectRevert(abi.encodeWithSelector(IDigestHistory.NotOwner.selector, address(this), address(flow)));
        history.insert(bytes32("x"));
    }
}
