// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {MerklePath} from "../../../contracts/libraries/MerklePath.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer, RecallRange, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {MineTest} from "./MineTest.sol";

/// @notice A beneficiary that does everything a payee should not.
contract Nuisance {
    uint256 private immutable _kind;

    constructor(uint256 kind) {
        _kind = kind;
    }

    receive() external payable {
        if (_kind == 0) revert("no");
        if (_kind == 1) while (true) {}
        assembly ("memory-safe") {
            return(0, 1048576)
        }
    }
}

/// @notice What is refused, by which error, with which values; and that nothing has changed then.
contract PoraRefusalsTest is MineTest {
    uint256 private constant MAX = type(uint256).max;

    function test_AnUnknownMinerIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        answer.minerId = "nobody";
        refused(answer, abi.encodeWithSelector(IPoraMine.UnknownMiner.selector, bytes32("nobody")));
        vm.expectRevert(abi.encodeWithSelector(IPoraMine.UnknownMiner.selector, bytes32(0)));
        mine.computeWorkerContext(0);
    }

    function test_AnotherEpochsAnswerIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        nextEpoch();
        openWindow(minerId);
        bytes32 current = flow.getContext().digest;
        refused(answer, abi.encodeWithSelector(IPoraMine.WrongContext.selector, answer.contextDigest, current));
        answer.contextDigest = current;
        // With the right digest the trial is another one: its subtask differs.
        vm.expectRevert();
        mine.submit(answer);
    }

    /// @dev A22: nobody made the context while the hash of its block was known.
    function test_A22_AnEpochWithoutAHashHasNoMining() external {
        PoraAnswer memory answer = goodAnswer(0);
        uint256 state = vm.snapshotState();
        deployStorage(SECTORS_PER_PRICE, 1000);
        deployMine(parameters());
        minerId = newMiner(miner, 1);
        vm.roll(flow.firstBlock() + 1000 + 257);
        answer.minerId = minerId;
        refused(answer, error1(IPoraMine.NoMining.selector, 1));
        vm.assertFalse(mine.canSubmit());
        WorkerContext memory work = mine.computeWorkerContext(minerId);
        vm.assertEq(work.context.epoch, 1);
        vm.assertEq(work.poraTarget, 0);
        vm.assertEq(work.subtaskDigest, bytes32(0));
        vm.revertToState(state);
    }

    /// @dev A22: the window is long, and its first block's hash is gone before it closes. The next epoch recovers.
    function test_A22_AWindowWhoseHashIsGoneIsClosed() external {
        deployStorage(SECTORS_PER_PRICE, 1000);
        PoraMine.Parameters memory p = parameters();
        (p.targetMineBlocks, p.nSubtasks) = (400, 1);
        deployMine(p);
        resetLog();
        _append(1024);
        minerId = newMiner(miner, 1);
        uint256 first = flow.firstBlock();
        for (uint256 epoch = 1; epoch < 3; ++epoch) {
            uint256 start = first + epoch * 1000;
            vm.roll(start + 1);
            flow.makeContext();
            _index();
            WorkerContext memory work = mine.computeWorkerContext(minerId);
            PoraAnswer memory answer = answerIn(work, minerId, 0, 1, 1, 3);

            vm.roll(start + 257);
            vm.assertEq(blockhash(start), bytes32(0));
            refused(answer, error1(IPoraMine.BlockHashUnknown.selector, start));
            vm.assertEq(mine.computeWorkerContext(minerId).poraTarget, 0);
            vm.roll(start + 256);
            mine.submit(answer);
            vm.assertEq(mine.lastMinedEpoch(), epoch);
        }
    }

    function test_OutsideItsWindowAMinerIsRefused() external {
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = goodAnswer(0);
        uint256 start = work.context.mineStart;
        if (block.number > start + 25) start += 25;
        vm.roll(start + WINDOW + 1);
        bytes memory reason = error3(IPoraMine.OutsideWindow.selector, start + WINDOW + 1, start + 1, start + WINDOW);
        refused(answer, reason);
        vm.assertEq(mine.computeWorkerContext(minerId).poraTarget, 0);

        vm.roll(start + WINDOW);
        mine.submit(answer);
        vm.assertNotEq(mine.computeWorkerContext(minerId).poraTarget, 0);
    }

    /// The other subtask's miners have their window later, and not before.
    function test_SubtasksHaveWindowsOfTheirOwn() external {
        uint256 start = flow.getContext().mineStart;
        bool[2] memory seen;
        for (uint64 seed = 2; !seen[0] || !seen[1]; ++seed) {
            bytes32 id = newMiner(miner, seed);
            uint256 index = uint256(keccak256(abi.encode(flow.getContext().digest, id))) % 2;
            seen[index] = true;
            vm.roll(start + 1);
            vm.assertEq(mine.computeWorkerContext(id).subtaskDigest != 0, index == 0);
            vm.roll(start + 25);
            vm.assertEq(mine.computeWorkerContext(id).subtaskDigest, bytes32(0));
            vm.roll(start + 26);
            bytes32 digest = mine.computeWorkerContext(id).subtaskDigest;
            vm.assertEq(
                digest,
                index == 1 ? keccak256(abi.encode(flow.getContext().digest, blockhash(start + 25))) : bytes32(0)
            );
        }
    }

    // ---- ranges ------------------------------------------------------------------------------------------------

    function test_RangesAreWhatTheLogAsksFor() external {
        PoraAnswer memory answer = goodAnswer(0);
        uint256 end = answer.range.mineLength;
        RecallRange memory good = answer.range;

        answer.range = RecallRange(1, end, 0, WHOLE);
        refused(answer, error2(IPoraMine.StartNotAligned.selector, 1, SECTORS_PER_PRICE));
        answer.range = RecallRange(MAX, end, 0, WHOLE);
        refused(answer, error2(IPoraMine.StartNotAligned.selector, MAX, SECTORS_PER_PRICE));
        answer.range = RecallRange(SECTORS_PER_PRICE, end, 0, WHOLE);
        refused(answer, error3(IPoraMine.RangeBeyondFlow.selector, SECTORS_PER_PRICE, end, end));
        answer.range = RecallRange(1 << 255, MAX, 0, WHOLE);
        refused(answer, error3(IPoraMine.RangeBeyondFlow.selector, 1 << 255, MAX, end));
        answer.range = RecallRange(0, end + 1, 0, WHOLE);
        refused(answer, error3(IPoraMine.RangeBeyondFlow.selector, 0, end + 1, end));
        answer.range = RecallRange(0, MAX, 0, WHOLE);
        refused(answer, error3(IPoraMine.RangeBeyondFlow.selector, 0, MAX, end));
        answer.range = RecallRange(0, end - 1, 0, WHOLE);
        refused(answer, error2(IPoraMine.RangeTooShort.selector, end - 1, end));
        answer.range = RecallRange(0, 0, 0, WHOLE);
        refused(answer, error2(IPoraMine.RangeTooShort.selector, 0, end));
        answer.range = RecallRange(0, end, 0, WHOLE - 63);
        refused(answer, error2(IPoraMine.TooManyShards.selector, 64, 32));
        answer.range = RecallRange(0, end, 0, 0);
        refused(answer, error2(IPoraMine.TooManyShards.selector, 1 << 64, 32));
        answer.range = RecallRange(0, end, 4, WHOLE - 3);
        refused(answer, abi.encodeWithSelector(IPoraMine.ShardIdMasked.selector, uint64(4), WHOLE - 3));
        answer.range = RecallRange(0, end, WHOLE, WHOLE);
        refused(answer, abi.encodeWithSelector(IPoraMine.ShardIdMasked.selector, WHOLE, WHOLE));

        answer.range = good;
        mine.submit(answer);
    }

    function test_ARangeLongerThanItsShardsAllowIsRefused() external {
        PoraMine.Parameters memory p = parameters();
        p.maxMiningLength = 2048;
        deployStorage(SECTORS_PER_PRICE);
        deployMine(p);
        resetLog();
        fillLog();
        minerId = newMiner(miner, 1);
        openWindow(minerId);
        PoraAnswer memory answer = answerIn(openWindow(minerId), minerId, 0, 0, 1, 0);
        answer.range = RecallRange(0, 6144, 0, WHOLE - 1);
        refused(answer, error2(IPoraMine.RangeTooLong.selector, 6144, 4096));
        answer.range = RecallRange(0, 1024, 0, WHOLE);
        refused(answer, error2(IPoraMine.RangeTooShort.selector, 1024, 2048));
    }

    function test_ALogWithoutAWholeLoadCannotBeMined() external {
        PoraAnswer memory answer = goodAnswer(0);
        deployStorage(SECTORS_PER_PRICE);
        deployMine(parameters());
        resetLog();
        _append(5);
        nextEpoch();
        answer.minerId = newMiner(miner, 1);
        answer.contextDigest = flow.getContext().digest;
        (uint256 length, ) = flow.tree();
        refused(answer, error2(IPoraMine.NothingToMine.selector, length, 1024));
    }

    // ---- places and data ---------------------------------------------------------------------------------------

    function test_APlaceThatWasNotDrawnIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        uint256 right = answer.recallPosition;
        uint256[6] memory wrong = [right + 16, right - 16, right + 1, right + 1024, 0, MAX];
        for (uint256 i = 0; i < wrong.length; ++i) {
            answer.recallPosition = wrong[i];
            refused(answer, error2(IPoraMine.WrongPosition.selector, wrong[i], right));
        }
        answer.recallPosition = right;
        mine.submit(answer);
    }

    /// Seal 64 of a load would be seal 0 of the next one: whoever could name it could choose his place.
    function test_ASealBeyondItsLoadIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        answer.sealOffset += 64;
        answer.recallPosition += 1024;
        refused(answer, error2(IPoraMine.SealOffsetOutOfRange.selector, answer.sealOffset, 64));
        answer.sealOffset = MAX;
        refused(answer, error2(IPoraMine.SealOffsetOutOfRange.selector, MAX, 64));
    }

    function test_AContextThatDidNotSealThePlaceIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        uint256 last = answer.recallPosition + 15;
        bytes32 second = flow.getEpochRangeHistory(1).digest;
        uint256 start = flow.getEpochRange(second).start;
        uint256 end = flow.getEpochRange(second).end;
        answer.sealedContextDigest = second;
        refused(answer, abi.encodeWithSelector(IPoraMine.WrongSealContext.selector, second, start, end, last));
        bytes32[3] memory none = [bytes32(0), keccak256(""), bytes32("no context")];
        for (uint256 i = 0; i < none.length; ++i) {
            answer.sealedContextDigest = none[i];
            refused(answer, abi.encodeWithSelector(IPoraMine.WrongSealContext.selector, none[i], 0, 0, last));
        }
    }

    function test_AWrongSealIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        answer.sealedData[77] ^= bytes32(uint256(1));
        vm.expectPartialRevert(IPoraMine.WrongRoot.selector);
        mine.submit(answer);
        vm.assertEq(mine.currentSubmissions(), 0);
        answer.sealedData[77] ^= bytes32(uint256(1));
        mine.submit(answer);
    }

    /// @dev A28: any bit of what is not part of the trial itself, whatever the difficulty.
    function testFuzz_A28_AnyBitOfTheSealOrThePath(uint256 where, uint8 bit) external {
        PoraAnswer memory answer = goodAnswer(0);
        where %= 128 + answer.merkleProof.length;
        bytes32 flip = bytes32(1 << bit);
        if (where < 128) answer.sealedData[where] ^= flip;
        else answer.merkleProof[where - 128] ^= flip;
        bytes32 before = stateOf(answer);
        vm.expectPartialRevert(IPoraMine.WrongRoot.selector);
        mine.submit(answer);
        vm.assertEq(stateOf(answer), before);
    }

    function test_APathOfAnotherDepthIsRefused() external {
        PoraAnswer memory answer = goodAnswer(0);
        bytes32[] memory path = answer.merkleProof;
        uint256 depth = path.length;
        uint256[4] memory lengths = [depth - 1, depth + 1, 0, 200];
        for (uint256 i = 0; i < lengths.length; ++i) {
            answer.merkleProof = new bytes32[](lengths[i]);
            for (uint256 j = 0; j < lengths[i] && j < depth; ++j) answer.merkleProof[j] = path[j];
            refused(answer, error2(MerklePath.PathLength.selector, lengths[i], depth));
        }
        answer.merkleProof = path;
        mine.submit(answer);
    }

    function test_A28_PaddingIsNotMined() external {
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = answerIn(work, minerId, 0, 1, 1, 9);
        refused(answer, error1(IPoraMine.EmptySeal.selector, 1024 + 9 * 16));
        // Leaf 0 is no sector: its seal cannot even be proved.
        answer = answerIn(work, minerId, 0, 0, 0, 0);
        vm.expectRevert();
        mine.submit(answer);
    }

    function test_ATicketThatIsNotLowEnoughIsRefused() external {
        PoraMine.Parameters memory p = parameters();
        (p.difficulty, p.minDifficulty) = (type(uint128).max, type(uint128).max);
        deployStorage(SECTORS_PER_PRICE);
        deployMine(p);
        resetLog();
        fillLog();
        minerId = newMiner(miner, 1);
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = goodAnswer(0);
        uint256 required = ((MAX / type(uint128).max) / (1 << 64)) << 64;
        refused(answer, error2(IPoraMine.QualityTooLow.selector, uint256(qualityOf(work, answer)), required));
    }

    // ---- beneficiaries -----------------------------------------------------------------------------------------

    /// @dev A24, A25: no code of a beneficiary runs when an answer is taken; what it does when it is paid hurts it alone.
    function test_A25_ANuisanceIsPaidLikeAnybody() external {
        vm.warp(block.timestamp + 1 days);
        for (uint256 kind = 0; kind < 3; ++kind) {
            address nuisance = address(new Nuisance(kind));
            vm.prank(kind == 0 ? miner : mine.beneficiaries(minerId));
            mine.transferBeneficial(nuisance, minerId);
            PoraAnswer memory answer = goodAnswer(kind << 100);
            uint256 before = gasleft();
            mine.submit(answer);
            vm.assertLe(before - gasleft(), 400_000);
            vm.assertGt(reward.payments(nuisance), 0);
            vm.assertEq(nuisance.balance, 0);
        }
        vm.assertEq(mine.currentSubmissions(), 3);
    }

    /// @dev A31: mining counts blocks, not seconds; and the pools take whatever time the chain says.
    function test_A31_NoClockDecidesAboutAnAnswer() external {
        uint256 now_ = block.timestamp;
        uint256[5] memory times = [now_, now_ + 12, now_ + 900, now_ + 900, 4_294_967_296];
        uint256 paid = 0;
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            mine.submit(goodAnswer(i << 100));
            vm.assertGe(reward.payments(miner), paid);
            paid = reward.payments(miner);
        }
        vm.assertEq(mine.currentSubmissions(), 5);
    }

    /// @dev A32: all fields at their ends at once.
    function test_A32_FieldsAtTheirEndsAreRefusedByName() external {
        PoraAnswer memory answer = goodAnswer(0);
        (answer.contextDigest, answer.nonce) = (bytes32(MAX), bytes32(MAX));
        answer.range = RecallRange(MAX, MAX, WHOLE, WHOLE);
        (answer.recallPosition, answer.sealOffset, answer.sealedContextDigest) = (MAX, MAX, bytes32(MAX));
        bytes32 current = flow.getContext().digest;
        refused(answer, abi.encodeWithSelector(IPoraMine.WrongContext.selector, bytes32(MAX), current));

        PoraAnswer memory none;
        refused(none, abi.encodeWithSelector(IPoraMine.UnknownMiner.selector, bytes32(0)));
        none.minerId = minerId;
        refused(none, abi.encodeWithSelector(IPoraMine.WrongContext.selector, bytes32(0), current));
        none.contextDigest = current;
        refused(none, error2(IPoraMine.TooManyShards.selector, 1 << 64, 32));
    }
}
