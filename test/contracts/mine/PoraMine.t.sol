// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer, RecallRange, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {MineTest} from "./MineTest.sol";

/// @notice What is accepted, who is paid, and who owns an id.
contract PoraMineTest is MineTest {
    // ---- answers that are accepted -----------------------------------------------------------------------------

    function test_AnAnswerIsAcceptedAndItsMinerPaid() external {
        vm.warp(block.timestamp + 30 days);
        PoraAnswer memory answer = goodAnswer(0);
        uint256 claimable = reward.rewards(0).claimableReward;
        vm.assertGt(claimable, 0);

        vm.expectEmit(address(mine));
        emit IPoraMine.NewSubmission(flow.epoch(), minerId, 0, answer.recallPosition);
        mine.submit(answer);
        vm.assertEq(mine.currentSubmissions(), 1);
        vm.assertEq(mine.lastMinedEpoch(), flow.epoch());
        vm.assertEq(reward.payments(miner), claimable / 2);
    }

    /// Any ticket of any load with data, in whichever context it was sealed.
    function testFuzz_EveryTicketOfEveryLoad(uint256 nonce, uint256 offset) external {
        offset %= 64;
        PoraAnswer memory answer = answerIn(openWindow(minerId), minerId, nonce >> 8, 2, 5, offset);
        // Load 4 has one seal with data.
        if (answer.recallPosition > 4096 && answer.recallPosition < 5120) {
            refused(answer, error1(IPoraMine.EmptySeal.selector, answer.recallPosition));
            return;
        }
        mine.submit(answer);
        vm.assertEq(mine.currentSubmissions(), 1);
    }

    /// Its first sectors are in one context, its last one in the next: that one sealed it.
    function test_ASealAcrossTwoContextsBelongsToTheSecond() external {
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = answerIn(work, minerId, 0, 4, 4, 0);
        vm.assertEq(answer.recallPosition, 4096);
        bytes32 first = flow.queryContextAtPosition(4096).digest;
        vm.assertNotEq(first, answer.sealedContextDigest);
        vm.assertEq(answer.sealedContextDigest, flow.queryContextAtPosition(4111).digest);
        uint256 end = flow.getEpochRange(first).end;

        bytes32 second = answer.sealedContextDigest;
        answer.sealedContextDigest = first;
        // The quality knows nothing of contexts, so this fails on the context alone.
        refused(answer, abi.encodeWithSelector(IPoraMine.WrongSealContext.selector, first, 0, end, 4111));
        answer.sealedContextDigest = second;
        mine.submit(answer);
    }

    /// Four shards of the log: each trial draws loads of its own shard, and needs a ticket as much better as it holds less.
    function test_ShardsHaveATargetOfTheirOwn() external {
        WorkerContext memory work = openWindow(minerId);
        uint256 length = work.context.flowLength;
        uint256 required = (work.poraTarget / ((length << 64) / (length / 4))) << 64;
        uint256 accepted = 0;
        for (uint256 nonce = 0; nonce < 40; ++nonce) {
            RecallRange memory range = RecallRange(0, (length / 1024) * 1024, 2, WHOLE - 3);
            uint256 load = drawn(work, minerId, bytes32(nonce), range);
            vm.assertEq(load % 4, 2);
            if (load >= length / 1024) continue;
            PoraAnswer memory answer = answerOf(work, minerId, bytes32(nonce), range, 5);
            uint256 quality = uint256(qualityOf(work, answer));
            if (quality <= required) {
                mine.submit(answer);
                ++accepted;
            } else {
                refused(answer, error2(IPoraMine.QualityTooLow.selector, quality, required));
            }
        }
        vm.assertEq(mine.currentSubmissions(), accepted);
        vm.assertGe(accepted, 1);
    }

    /// A shard whose last load the log does not have draws it sometimes: such a trial is lost, and nothing else.
    function test_AShardBeyondTheLogIsALostTrial() external {
        WorkerContext memory work = openWindow(minerId);
        RecallRange memory range = RecallRange(0, (work.context.flowLength / 1024) * 1024, 3, WHOLE - 3);
        for (uint256 nonce = 0; ; ++nonce) {
            uint256 load = drawn(work, minerId, bytes32(nonce), range);
            if (load < range.mineLength / 1024) continue;
            vm.assertEq(load, 7);
            PoraAnswer memory answer = goodAnswer(0);
            (answer.range, answer.nonce) = (range, bytes32(nonce));
            refused(answer, error2(IPoraMine.RecallBeyondRange.selector, 7, 6));
            return;
        }
    }

    /// A range longer than 8 TiB (here 2 MiB) starts at any pricing chunk (1 MiB) that leaves it room.
    function test_LongLogsAreMinedInRanges() external {
        deployStorage(4096);
        PoraMine.Parameters memory p = parameters();
        (p.maxMiningLength, p.maxShards) = (1024, 4);
        _redeploy(p);
        WorkerContext memory work = openWindow(minerId);
        uint256 accepted = 0;
        for (uint256 nonce = 0; accepted < 2; ++nonce) {
            RecallRange memory range = RecallRange(4096, 2048, 0, WHOLE - 1);
            PoraAnswer memory answer = answerOf(work, minerId, bytes32(nonce), range, 0);
            vm.assertEq(answer.recallPosition, 4096);
            // Of a log of 6 loads an unsharded miner holds one, and one of two shards as much: the target is the same.
            mine.submit(answer);
            ++accepted;
        }
    }

    function test_A27_WhoeverSendsItTheMinerIsPaid() external {
        vm.warp(block.timestamp + 30 days);
        PoraAnswer memory answer = goodAnswer(0);
        address thief = actor("thief");
        vm.prank(thief);
        mine.submit(answer);
        vm.assertEq(reward.payments(thief), 0);
        vm.assertGt(reward.payments(miner), 0);
        // The miner's own transaction comes second and is refused: it was paid once.
        refused(answer, abi.encodeWithSelector(IPoraMine.AnswerTwice.selector, qualityOf(openWindow(minerId), answer)));
    }

    /// @dev A27: with an id of his own the thief has another pad, another place, and a seal that opens to noise.
    function test_A27_AnotherMinersSealIsWorthNothing() external {
        bytes32 thief = newMiner(actor("thief"), 2);
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = goodAnswer(0);
        PoraAnswer memory stolen = answerIn(openWindow(thief), thief, 0, 2, 3, 7);
        // The thief's own trial drew a place; the miner's seal of that very place is put in.
        stolen.sealedContextDigest = answer.sealedContextDigest;
        work = openWindow(thief);
        PoraAnswer memory own = answerIn(work, thief, uint256(stolen.nonce), 2, 3, 7);
        for (uint256 nonce = 0; own.recallPosition != answer.recallPosition; ++nonce) {
            own = answerIn(work, thief, nonce, 2, 3, 7);
        }
        own.sealedData = answer.sealedData;
        vm.expectPartialRevert(IPoraMine.WrongRoot.selector);
        mine.submit(own);
    }

    /// @dev A28: the same answer is refused for ever; another nonce draws another place.
    function test_A28_NoAnswerTwice() external {
        PoraAnswer memory answer = goodAnswer(0);
        mine.submit(answer);
        bytes32 quality = qualityOf(openWindow(minerId), answer);
        refused(answer, abi.encodeWithSelector(IPoraMine.AnswerTwice.selector, quality));

        // Nor after another one, nor by the last block of the window.
        mine.submit(goodAnswer(1 << 200));
        refused(answer, abi.encodeWithSelector(IPoraMine.AnswerTwice.selector, quality));
    }

    function test_A28_AnotherNonceAloneIsAnotherPlace() external {
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = goodAnswer(0);
        uint256 nonce = uint256(answer.nonce) + 1;
        while (drawn(work, minerId, bytes32(nonce), answer.range) == answer.recallPosition / 1024) ++nonce;
        answer.nonce = bytes32(nonce);
        uint256 other = drawn(work, minerId, bytes32(nonce), answer.range) * 1024 + 7 * 16;
        refused(answer, error2(IPoraMine.WrongPosition.selector, answer.recallPosition, other));
    }

    function test_AnEpochTakesTwiceTheTargetAndNoMore() external {
        openWindow(minerId);
        for (uint256 i = 0; i < 2 * TARGET; ++i) {
            vm.assertTrue(mine.canSubmit());
            vm.assertNotEq(mine.computeWorkerContext(minerId).poraTarget, 0);
            mine.submit(goodAnswer(i << 100));
        }
        vm.assertFalse(mine.canSubmit());
        WorkerContext memory work = mine.computeWorkerContext(minerId);
        vm.assertEq(work.poraTarget, 0);
        vm.assertNotEq(work.subtaskDigest, bytes32(0));
        refused(goodAnswer(77 << 100), error2(IPoraMine.EpochFull.selector, 2 * TARGET, 2 * TARGET));

        nextEpoch();
        vm.assertTrue(mine.canSubmit());
        mine.submit(goodAnswer(77 << 100));
        vm.assertEq(mine.currentSubmissions(), 1);
    }

    // ---- ids ---------------------------------------------------------------------------------------------------

    function test_AnIdIsRequestedOnceAndPaysWhomItNames() external {
        bytes32 id = keccak256(abi.encodePacked(blockhash(block.number - 1), alice, uint64(7)));
        vm.expectEmit(address(mine));
        emit IPoraMine.NewMinerId(id, bob);
        vm.prank(alice);
        mine.requestMinerId(bob, 7);
        vm.assertEq(mine.beneficiaries(id), bob);

        vm.expectRevert(abi.encodeWithSelector(IPoraMine.MinerIdTaken.selector, id, bob));
        vm.prank(alice);
        mine.requestMinerId(alice, 7);
        vm.assertEq(mine.beneficiaries(id), bob);

        vm.expectRevert(IPoraMine.NoBeneficiary.selector);
        mine.requestMinerId(address(0), 8);
    }

    function test_AnIdIsPassedOnByItsBeneficiaryAlone() external {
        vm.expectRevert(abi.encodeWithSelector(IPoraMine.NotBeneficiary.selector, minerId, address(this), miner));
        mine.transferBeneficial(bob, minerId);
        vm.expectRevert(
            abi.encodeWithSelector(IPoraMine.NotBeneficiary.selector, bytes32("x"), address(this), address(0))
        );
        mine.transferBeneficial(bob, "x");
        vm.expectRevert(IPoraMine.NoBeneficiary.selector);
        vm.prank(miner);
        mine.transferBeneficial(address(0), minerId);
        vm.assertEq(mine.beneficiaries(minerId), miner);

        PoraAnswer memory answer = goodAnswer(0);
        vm.expectEmit(address(mine));
        emit IPoraMine.UpdateMinerId(minerId, miner, bob);
        vm.prank(miner);
        mine.transferBeneficial(bob, minerId);
        vm.warp(block.timestamp + 1 days);
        mine.submit(answer);
        vm.assertGt(reward.payments(bob), 0);
        vm.assertEq(reward.payments(miner), 0);
    }

    function _redeploy(PoraMine.Parameters memory p) private {
        deployMine(p);
        resetLog();
        fillLog();
        minerId = newMiner(miner, 1);
    }
}
