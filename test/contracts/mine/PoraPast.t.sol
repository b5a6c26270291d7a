// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../../../contracts/interfaces/IChunkLinearReward.sol";
import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {HistoryContract} from "../flow/FlowEpochs.t.sol";
import {MineTest} from "./MineTest.sol";

/// @notice Where EIP-2935 tells the hashes of the last 8191 blocks: a window may be as long, and an epoch is lost only when
/// nobody came for that long.
contract PoraPastTest is MineTest {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    uint256 private constant EPOCH = 10_000;
    uint256 private constant KNOWN = 8191;

    function setUp() public override {
        super.setUp();
        deployStorage(SECTORS_PER_PRICE, EPOCH);
        PoraMine.Parameters memory p = parameters();
        (p.targetMineBlocks, p.nSubtasks) = (KNOWN, 1);
        deployMine(p);
        vm.etch(HISTORY, address(new HistoryContract()).code);
        resetLog();
        _append(1024);
        minerId = newMiner(miner, 1);
    }

    /// @dev A22: the first and the last block in which the chain does not tell by itself what the window's first hash was.
    function test_A22_AWindowOf8191BlocksIsOpenToItsLast() external {
        uint256 start = _startOf(1);
        flow.makeContext();
        _index();
        PoraAnswer memory answer = answerIn(mine.computeWorkerContext(minerId), minerId, 0, 1, 1, 3);
        uint256[3] memory waits = [uint256(257), 1000, KNOWN];
        for (uint256 i = 0; i < waits.length; ++i) {
            uint256 state = vm.snapshotState();
            vm.roll(start + waits[i]);
            vm.assertEq(blockhash(start), bytes32(0));
            mine.submit(answer);
            vm.assertEq(mine.lastMinedEpoch(), 1);
            vm.revertToState(state);
        }
        vm.roll(start + KNOWN + 1);
        refused(answer, error3(IPoraMine.OutsideWindow.selector, start + KNOWN + 1, start + 1, start + KNOWN));
    }

    /// @dev A22: nobody came for 8192 blocks after the boundary. The epoch has no mining; the next one seals and mines what
    /// this one would have.
    function test_A22_AnEpochThatNobodyMadeForSoLongIsLostAndTheNextIsNot() external {
        uint256 start = _startOf(1);
        uint256 state = vm.snapshotState();
        vm.roll(start + KNOWN);
        vm.assertTrue(mine.canSubmit());
        vm.revertToState(state);

        vm.roll(start + KNOWN + 1);
        PoraAnswer memory answer;
        answer.minerId = minerId;
        refused(answer, error1(IPoraMine.NoMining.selector, 1));
        flow.makeContext();
        vm.assertFalse(mine.canSubmit());
        vm.assertEq(mine.computeWorkerContext(minerId).poraTarget, 0);

        _startOf(2);
        flow.makeContext();
        _index();
        WorkerContext memory work = mine.computeWorkerContext(minerId);
        vm.assertEq(work.context.epoch, 2);
        mine.submit(answerIn(work, minerId, 0, 1, 1, 3));
        vm.assertEq(mine.lastMinedEpoch(), 2);
    }

    /// @dev To the block after an epoch's first, whose hash is the same wherever it is asked.
    function _startOf(uint256 epoch) private returns (uint256 start) {
        start = flow.firstBlock() + epoch * EPOCH;
        vm.roll(start + 1);
        vm.setBlockhash(start, keccak256(abi.encode("history", start)));
    }
}

/// @notice A beneficiary that mines and withdraws while it is being paid.
contract MinerInside {
    IPoraMine private immutable _mine;
    IChunkLinearReward private immutable _reward;
    bytes[] private _answers;
    bool[] public accepted;

    constructor(IPoraMine mine, IChunkLinearReward reward) {
        (_mine, _reward) = (mine, reward);
    }

    function plan(PoraAnswer calldata answer) external {
        _answers.push(abi.encodeCall(IPoraMine.submit, (answer)));
    }

    receive() external payable {
        while (accepted.length < _answers.length) {
            bytes memory data = _answers[accepted.length];
            accepted.push();
            (bool success, ) = address(_mine).call(data);
            accepted[accepted.length - 1] = success;
            // What it has just earned is its own; what it is being paid must be gone already.
            if (success) _reward.withdrawPayments(payable(address(this)));
        }
    }
}

contract PoraReentrancyTest is MineTest {
    /// @dev A24: what is paid is what was earned, answer by answer, in whichever call.
    function test_A24_AnAnswerWithinAPaymentIsTakenAndPaidOnce() external {
        vm.warp(block.timestamp + 30 days);
        MinerInside inside = new MinerInside(mine, reward);
        vm.prank(miner);
        mine.transferBeneficial(address(inside), minerId);
        PoraAnswer memory first = goodAnswer(0);
        inside.plan(first);
        inside.plan(goodAnswer(1 << 200));

        uint256 claimable = reward.rewards(0).claimableReward;
        uint256 half = claimable / 2;
        uint256 quarter = (claimable - half) / 2;
        uint256 held = address(reward).balance;
        mine.submit(first);
        vm.assertEq(reward.payments(address(inside)), half);

        reward.withdrawPayments(payable(address(inside)));
        vm.assertFalse(inside.accepted(0));
        vm.assertTrue(inside.accepted(1));
        vm.assertEq(mine.currentSubmissions(), 2);
        vm.assertEq(address(inside).balance, half + quarter);
        vm.assertEq(reward.payments(address(inside)), 0);
        vm.assertEq(address(reward).balance, held - half - quarter);
        vm.assertEq(uint256(reward.rewards(0).distributedReward), half + quarter);
    }
}
