// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../interfaces/IChunkLinearReward.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";
import {IFlow} from "../interfaces/IFlow.sol";
import {IPoraMine} from "../interfaces/IPoraMine.sol";
import {Blake2b} from "../libraries/Blake2b.sol";
import {BlockHash} from "../libraries/BlockHash.sol";
import {Difficulty} from "../libraries/Difficulty.sol";
import {MerklePath} from "../libraries/MerklePath.sol";
import {RecallRangeLib} from "../libraries/RecallRangeLib.sol";
import {ScratchPad} from "../libraries/ScratchPad.sol";
import {SealLib} from "../libraries/SealLib.sol";
import {ZeroHashes} from "../libraries/ZeroHashes.sol";
import {EpochRange, MineContext} from "../types/MineContext.sol";
import {PoraAnswer, RecallRange, WorkerContext} from "../types/PoraAnswer.sol";

/// @dev See {IPoraMine}. An answer is checked from what costs least to what costs most; what it changes is written after
/// the last check, and the pools are called last. They hold what they pay until it is fetched: no miner's code runs here.
contract PoraMine is IPoraMine {
    using RecallRangeLib for RecallRange;

    /// @param difficulty Trials, one ticket each, that the first answer takes on average; 1 accepts every ticket.
    /// @param minDifficulty To where epochs without an answer can bring it.
    /// @param targetMineBlocks Blocks of a subtask's window.
    /// @param targetSubmissions Answers wanted in an epoch.
    /// @param difficultyAdjustRatio An epoch moves the target by one part in this many.
    /// @param maxShards Shards that a range may have.
    /// @param nSubtasks Subtasks of an epoch.
    /// @param subtaskInterval Blocks from the start of a subtask to that of the next.
    /// @param maxMiningLength Sectors of an unsharded range.
    struct Parameters {
        uint256 difficulty;
        uint256 minDifficulty;
        uint256 targetMineBlocks;
        uint256 targetSubmissions;
        uint256 difficultyAdjustRatio;
        uint64 maxShards;
        uint256 nSubtasks;
        uint256 subtaskInterval;
        uint256 maxMiningLength;
    }

    /// @dev One word. `target` is stored apart: it needs all its bits.
    struct Epoch {
        uint128 number;
        uint128 answers;
    }

    /// @dev Digest of an epoch without mining: keccak256("").
    bytes32 private constant NO_MINING = keccak256("");
    uint256 private constant SEALS_PER_LOAD = RecallRangeLib.SECTORS_PER_LOAD / SealLib.SECTORS;
    /// @dev 16 sectors.
    uint256 private constant SEAL_LEVEL = 4;
    /// @dev Blocks whose hashes EIP-2935 keeps.
    uint256 private constant KNOWN_BLOCKS = 8191;
    /// @dev `targetSubmissions` and `difficultyAdjustRatio` together stay within the 16 bits that {Difficulty} has to
    /// spare.
    uint256 private constant MAX_RATIO = 1 << 15;
    /// @dev So many that the shortest minable log still has a sector in each.
    uint256 private constant MAX_SHARDS = RecallRangeLib.SECTORS_PER_LOAD;
    /// @dev The longest log (2^55 sectors), so that a length times 2^64 or times the shards fits.
    uint256 private constant MAX_LENGTH = 1 << 55;

    /// @inheritdoc IPoraMine
    address public immutable flow;
    /// @inheritdoc IPoraMine
    address public immutable reward;
    /// @inheritdoc IPoraMine
    uint256 public immutable sectorsPerPrice;
    /// @inheritdoc IPoraMine
    uint256 public immutable minDifficulty;
    /// @inheritdoc IPoraMine
    uint256 public immutable targetMineBlocks;
    /// @inheritdoc IPoraMine
    uint256 public immutable targetSubmissions;
    /// @inheritdoc IPoraMine
    uint256 public immutable difficultyAdjustRatio;
    /// @inheritdoc IPoraMine
    uint64 public immutable maxShards;
    /// @inheritdoc IPoraMine
    uint256 public immutable nSubtasks;
    /// @inheritdoc IPoraMine
    uint256 public immutable subtaskInterval;
    /// @inheritdoc IPoraMine
    uint256 public immutable maxMiningLength;

    /// @inheritdoc IPoraMine
    uint256 public poraTarget;
    /// @inheritdoc IPoraMine
    mapping(bytes32 minerId => address beneficiary) public beneficiaries;

    Epoch private _last;
    mapping(bytes32 quality => bool accepted) private _accepted;

    constructor(address flow_, Parameters memory p) {
        address reward_ = IFixedPrice(IFlow(flow_).market()).reward();
        address partner = IChunkLinearReward(reward_).mine();
        if (partner != address(this)) revert WrongPartner(reward_, address(this), partner);
        uint256 chunk = IChunkLinearReward(reward_).sectorsPerPrice();

        _within("minDifficulty", p.minDifficulty, 1, type(uint256).max / Difficulty.MIN_TARGET);
        _within("difficulty", p.difficulty, p.minDifficulty, type(uint256).max / Difficulty.MIN_TARGET);
        _within("targetMineBlocks", p.targetMineBlocks, 1, KNOWN_BLOCKS);
        _within("targetSubmissions", p.targetSubmissions, 1, MAX_RATIO);
        _within("difficultyAdjustRatio", p.difficultyAdjustRatio, 1, MAX_RATIO);
        _within("maxShards", p.maxShards, 1, MAX_SHARDS);
        if (p.maxShards & (p.maxShards - 1) != 0) revert ParameterNotPowerOfTwo("maxShards", p.maxShards);
        _within("maxMiningLength", p.maxMiningLength, RecallRangeLib.SECTORS_PER_LOAD, MAX_LENGTH);
        _multiple("maxMiningLength", p.maxMiningLength, RecallRangeLib.SECTORS_PER_LOAD);
        // Whole rounds of shards, so that a load is in the same shard whichever chunk the range starts at.
        _multiple("sectorsPerPrice", chunk, RecallRangeLib.SECTORS_PER_LOAD * p.maxShards);
        uint256 epochBlocks = IFlow(flow_).blocksPerEpoch();
        _within("nSubtasks", p.nSubtasks, 1, epochBlocks);
        _within("subtaskInterval", p.subtaskInterval, 1, epochBlocks);
        uint256 windowsEnd = (p.nSubtasks - 1) * p.subtaskInterval + p.targetMineBlocks;
        if (windowsEnd >= epochBlocks) revert WindowsExceedEpoch(windowsEnd, epochBlocks);

        flow = flow_;
        reward = reward_;
        sectorsPerPrice = chunk;
        minDifficulty = p.minDifficulty;
        targetMineBlocks = p.targetMineBlocks;
        targetSubmissions = p.targetSubmissions;
        difficultyAdjustRatio = p.difficultyAdjustRatio;
        maxShards = p.maxShards;
        nSubtasks = p.nSubtasks;
        subtaskInterval = p.subtaskInterval;
        maxMiningLength = p.maxMiningLength;
        poraTarget = type(uint256).max / p.difficulty;
        _last = Epoch({number: uint128(IFlow(flow_).epoch()), answers: 0});

        // A chain without the precompile must not get a contract that can never pay.
        Blake2b.hash("");
    }

    // ---- miner ids -----------------------------------------------------------------------------------------------

    /// @inheritdoc IPoraMine
    function requestMinerId(address beneficiary, uint64 seed) external {
        if (beneficiary == address(0)) revert NoBeneficiary();
        bytes32 minerId = keccak256(abi.encodePacked(blockhash(block.number - 1), msg.sender, seed));
        address holder = beneficiaries[minerId];
        if (holder != address(0)) revert MinerIdTaken(minerId, holder);
        beneficiaries[minerId] = beneficiary;
        emit NewMinerId(minerId, beneficiary);
    }

    /// @inheritdoc IPoraMine
    function transferBeneficial(address to, bytes32 minerId) external {
        if (to == address(0)) revert NoBeneficiary();
        address holder = beneficiaries[minerId];
        if (holder != msg.sender) revert NotBeneficiary(minerId, msg.sender, holder);
        beneficiaries[minerId] = to;
        emit UpdateMinerId(minerId, msg.sender, to);
    }

    // ---- mining --------------------------------------------------------------------------------------------------

    /// @inheritdoc IPoraMine
    function submit(PoraAnswer calldata answer) external {
        address beneficiary = _beneficiaryOf(answer.minerId);
        MineContext memory context = IFlow(flow).makeContextWithResult();
        if (context.digest == NO_MINING) revert NoMining(context.epoch);
        if (answer.contextDigest != context.digest) revert WrongContext(answer.contextDigest, context.digest);
        (uint256 target, uint256 answers) = _stateIn(context.epoch);
        if (answers >= 2 * targetSubmissions) revert EpochFull(answers, 2 * targetSubmissions);

        answer.range.check(context.flowLength, sectorsPerPrice, maxMiningLength, maxShards);
        bytes32 quality = _quality(answer, _subtask(context, answer.minerId));
        uint256 required = answer.range.scaled(target, context.flowLength, maxMiningLength);
        if (uint256(quality) > required) revert QualityTooLow(uint256(quality), required);
        if (_accepted[quality]) revert AnswerTwice(quality);
        _checkData(answer, context);

        if (context.epoch != _last.number) poraTarget = target;
        _last = Epoch({number: uint128(context.epoch), answers: uint128(answers + 1)});
        _accepted[quality] = true;
        emit NewSubmission(context.epoch, answer.minerId, answers, answer.recallPosition);

        uint256 chunk = answer.recallPosition / sectorsPerPrice;
        IChunkLinearReward(reward).claimMineReward(chunk, payable(beneficiary), answer.minerId);
    }

    /// @inheritdoc IPoraMine
    function computeWorkerContext(bytes32 minerId) external returns (WorkerContext memory answer) {
        _beneficiaryOf(minerId);
        answer.context = IFlow(flow).makeContextWithResult();
        answer.maxShards = maxShards;

        uint256 start = _windowStart(answer.context, minerId);
        if (answer.context.digest == NO_MINING || !_inWindow(start)) return answer;
        bytes32 startHash = BlockHash.get(start);
        if (startHash == 0) return answer;
        answer.subtaskDigest = keccak256(abi.encode(answer.context.digest, startHash));
        (uint256 target, uint256 answers) = _stateIn(answer.context.epoch);
        if (answers < 2 * targetSubmissions) answer.poraTarget = target;
    }

    /// @inheritdoc IPoraMine
    function canSubmit() external returns (bool) {
        MineContext memory context = IFlow(flow).makeContextWithResult();
        (, uint256 answers) = _stateIn(context.epoch);
        return context.digest != NO_MINING && answers < 2 * targetSubmissions;
    }

    /// @inheritdoc IPoraMine
    function lastMinedEpoch() external view returns (uint256) {
        return _last.number;
    }

    /// @inheritdoc IPoraMine
    function currentSubmissions() external view returns (uint256) {
        return _last.answers;
    }

    /// @inheritdoc IPoraMine
    function poraVersion() external pure returns (uint64) {
        return 1;
    }

    // ---- inside --------------------------------------------------------------------------------------------------

    /// @dev Target and answers so far in an epoch that is not before the last one with an answer.
    function _stateIn(uint256 epoch) private view returns (uint256 target, uint256 answers) {
        Epoch memory last = _last;
        target = poraTarget;
        if (epoch == last.number) return (target, last.answers);

        uint256 maxTarget = type(uint256).max / minDifficulty;
        if (last.answers != 0) {
            target = Difficulty.adjusted(target, last.answers, targetSubmissions, difficultyAdjustRatio, maxTarget);
        }
        target = Difficulty.relieved(target, epoch - last.number - 1, maxTarget);
    }

    /// @dev Makes the pad, checks that it leads to the answer's place, and gives the ticket.
    function _quality(PoraAnswer calldata answer, bytes32 subtask) private view returns (bytes32 quality) {
        uint256 offset = answer.sealOffset;
        if (offset >= SEALS_PER_LOAD) revert SealOffsetOutOfRange(offset, SEALS_PER_LOAD);

        (bytes32 seed0, bytes32 seed1) = Blake2b.hash(
            abi.encode(answer.minerId, answer.nonce, subtask, answer.range.digest())
        );
        (bytes memory mixed, bytes32 recallSeed) = ScratchPad.mix(seed0, seed1, offset, answer.sealedData);
        uint256 position = answer.range.recall(recallSeed) + offset * SealLib.SECTORS;
        if (answer.recallPosition != position) revert WrongPosition(answer.recallPosition, position);
        (quality, ) = Blake2b.hash(mixed);
    }

    /// @dev The position is known to be right: a multiple of a seal, inside the log of the context.
    function _checkData(PoraAnswer calldata answer, MineContext memory context) private view {
        uint256 position = answer.recallPosition;
        bytes32 sealer = answer.sealedContextDigest;
        EpochRange memory range = IFlow(flow).getEpochRange(sealer);
        uint256 last = position + SealLib.SECTORS - 1;
        if (last < range.start || last >= range.end) revert WrongSealContext(sealer, range.start, range.end, last);

        bytes32 node = SealLib.unsealedRoot(answer.minerId, sealer, position, answer.sealedData);
        if (node == ZeroHashes.root(SEAL_LEVEL)) revert EmptySeal(position);
        uint256 depth = MerklePath.depthOf(context.flowLength) - SEAL_LEVEL;
        bytes32 root = MerklePath.root(node, position / SealLib.SECTORS, depth, answer.merkleProof);
        if (root != context.flowRoot) revert WrongRoot(root, context.flowRoot);
    }

    /// @dev Digest that this miner's trials contain; reverts outside its window.
    function _subtask(MineContext memory context, bytes32 minerId) private view returns (bytes32) {
        uint256 start = _windowStart(context, minerId);
        if (!_inWindow(start)) revert OutsideWindow(block.number, start + 1, start + targetMineBlocks);
        bytes32 startHash = BlockHash.get(start);
        if (startHash == 0) revert BlockHashUnknown(start);
        return keccak256(abi.encode(context.digest, startHash));
    }

    function _windowStart(MineContext memory context, bytes32 minerId) private view returns (uint256) {
        uint256 index = uint256(keccak256(abi.encode(context.digest, minerId))) % nSubtasks;
        return context.mineStart + index * subtaskInterval;
    }

    function _inWindow(uint256 start) private view returns (bool) {
        return block.number > start && block.number <= start + targetMineBlocks;
    }

    function _beneficiaryOf(bytes32 minerId) private view returns (address beneficiary) {
        beneficiary = beneficiaries[minerId];
        if (beneficiary == address(0)) revert UnknownMiner(minerId);
    }

    function _within(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert ParameterOutOfRange(name, value, min, max);
    }

    function _multiple(bytes32 name, uint256 value, uint256 unit) private pure {
        if (value % unit != 0) revert ParameterNotMultiple(name, value, unit);
    }
}
