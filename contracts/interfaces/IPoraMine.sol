// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoraAnswer, WorkerContext} from "../types/PoraAnswer.sol";

/// @title Proof of random access: whoever shows that he holds sealed data of the log is paid from its fees
/// @notice A miner stores the log sealed for an id of his own. A trial is a nonce: with the epoch's context it makes a
/// scratch pad, the pad names a load of 256 KiB, and each of its 64 seals, mixed with the pad, is a ticket. One that is
/// low enough is an answer: the chain unseals it, follows its path to the root of the log, and makes the pad again.
///
/// The external names, structs, events and hashing are those of 0G's PoraMine (version 1), so that an answer built by its
/// rules is accepted. Different on purpose:
/// - epochs without an answer double the target, at once and by arithmetic, so that mining cannot stall, also before the
///   first answer; the target has a bound at either end;
/// - a seal of nothing but zeros is refused: padding needs no disk;
/// - a seal's number must be one of the 64 of its load, and a drawn load must lie in the range: otherwise a miner could
///   choose what to be asked for;
/// - the path has exactly the depth of the context's tree;
/// - a window whose block hash nobody knows any more cannot be answered;
/// - all parameters are fixed at deployment, there is no administrator;
/// - anyone may call `computeWorkerContext`.
///
/// Refusals change nothing, here or in the contracts that are called.
interface IPoraMine {
    // ---- errors of a deployment ----------------------------------------------------------------------------------

    /// @notice A partner named at deployment does not name this contract in return.
    error WrongPartner(address partner, address expected, address found);

    /// @notice A parameter is not within what the arithmetic allows.
    error ParameterOutOfRange(bytes32 name, uint256 value, uint256 min, uint256 max);

    /// @notice A length that must be a multiple of `unit` is not.
    error ParameterNotMultiple(bytes32 name, uint256 value, uint256 unit);

    /// @notice Shards divide a log by bits of a load's number.
    error ParameterNotPowerOfTwo(bytes32 name, uint256 value);

    /// @notice The last subtask's window must end within the epoch.
    error WindowsExceedEpoch(uint256 windowsEnd, uint256 blocksPerEpoch);

    // ---- errors of miner ids -------------------------------------------------------------------------------------

    /// @notice A miner id pays somebody.
    error NoBeneficiary();

    /// @notice The same sender asked with the same seed in the same block already.
    error MinerIdTaken(bytes32 minerId, address beneficiary);

    /// @notice Only the beneficiary of an id passes it on.
    error NotBeneficiary(bytes32 minerId, address caller, address beneficiary);

    /// @notice Nobody requested this id.
    error UnknownMiner(bytes32 minerId);

    // ---- errors of answers ---------------------------------------------------------------------------------------

    /// @notice Nobody could know this epoch's block hash when its context was made, so it has no mining.
    error NoMining(uint256 epoch);

    /// @notice The answer is of another epoch, or of another chain of blocks.
    error WrongContext(bytes32 answered, bytes32 current);

    /// @notice Twice the wanted number of answers is the most that an epoch takes.
    error EpochFull(uint256 answers, uint256 max);

    /// @notice This miner's window of this epoch is [`first`, `last`].
    error OutsideWindow(uint256 blockNumber, uint256 first, uint256 last);

    /// @notice The chain does not tell this block's hash any more.
    error BlockHashUnknown(uint256 blockNumber);

    /// @notice The log does not fill a load yet.
    error NothingToMine(uint256 flowLength, uint256 sectorsPerLoad);

    /// @notice A range starts at a pricing chunk.
    error StartNotAligned(uint256 startPosition, uint256 sectorsPerPrice);

    /// @notice The range reaches over the last load that the log fills.
    error RangeBeyondFlow(uint256 startPosition, uint256 mineLength, uint256 end);

    /// @notice The mask has too many zeros.
    error TooManyShards(uint256 shards, uint256 max);

    /// @notice The range is longer than its shards allow.
    error RangeTooLong(uint256 mineLength, uint256 max);

    /// @notice The range leaves something out that it must contain.
    error RangeTooShort(uint256 mineLength, uint256 required);

    /// @notice A bit of the shard's id stands where the mask has one.
    error ShardIdMasked(uint64 shardId, uint64 shardMask);

    /// @notice A load has this many seals.
    error SealOffsetOutOfRange(uint256 sealOffset, uint256 sealsPerLoad);

