// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer, RecallRange, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {Submission, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";
import {PlainPora} from "./PlainPora.sol";

/// @notice A log with data that tests know, the mining contract where Genesis expects it, a miner, and a builder of answers
/// by the plain rules.
///
///     loads 0, 1     empty: a gap before the first file
///     loads 2, 3     a file, sealed by the first context
///     load 4         its seal 0 holds a file of either context, the rest is a gap
///     load 5         a file, sealed by the second context
///
/// Sectors of files hold keccak256(sector, word), so that whoever knows a place knows its bytes.
abstract contract MineTest is StorageTest {
    uint256 internal constant WINDOW = 20;
    uint256 internal constant TARGET = 10;
    uint64 internal constant WHOLE = type(uint64).max;

    PoraMine internal mine;
    address internal miner;
    bytes32 internal minerId;

    /// @dev Sectors of the log that hold data, by start; and roots of all subtrees, by height.
    uint256[2][] private _files;
    bytes32[][] private _levels;

    function setUp() public virtual override {
        super.setUp();
        miner = actor("miner");
        deployMine(parameters());
        fillLog();
        minerId = newMiner(miner, 1);
    }

    /// @dev A difficulty of 1 accepts every ticket of an unsharded range: tests need not search.
    function parameters() internal pure returns (PoraMine.Parameters memory) {
        return
            PoraMine.Parameters({
                difficulty: 1,
                minDifficulty: 1,
                targetMineBlocks: WINDOW,
                targetSubmissions: TARGET,
                difficultyAdjustRatio: 20,
                maxShards: 32,
                nSubtasks: 2,
                subtaskInterval: 25,
                maxMiningLength: 1 << 35
            });
    }

    /// @dev A log and pools as the last ones, without entries, and this mining.
    function deployMine(PoraMine.Parameters memory p) internal {
        deployStorage(reward.sectorsPerPrice(), flow.blocksPerEpoch(), p);
        mine = genesis.mine();
    }

    function newMiner(address beneficiary, uint64 seed) internal returns (bytes32 id) {
        mine.requestMinerId(beneficiary, seed);
        id = keccak256(abi.encodePacked(blockhash(block.number - 1), address(this), seed));
    }

    // ---- the log -----------------------------------------------------------------------------------------------

    function fillLog() internal {
        _append(2048);
        _append(5);
        nextEpoch();
        _append(3);
        _append(1024);
        nextEpoch();
        _index();
    }

    /// @dev Before another log is filled.
    function resetLog() internal {
        delete _files;
    }

    /// @dev To the first block in which the context of the next epoch can be made, and makes it.
    function nextEpoch() internal {
        uint256 first = flow.firstBlock();
        uint256 epoch = (block.number - first) / BLOCKS_PER_EPOCH + 1;
        vm.roll(first + epoch * BLOCKS_PER_EPOCH + 1);
        flow.makeContext();
    }

    function _append(uint256 sectors) internal {
        (uint256 length, ) = flow.tree();
        uint256 height = 0;
        while (2 ** (height + 1) <= sectors) ++height;
        uint256 start = ((length + 2 ** height - 1) / 2 ** height) * 2 ** height;
        _files.push([start, sectors]);

        Submission memory entry;
        entry.submitter = alice;
        entry.data.length = sectors * 256;
        entry.data.nodes = new SubmissionNode[](popcount(sectors));
        uint256 end = start;
        for (uint256 i = 0; i < entry.data.nodes.length; ++i) {
            while ((sectors >> height) & 1 == 0) --height;
            entry.data.nodes[i] = SubmissionNode(_rootOf(end, height), height);
            end += 2 ** height;
            if (height != 0) --height;
        }
        vm.assertEq(submitAs(alice, entry), start);
    }

    function wordAt(uint256 sector, uint256 word) internal view returns (bytes32) {
        return _holdsData(sector) ? keccak256(abi.encode(sector, word)) : bytes32(0);
    }

    function dataAt(uint256 position) internal view returns (bytes32[128] memory data) {
        for (uint256 i = 0; i < 128; ++i) data[i] = wordAt(position + i / 8, i % 8);
    }

    function _holdsData(uint256 sector) private view returns (bool) {
        for (uint256 i = 0; i < _files.length; ++i) {
            if (sector >= _files[i][0] && sector < _files[i][0] + _files[i][1]) return true;
        }
        return false;
    }

    function _leaf(uint256 sector) private view returns (bytes32) {
        if (sector == 0) return bytes32(0);
        bytes32[8] memory words;
        for (uint256 i = 0; i < 8; ++i) words[i] = wordAt(sector, i);
        return keccak256(abi.encode(words));
    }

    function _rootOf(uint256 start, uint256 height) private view returns (bytes32) {
        if (height == 0) return _leaf(start);
        bytes32 left = _rootOf(start, height - 1);
        return keccak256(abi.encode(left, _rootOf(start + 2 ** (height - 1), height - 1)));
    }

    /// @dev All nodes from the level of seals up, so that paths need not hash the log again.
    function _index() internal {
        delete _levels;
        (uint256 length, ) = flow.tree();
        uint256 width = 16;
        while (width < length) width *= 2;
        _levels.push();
        for (uint256 start = 0; start < width; start += 16) _levels[0].push(_rootOf(start, 4));
        for (uint256 i = 0; _levels[i].length > 1; ++i) {
            _levels.push();
            for (uint256 j = 0; j < _levels[i].length; j += 2) {
                _levels[i + 1].push(keccak256(abi.encode(_levels[i][j], _levels[i][j + 1])));
            }
        }
        vm.assertEq(_levels[_levels.length - 1][0], flow.computeFlowRoot());
    }

    function pathOf(uint256 position) internal view returns (bytes32[] memory path) {
        path = new bytes32[](_levels.length - 1);
        uint256 index = position / 16;
        for (uint256 i = 0; i < path.length; ++i) path[i] = _levels[i][(index >> i) ^ 1];
    }

    // ---- answers -----------------------------------------------------------------------------------------------

    /// @dev Goes to where the miner's window of this epoch is open.
    function openWindow(bytes32 id) internal returns (WorkerContext memory work) {
        work = mine.computeWorkerContext(id);
        if (work.subtaskDigest != 0) return work;
        vm.roll(flow.getContext().mineStart + 25 + 1);
        work = mine.computeWorkerContext(id);
        vm.assertNotEq(work.subtaskDigest, bytes32(0));
    }

    function wholeRange(WorkerContext memory work) internal view returns (RecallRange memory) {
        uint256 length = (work.context.flowLength / 1024) * 1024;
        if (length > mine.maxMiningLength()) length = mine.maxMiningLength();
        return RecallRange(0, length, 0, WHOLE);
    }

    /// @dev The load that a trial draws, counted from the start of the range, or its first one beyond the range.
    function drawn(
        WorkerContext memory work,
        bytes32 id,
        bytes32 nonce,
        RecallRange memory range
    ) internal view returns (uint256) {
        (bytes32 seed0, bytes32 seed1) = PlainPora.padSeed(id, nonce, work.subtaskDigest, range);
        (, bytes32 recallSeed) = PlainPora.pad(seed0, seed1);
        uint256 load = uint256(recallSeed) % (range.mineLength / 1024);
        return (load & range.shardMask) | range.shardId;
    }

    /// @dev The answer of a trial with one of its 64 tickets, whether it is good enough or not.
    function answerOf(
        WorkerContext memory work,
        bytes32 id,
        bytes32 nonce,
        RecallRange memory range,
        uint256 sealOffset
    ) internal returns (PoraAnswer memory answer) {
        answer.contextDigest = work.context.digest;
        (answer.nonce, answer.minerId, answer.range, answer.sealOffset) = (nonce, id, range, sealOffset);
        answer.recallPosition = range.startPosition + drawn(work, id, nonce, range) * 1024 + sealOffset * 16;
        answer.sealedContextDigest = flow.queryContextAtPosition(uint128(answer.recallPosition + 15)).digest;
        answer.sealedData = PlainPora.seal(
            id,
            answer.sealedContextDigest,
            answer.recallPosition,
            dataAt(answer.recallPosition)
        );
        answer.merkleProof = pathOf(answer.recallPosition);
    }

    /// @dev An answer out of one of these loads, of the first nonce from `nonce` on that draws one.
    function answerIn(
        WorkerContext memory work,
        bytes32 id,
        uint256 nonce,
        uint256 firstLoad,
        uint256 lastLoad,
        uint256 sealOffset
    ) internal returns (PoraAnswer memory) {
        RecallRange memory range = wholeRange(work);
        uint256 load = drawn(work, id, bytes32(nonce), range);
        for (uint256 i = 0; load < firstLoad || load > lastLoad; ++i) {
            vm.assertLt(i, 200);
            load = drawn(work, id, bytes32(++nonce), range);
        }
        return answerOf(work, id, bytes32(nonce), range, sealOffset);
    }

    /// @dev A good answer: its load is full of data.
    function goodAnswer(uint256 nonce) internal returns (PoraAnswer memory) {
        return answerIn(openWindow(minerId), minerId, nonce, 2, 3, 7);
    }

    function qualityOf(WorkerContext memory work, PoraAnswer memory answer) internal view returns (bytes32 quality) {
        (bytes32 seed0, bytes32 seed1) = PlainPora.padSeed(
            answer.minerId,
            answer.nonce,
            work.subtaskDigest,
            answer.range
        );
        (quality, ) = PlainPora.blake2b(PlainPora.message(seed0, seed1, answer.sealOffset, answer.sealedData));
    }

    /// @dev Submits what must be refused with exactly this, and sees that nothing has changed.
    function refused(PoraAnswer memory answer, bytes memory reason) internal {
        bytes32 before = stateOf(answer);
        vm.expectRevert(reason);
        mine.submit(answer);
        vm.assertEq(stateOf(answer), before);
    }

    /// @dev All that an answer could change, here, in the log and in the pools.
    function stateOf(PoraAnswer memory answer) internal view returns (bytes32) {
        bytes memory own = abi.encode(
            mine.poraTarget(),
            mine.lastMinedEpoch(),
            mine.currentSubmissions(),
            mine.beneficiaries(answer.minerId)
        );
        (uint256 length, uint256 levels) = flow.tree();
        bytes memory log = abi.encode(flow.getContext(), length, levels, flow.epochStartPosition());
        bytes memory pools = abi.encode(
            reward.rewards(0),
            reward.payments(miner),
            reward.payments(mine.beneficiaries(answer.minerId)),
            reward.totalBaseReward(),
            address(reward).balance
        );
        return keccak256(bytes.concat(own, log, pools));
    }

    function error1(bytes4 selector, uint256 a) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a);
    }

    function error2(bytes4 selector, uint256 a, uint256 b) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b);
    }

    function error3(bytes4 selector, uint256 a, uint256 b, uint256 c) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b, c);
    }
}
