// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {Blake2b} from "../../../contracts/libraries/Blake2b.sol";
import {Difficulty} from "../../../contracts/libraries/Difficulty.sol";
import {RecallRangeLib} from "../../../contracts/libraries/RecallRangeLib.sol";
import {ScratchPad} from "../../../contracts/libraries/ScratchPad.sol";
import {SealLib} from "../../../contracts/libraries/SealLib.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {MineContext} from "../../../contracts/types/MineContext.sol";
import {PoraAnswer, RecallRange, WorkerContext} from "../../../contracts/types/PoraAnswer.sol";
import {Submission, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";
import {PlainPora} from "./PlainPora.sol";

contract LibraryCaller {
    function unsealedRoot(
        bytes32 minerId,
        bytes32 context,
        uint256 position,
        bytes32[128] calldata sealedData
    ) external pure returns (bytes32) {
        return SealLib.unsealedRoot(minerId, context, position, sealedData);
    }

    function recallSeed(bytes32 seed0, bytes32 seed1, bytes32[128] calldata any) external pure returns (bytes32 seed) {
        (, seed) = ScratchPad.mix(seed0, seed1, 0, any);
    }

    function digest(RecallRange calldata range) external pure returns (bytes32) {
        return RecallRangeLib.digest(range);
    }

    function recall(RecallRange calldata range, bytes32 seed) external pure returns (uint256) {
        return RecallRangeLib.recall(range, seed);
    }

    function scaled(
        RecallRange calldata range,
        uint256 target,
        uint256 flow,
        uint256 max
    ) external pure returns (uint256) {
        return RecallRangeLib.scaled(range, target, flow, max);
    }
}

/// @notice What protocol/pora.ts and its neighbours computed: test/vectors/pora.json. The log of the vectors is built here
/// in a real Flow, and the answers that were found there are sent.
contract PoraVectorsTest is StorageTest {
    LibraryCaller private caller = new LibraryCaller();
    PoraMine private mine;
    string private json;
    bytes32 private minerId;
    /// @dev The answers as calldata: they are read from the file once.
    bytes[] private _calls;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors/pora.json");
        _buildLog();
        for (uint256 i = 0; i < 4; ++i) {
            _calls.push(abi.encodeCall(IPoraMine.submit, (_answer(_item(".mining.answers", i)))));
        }
    }

    // ---- the pieces --------------------------------------------------------------------------------------------

    function test_Blake2b() external view {
        uint256 i = 0;
        for (; _exists(_item(".blake2b", i)); ++i) {
            bytes memory data = vm.parseJsonBytes(json, string.concat(_item(".blake2b", i), ".data"));
            (bytes32 first, bytes32 second) = Blake2b.hash(data);
            bytes32[] memory digest = vm.parseJsonBytes32Array(json, string.concat(_item(".blake2b", i), ".digest"));
            vm.assertEq(first, digest[0]);
            vm.assertEq(second, digest[1]);
        }
        vm.assertEq(i, 10);
    }

    function test_Pads() external view {
        for (uint256 i = 0; i < 2; ++i) {
            bytes32[] memory seed = vm.parseJsonBytes32Array(json, string.concat(_item(".pads", i), ".seed"));
            (bytes32[512] memory pad, bytes32 recallSeed) = PlainPora.pad(seed[0], seed[1]);
            vm.assertEq(keccak256(abi.encode(pad)), _word(_item(".pads", i), ".padHash"));
            vm.assertEq(recallSeed, _word(_item(".pads", i), ".recallSeed"));
            bytes32[128] memory any;
            vm.assertEq(caller.recallSeed(seed[0], seed[1], any), recallSeed);
        }
    }

    function test_Seals() external view {
        for (uint256 i = 0; i < 3; ++i) {
            string memory item = _item(".seals", i);
            bytes32 id = _word(item, ".minerId");
            bytes32 context = _word(item, ".contextDigest");
            uint256 position = _uint(item, ".position");
            bytes32[128] memory sealedData = _words128(item, ".sealed");
            vm.assertEq(caller.unsealedRoot(id, context, position, sealedData), _word(item, ".root"));
            bytes32[128] memory plain = PlainPora.seal(id, context, position, _words128(item, ".data"));
            vm.assertEq(keccak256(abi.encode(plain)), keccak256(abi.encode(sealedData)));
        }
    }

    function test_Ranges() external {
        uint256 i = 0;
        for (; _exists(_item(".ranges", i)); ++i) {
            string memory item = _item(".ranges", i);
            RecallRange memory range = _range(item);
            vm.assertEq(RecallRangeLib.shardsOf(range.shardMask), _uint(item, ".shards"));
            vm.assertEq(caller.digest(range), _word(item, ".digest"));
            uint256 scaled = caller.scaled(
                range,
                uint256(_word(item, ".target")),
                _uint(item, ".flowLength"),
                _uint(item, ".maxMiningLength")
            );
            vm.assertEq(scaled, uint256(_word(item, ".scaled")));
            for (uint256 j = 0; j < 4; ++j) {
                string memory recall = _item(string.concat(item, ".recalls"), j);
                bytes32 seed = _word(recall, ".seed");
                bool lost = bytes(vm.parseJsonString(json, string.concat(recall, ".position"))).length == 0;
                if (lost) vm.expectPartialRevert(IPoraMine.RecallBeyondRange.selector);
                uint256 position = caller.recall(range, seed);
                if (!lost)
                    vm.assertEq(vm.toString(position), vm.parseJsonString(json, string.concat(recall, ".position")));
            }
        }
        vm.assertEq(i, 8);
    }

    function test_Difficulties() external view {
        uint256 i = 0;
        for (; _exists(_item(".difficulties", i)); ++i) {
            string memory item = _item(".difficulties", i);
            (uint256 target, uint256 maxTarget) = (uint256(_word(item, ".target")), uint256(_word(item, ".maxTarget")));
            uint256 adjusted = Difficulty.adjusted(
                target,
                _uint(item, ".answers"),
                _uint(item, ".wanted"),
                _uint(item, ".ratio"),
                maxTarget
            );
            vm.assertEq(adjusted, uint256(_word(item, ".adjusted")));
            uint256 relieved = Difficulty.relieved(target, _uint(item, ".epochs"), maxTarget);
            vm.assertEq(relieved, uint256(_word(item, ".relieved")));
        }
        vm.assertEq(i, 32);
    }

    // ---- the answers -------------------------------------------------------------------------------------------

    function test_AnswersOfTheTwinAreAccepted() external {
        uint256 i = 0;
        for (; _exists(_item(".mining.answers", i)); ++i) {
            PoraAnswer memory answer = _answer(_item(".mining.answers", i));
            vm.expectEmit(address(mine));
            emit IPoraMine.NewSubmission(2, minerId, i, answer.recallPosition);
            mine.submit(answer);
        }
        vm.assertEq(i, 4);
        vm.assertEq(mine.currentSubmissions(), 4);
    }

    /// The plain rules give the same qualities and targets that the twin found.
    function test_QualitiesAreThoseOfTheTwin() external {
        WorkerContext memory work = mine.computeWorkerContext(minerId);
        for (uint256 i = 0; i < 4; ++i) {
            string memory item = _item(".mining.answers", i);
            PoraAnswer memory answer = _answer(item);
            (bytes32 seed0, bytes32 seed1) = PlainPora.padSeed(minerId, answer.nonce, work.subtaskDigest, answer.range);
            bytes memory message = PlainPora.message(seed0, seed1, answer.sealOffset, answer.sealedData);
            (bytes32 quality, ) = PlainPora.blake2b(message);
            vm.assertEq(quality, _word(item, ".quality"));
            uint256 scaled = caller.scaled(answer.range, work.poraTarget, work.context.flowLength, 1 << 35);
            vm.assertEq(scaled, uint256(_word(item, ".target")));
        }
    }

    /// @dev A28: padding is proved by its path like any data; it is refused all the same.
    function test_A28_AnEmptySealIsRefused() external {
        PoraAnswer memory answer = _answer(".mining.empty");
        vm.expectRevert(abi.encodeWithSelector(IPoraMine.EmptySeal.selector, answer.recallPosition));
        mine.submit(answer);
    }

    /// One bit wrong anywhere in the calldata of an answer, and it is refused: every byte of it is looked at.
    function test_A28_EveryBytesWrongBitIsRefused() external {
        bytes memory good = _calls[3];
        for (uint256 i = 4; i < good.length; ++i) _refusedWithBit(good, i * 8 + ((i * 5) % 8));
        _call(good, true);
    }

    function testFuzz_A28_OneWrongBitIsRefused(uint256 which, uint256 bit) external {
        bytes memory good = _calls[which % 4];
        _refusedWithBit(good, 32 + (bit % ((good.length - 4) * 8)));
        _call(good, true);
    }

    /// All bits but those of the seal, whose bytes the test above samples.
    function test_A28_EveryBitOfTheFieldsIsChecked() external {
        bytes memory good = _calls[0];
        uint256 sealStart = 4 + 32 * 11;
        for (uint256 i = 4 * 8; i < good.length * 8; ++i) {
            if (i == sealStart * 8) i += 4096 * 8;
            _refusedWithBit(good, i);
        }
        _call(good, true);
    }

    function _refusedWithBit(bytes memory data, uint256 bit) private {
        bytes1 mask = bytes1(uint8(1 << (bit % 8)));
        data[bit / 8] ^= mask;
        _call(data, false);
        data[bit / 8] ^= mask;
    }

    function _call(bytes memory data, bool expected) private {
        (bool accepted, ) = address(mine).call(data);
        vm.assertEq(accepted, expected);
        vm.assertEq(mine.currentSubmissions(), expected ? 1 : 0);
    }

    // ---- building ----------------------------------------------------------------------------------------------

    /// @dev The log, contexts and miner of the vectors; each is compared with what they say.
    function _buildLog() private {
        string memory rules = ".mining.rules";
        vm.assertEq(flow.firstBlock(), _uint(rules, ".firstBlock"));
        vm.assertEq(flow.blocksPerEpoch(), _uint(rules, ".blocksPerEpoch"));
        vm.assertEq(reward.sectorsPerPrice(), _uint(rules, ".sectorsPerPrice"));
        _deployMine(rules);

        uint256 file = 0;
        for (uint256 epoch = 0; epoch < 2; ++epoch) {
            while (_exists(_item(".mining.files", file)) && _uint(_item(".mining.files", file), ".epoch") == epoch) {
                _append(_item(".mining.files", file++));
            }
            MineContext memory expected = _context(_item(".mining.contexts", epoch));
            vm.roll(expected.mineStart + 1);
            vm.setBlockhash(expected.mineStart, expected.blockDigest);
            vm.assertEq(abi.encode(flow.makeContextWithResult()), abi.encode(expected));
        }
        vm.assertEq(file, 4);
        _openWindow();
    }

    function _deployMine(string memory rules) private {
        deployStorage(
            SECTORS_PER_PRICE,
            BLOCKS_PER_EPOCH,
            PoraMine.Parameters({
                difficulty: _uint(rules, ".difficulty"),
                minDifficulty: _uint(rules, ".difficulty"),
                targetMineBlocks: 20,
                targetSubmissions: 10,
                difficultyAdjustRatio: 20,
                maxShards: 32,
                nSubtasks: _uint(rules, ".subtasks"),
                subtaskInterval: _uint(rules, ".subtaskInterval"),
                maxMiningLength: _uint(rules, ".maxMiningLength")
            })
        );
        mine = genesis.mine();
    }

    function _openWindow() private {
        uint256 requestBlock = _uint(".mining.miner", ".requestBlock");
        vm.roll(requestBlock);
        vm.prank(vm.parseJsonAddress(json, ".mining.miner.sender"));
        mine.requestMinerId(bob, uint64(_uint(".mining.miner", ".seed")));
        minerId = _word(".mining.miner", ".minerId");
        vm.assertEq(mine.beneficiaries(minerId), bob);

        uint256 start = _uint(".mining.subtask", ".start");
        vm.roll(start + 1);
        vm.setBlockhash(start, _hashOf(start));
        WorkerContext memory work = mine.computeWorkerContext(minerId);
        vm.assertEq(work.subtaskDigest, _word(".mining.subtask", ".digest"));
        vm.assertEq(work.poraTarget, uint256(_word(".mining", ".target")));
    }

    function _hashOf(uint256 number) private view returns (bytes32) {
        for (uint256 i = 0; ; ++i) {
            string memory item = _item(".mining.blocks", i);
            if (_uint(item, ".number") == number) return _word(item, ".hash");
        }
        return 0;
    }

    function _append(string memory item) private {
        Submission memory entry;
        entry.submitter = alice;
        entry.data.length = _uint(item, ".length");
        uint256 count = 0;
        while (_exists(_item(string.concat(item, ".nodes"), count))) ++count;
        entry.data.nodes = new SubmissionNode[](count);
        for (uint256 i = 0; i < count; ++i) {
            string memory node = _item(string.concat(item, ".nodes"), i);
            entry.data.nodes[i] = SubmissionNode(_word(node, ".root"), _uint(node, ".height"));
        }
        vm.assertEq(submitAs(alice, entry), _uint(item, ".start"));
    }

    function _context(string memory item) private view returns (MineContext memory) {
        return
            MineContext({
                epoch: _uint(item, ".epoch"),
                mineStart: _uint(item, ".mineStart"),
                flowRoot: _word(item, ".flowRoot"),
                flowLength: _uint(item, ".flowLength"),
                blockDigest: _word(item, ".blockHash"),
                digest: _word(item, ".digest")
            });
    }

    function _answer(string memory item) private view returns (PoraAnswer memory answer) {
        item = string.concat(item, ".answer");
        answer.contextDigest = _word(item, ".contextDigest");
        answer.nonce = _word(item, ".nonce");
        answer.minerId = _word(item, ".minerId");
        answer.range = _range(string.concat(item, ".range"));
        answer.recallPosition = _uint(item, ".recallPosition");
        answer.sealOffset = _uint(item, ".sealOffset");
        answer.sealedContextDigest = _word(item, ".sealedContextDigest");
        answer.sealedData = _words128(item, ".sealedData");
        answer.merkleProof = vm.parseJsonBytes32Array(json, string.concat(item, ".merkleProof"));
    }

    function _range(string memory item) private view returns (RecallRange memory) {
        return
            RecallRange({
                startPosition: _uint(item, ".startPosition"),
                mineLength: _uint(item, ".mineLength"),
                shardId: uint64(uint256(_word(item, ".shardId"))),
                shardMask: uint64(uint256(_word(item, ".shardMask")))
            });
    }

    function _words128(string memory item, string memory key) private view returns (bytes32[128] memory words) {
        bytes32[] memory list = vm.parseJsonBytes32Array(json, string.concat(item, key));
        vm.assertEq(list.length, 128);
        for (uint256 i = 0; i < 128; ++i) words[i] = list[i];
    }

    function _word(string memory item, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(item, key));
    }

    function _uint(string memory item, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(item, key));
    }

    function _item(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]");
    }

    function _exists(string memory key) private view returns (bool) {
        return vm.keyExistsJson(json, key);
    }
}