    /// @notice The nonce draws a load that the range does not have.
    error RecallBeyondRange(uint256 load, uint256 loads);

    /// @notice The nonce draws another place.
    error WrongPosition(uint256 answered, uint256 expected);

    /// @notice The context [start, end) did not seal the last sector of the seal; [0, 0) if there is no such context.
    error WrongSealContext(bytes32 sealedContextDigest, uint256 start, uint256 end, uint256 lastSector);

    /// @notice What the seal holds is all zeros.
    error EmptySeal(uint256 recallPosition);

    /// @notice What the seal holds is not what the log has at this place, or the path is not its path.
    error WrongRoot(bytes32 computed, bytes32 flowRoot);

    /// @notice The ticket is not low enough.
    error QualityTooLow(uint256 quality, uint256 target);

    /// @notice This answer was accepted before.
    error AnswerTwice(bytes32 quality);

    // ---- events --------------------------------------------------------------------------------------------------

    /// @notice An id was requested.
    event NewMinerId(bytes32 indexed minerId, address indexed beneficiary);

    /// @notice An id pays somebody else from now on.
    event UpdateMinerId(bytes32 indexed minerId, address indexed from, address indexed to);

    /// @notice An answer was accepted and paid.
    /// @param epoch Epoch of the context.
    /// @param minerId Whose.
    /// @param epochIndex How many were accepted before it in this epoch.
    /// @param recallPosition First sector of the seal.
    event NewSubmission(uint256 indexed epoch, bytes32 indexed minerId, uint256 epochIndex, uint256 recallPosition);

    // ---- miner ids -----------------------------------------------------------------------------------------------

    /// @notice Makes an id, keccak256(hash of the last block ‖ sender ‖ seed), whose answers pay `beneficiary`. The event
    /// tells it.
    function requestMinerId(address beneficiary, uint64 seed) external;

    /// @notice Lets an id pay somebody else. Only by its beneficiary.
    function transferBeneficial(address to, bytes32 minerId) external;

    /// @notice Whom an id pays; zero if nobody requested it.
    function beneficiaries(bytes32 minerId) external view returns (address);

    // ---- mining --------------------------------------------------------------------------------------------------

    /// @notice Takes an answer and has its miner's beneficiary paid from the pool of the pricing chunk it lies in. Anyone
    /// may send it: whoever copies an answer pays gas for somebody else. Makes the epoch's context if that is due.
    function submit(PoraAnswer calldata answer) external;

    /// @notice What this miner needs to know to mine at this block. Meant for calls: it makes the context if that is due.
    function computeWorkerContext(bytes32 minerId) external returns (WorkerContext memory);

    /// @notice Whether this epoch takes an answer more. Meant for calls: it makes the context if that is due.
    function canSubmit() external returns (bool);

    /// @notice The target that held when the last answer was taken; `computeWorkerContext` tells what holds now.
    function poraTarget() external view returns (uint256);

    /// @notice Epoch of the last answer, or of this contract's deployment.
    function lastMinedEpoch() external view returns (uint256);

    /// @notice Answers taken in that epoch.
    function currentSubmissions() external view returns (uint256);

    // ---- parameters ----------------------------------------------------------------------------------------------

    /// @notice Version of the rules: 1, the pad of 16 KiB by keccak256.
    function poraVersion() external pure returns (uint64);

    /// @notice Blocks of a subtask's window.
    function targetMineBlocks() external view returns (uint256);

    /// @notice Answers wanted in an epoch; twice as many are taken at most.
    function targetSubmissions() external view returns (uint256);

    /// @notice An epoch moves the target by one part in this many.
    function difficultyAdjustRatio() external view returns (uint256);

    /// @notice The difficulty that epochs without an answer cannot go below.
    function minDifficulty() external view returns (uint256);

    /// @notice Shards that a range may have, a power of two.
    function maxShards() external view returns (uint64);

    /// @notice Subtasks of an epoch; an id's number among them follows from the context.
    function nSubtasks() external view returns (uint256);

    /// @notice Blocks from the start of a subtask to that of the next.
    function subtaskInterval() external view returns (uint256);

    /// @notice Sectors that an unsharded range has at most.
    function maxMiningLength() external view returns (uint256);

    /// @notice Sectors of a pricing chunk, where ranges start: that of the pools.
    function sectorsPerPrice() external view returns (uint256);

    /// @notice The log.
    function flow() external view returns (address);

    /// @notice The pools that pay.
    function reward() external view returns (address);
}
