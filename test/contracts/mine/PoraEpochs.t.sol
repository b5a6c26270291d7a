// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../../contracts/Genesis.sol";
import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {Difficulty} from "../../../contracts/libraries/Difficulty.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {MineTest} from "./MineTest.sol";

/// @notice How the target moves from epoch to epoch, and what a deployment may fix.
contract PoraEpochsTest is MineTest {
    uint256 private constant MAX = type(uint256).max;

    // ---- targets -----------------------------------------------------------------------------------------------

    function test_TheTargetFollowsTheAnswersOfTheLastEpoch() external {
        _answers(2 * TARGET);
        uint256 target = mine.poraTarget();
        vm.assertEq(target, MAX);
        nextEpoch();
        uint256 expected = Difficulty.adjusted(MAX, 2 * TARGET, TARGET, 20, MAX);
        vm.assertLt(expected, MAX);
        vm.assertEq(openWindow(minerId).poraTarget, expected);
        // Only an answer writes it down.
        vm.assertEq(mine.poraTarget(), MAX);
        uint256 nonce = 1 << 200;
        while (!_submitted(nonce, expected)) ++nonce;
        vm.assertEq(mine.poraTarget(), expected);
        vm.assertEq(mine.currentSubmissions(), 1);
        vm.assertEq(mine.lastMinedEpoch(), flow.epoch());
    }

    /// @dev A21, A30: 10,000 epochs without anybody cost the next answer nothing, and their relief is a shift.
    function test_A21_TenThousandIdleEpochsAreOneStep() external {
        _deploy(1 << 100, 1);
        mine.computeWorkerContext(minerId);
        vm.roll(flow.firstBlock() + 10_000 * BLOCKS_PER_EPOCH + 1);
        flow.makeContext();
        WorkerContext memory work = openWindow(minerId);
        vm.assertEq(work.context.epoch, 10_000);
        vm.assertEq(work.poraTarget, MAX);
        PoraAnswer memory answer = goodAnswer(0);
        uint256 used = gasleft();
        mine.submit(answer);
        used -= gasleft();
        vm.assertLe(used, 400_000);
        vm.assertEq(mine.lastMinedEpoch(), 10_000);
    }

    /// @dev A30: a first difficulty that nobody can reach does not stop the network for ever.
    function test_A30_AnUnreachableStartRelaxes() external {
        _deploy(type(uint128).max, 1);
        uint256 first = flow.epoch();
        for (uint256 i = 0; i < 8; ++i) {
            WorkerContext memory work = openWindow(minerId);
            // Epochs before this one, the one of the deployment apart, had no answer.
            vm.assertEq(work.poraTarget, (MAX / type(uint128).max) << (first + i - 1));
            nextEpoch();
        }
        vm.roll(block.number + 128 * BLOCKS_PER_EPOCH);
        flow.makeContext();
        vm.assertEq(openWindow(minerId).poraTarget, MAX);
        vm.assertTrue(_submitted(0, MAX));
    }

    /// @dev A30: bursts up to the cap and silence in turn: the target stays within its bounds and is never 0.
    function testFuzz_A30_BurstsAndSilence(uint256[6] calldata steps) external {
        // The log stays empty: contexts are made all the same.
        PoraMine.Parameters memory p = parameters();
        (p.difficulty, p.minDifficulty) = (1000, 1000);
        deployStorage(SECTORS_PER_PRICE);
        deployMine(p);
        minerId = newMiner(miner, 1);
        uint256 bound_ = MAX / 1000;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 idle = steps[i] % 4 == 0 ? (steps[i] >> 8) % 300 : 0;
            vm.roll(block.number + idle * BLOCKS_PER_EPOCH);
            nextEpoch();
            uint256 before = mine.poraTarget();
            WorkerContext memory work = openWindow(minerId);
            vm.assertLe(work.poraTarget, bound_);
            vm.assertGe(work.poraTarget, before / 2 - (1 << 17));
            // The pools need not be asked: what counts here is the number of answers.
            uint256 answers = steps[i] % (2 * TARGET + 1);
            _pretend(flow.epoch(), answers, work.poraTarget);
            vm.assertEq(mine.canSubmit(), answers < 2 * TARGET);
        }
    }

    /// @dev Writes what `n` accepted answers would have left.
    function _pretend(uint256 epoch, uint256 n, uint256 target) private {
        if (n == 0) return;
        vm.store(address(mine), bytes32(uint256(0)), bytes32(target));
        vm.store(address(mine), bytes32(uint256(2)), bytes32((n << 128) | epoch));
        vm.assertEq(mine.poraTarget(), target);
        vm.assertEq(mine.lastMinedEpoch(), epoch);
        vm.assertEq(mine.currentSubmissions(), n);
    }

    // ---- deployments -------------------------------------------------------------------------------------------

    function test_A32_ParametersAtTheirEndsDeploy() external {
        PoraMine.Parameters memory p = parameters();
        (p.difficulty, p.minDifficulty) = (type(uint128).max, type(uint128).max);
        (p.targetSubmissions, p.difficultyAdjustRatio) = (1 << 15, 1 << 15);
        (p.maxMiningLength, p.maxShards) = (1 << 55, 32);
        (p.targetMineBlocks, p.nSubtasks, p.subtaskInterval) = (BLOCKS_PER_EPOCH - 2, 2, 1);
        _tryDeploy(p, "");
        p = PoraMine.Parameters(1, 1, 1, 1, 1, 1, 1, 1, 1024);
        _tryDeploy(p, "");
    }

    function test_A32_EveryParameterHasItsBounds() external {
        PoraMine.Parameters memory p = parameters();
        uint256 hardest = type(uint128).max;
        p.minDifficulty = 0;
        _tryDeploy(p, _outOfRange("minDifficulty", 0, 1, hardest));
        p.minDifficulty = MAX;
        _tryDeploy(p, _outOfRange("minDifficulty", MAX, 1, hardest));
        (p.difficulty, p.minDifficulty) = (4, 5);
        _tryDeploy(p, _outOfRange("difficulty", 4, 5, hardest));
        (p.difficulty, p.minDifficulty) = (hardest + 1, 1);
        _tryDeploy(p, _outOfRange("difficulty", hardest + 1, 1, hardest));

        p = parameters();
        p.targetMineBlocks = 0;
        _tryDeploy(p, _outOfRange("targetMineBlocks", 0, 1, 8191));
        p.targetMineBlocks = MAX;
        _tryDeploy(p, _outOfRange("targetMineBlocks", MAX, 1, 8191));
        p = parameters();
        p.targetSubmissions = 0;
        _tryDeploy(p, _outOfRange("targetSubmissions", 0, 1, 1 << 15));
        p.targetSubmissions = MAX;
        _tryDeploy(p, _outOfRange("targetSubmissions", MAX, 1, 1 << 15));
        p = parameters();
        p.difficultyAdjustRatio = 0;
        _tryDeploy(p, _outOfRange("difficultyAdjustRatio", 0, 1, 1 << 15));
        p.difficultyAdjustRatio = MAX;
        _tryDeploy(p, _outOfRange("difficultyAdjustRatio", MAX, 1, 1 << 15));
        p = parameters();
        p.maxShards = 0;
        _tryDeploy(p, _outOfRange("maxShards", 0, 1, 1024));
        p.maxShards = type(uint64).max;
        _tryDeploy(p, _outOfRange("maxShards", type(uint64).max, 1, 1024));
        p.maxShards = 3;
        _tryDeploy(p, abi.encodeWithSelector(IPoraMine.ParameterNotPowerOfTwo.selector, bytes32("maxShards"), 3));
        p.maxShards = 64;
        _tryDeploy(p, _notMultiple("sectorsPerPrice", SECTORS_PER_PRICE, 65_536));
    }

    function test_A32_LengthsAndWindowsHaveTheirBounds() external {
        PoraMine.Parameters memory p = parameters();
        p.maxMiningLength = 0;
        _tryDeploy(p, _outOfRange("maxMiningLength", 0, 1024, 1 << 55));
        p.maxMiningLength = MAX;
        _tryDeploy(p, _outOfRange("maxMiningLength", MAX, 1024, 1 << 55));
        p.maxMiningLength = 1025;
        _tryDeploy(p, _notMultiple("maxMiningLength", 1025, 1024));
        p = parameters();
        p.nSubtasks = 0;
        _tryDeploy(p, _outOfRange("nSubtasks", 0, 1, BLOCKS_PER_EPOCH));
        p.nSubtasks = MAX;
        _tryDeploy(p, _outOfRange("nSubtasks", MAX, 1, BLOCKS_PER_EPOCH));
        p = parameters();
        p.subtaskInterval = 0;
        _tryDeploy(p, _outOfRange("subtaskInterval", 0, 1, BLOCKS_PER_EPOCH));
        p.subtaskInterval = MAX;
        _tryDeploy(p, _outOfRange("subtaskInterval", MAX, 1, BLOCKS_PER_EPOCH));
        p.subtaskInterval = 40;
        _tryDeploy(p, error2(IPoraMine.WindowsExceedEpoch.selector, 60, BLOCKS_PER_EPOCH));
    }

    function test_PoolsOfAnotherMineAreRefused() external {
        vm.expectPartialRevert(IPoraMine.WrongPartner.selector);
        new PoraMine(address(flow), parameters());
    }

    function test_PartnersAndParametersAreReadBack() external view {
        vm.assertEq(mine.flow(), address(flow));
        vm.assertEq(mine.reward(), address(reward));
        vm.assertEq(mine.sectorsPerPrice(), SECTORS_PER_PRICE);
        PoraMine.Parameters memory p = parameters();
        vm.assertEq(mine.targetMineBlocks(), p.targetMineBlocks);
        vm.assertEq(mine.targetSubmissions(), p.targetSubmissions);
        vm.assertEq(mine.difficultyAdjustRatio(), p.difficultyAdjustRatio);
        vm.assertEq(mine.minDifficulty(), p.minDifficulty);
        vm.assertEq(mine.maxShards(), p.maxShards);
        vm.assertEq(mine.nSubtasks(), p.nSubtasks);
        vm.assertEq(mine.subtaskInterval(), p.subtaskInterval);
        vm.assertEq(mine.maxMiningLength(), p.maxMiningLength);
        vm.assertEq(mine.poraVersion(), 1);
        vm.assertEq(mine.poraTarget(), MAX / p.difficulty);
    }

    // ---- inside ------------------------------------------------------------------------------------------------

    function _answers(uint256 count) private {
        openWindow(minerId);
        for (uint256 i = 0; i < count; ++i) mine.submit(goodAnswer(i << 100));
        vm.assertEq(mine.currentSubmissions(), count);
    }

    /// @dev Sends the answer of a nonce if it is good enough.
    function _submitted(uint256 nonce, uint256 target) private returns (bool) {
        WorkerContext memory work = openWindow(minerId);
        PoraAnswer memory answer = goodAnswer(nonce);
        if (uint256(qualityOf(work, answer)) > (target >> 64) << 64) return false;
        mine.submit(answer);
        return true;
    }

    function _deploy(uint256 difficulty, uint256 minDifficulty) private {
        PoraMine.Parameters memory p = parameters();
        (p.difficulty, p.minDifficulty) = (difficulty, minDifficulty);
        deployStorage(SECTORS_PER_PRICE);
        deployMine(p);
        resetLog();
        fillLog();
        minerId = newMiner(miner, 1);
    }

    function _tryDeploy(PoraMine.Parameters memory p, bytes memory reason) private {
        Genesis.Parameters memory log = Genesis.Parameters(
            BLOCKS_PER_EPOCH,
            PRICE,
            admin,
            SECTORS_PER_PRICE,
            LIFETIME,
            0,
            0,
            address(0)
        );
        if (reason.length != 0) vm.expectRevert(reason);
        new Genesis(log, p);
    }

    function _outOfRange(bytes32 name, uint256 value, uint256 min, uint256 max) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPoraMine.ParameterOutOfRange.selector, name, value, min, max);
    }

    function _notMultiple(bytes32 name, uint256 value, uint256 unit) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPoraMine.ParameterNotMultiple.selector, name, value, unit);
    }
}
