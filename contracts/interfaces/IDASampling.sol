// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowsProof} from "../types/RowsProof.sol";
import {G1, G2} from "../types/Points.sol";
import {Round} from "../types/Round.sol";
import {IDAEntrance} from "./IDAEntrance.sol";
import {IDAPartner} from "./IDAPartner.sol";

/// @title What sampling earns, and what not being able to show a sample costs
/// @notice Every validator owes each batch `samples` columns, drawn by its signature over the batch: the signature it
/// attests with, of which there is exactly one. So whoever sees the signature knows what its author sampled.
///
/// *Lottery.* In one row of each sampled column, drawn by the same signature, lies a ticket. Its quality is a hash of the
/// whole cell and of the signature; under the target it wins the prize. All tickets of a batch together expect its DA fee
/// and no more. Whether the confirmation named the validator as a signer does not matter: late signatures count.
///
/// *Audit.* The hash of the block before the confirmation, which nobody knew when they signed, selects one signer in so many,
/// and one cell of its samples, which it has to show within `auditWindow`. If it does not, anybody has it slashed.
///
/// A shown cell proves that its author has it now. Neither proves when it was fetched: see docs/sampling.md.
/// @dev Also reverts with the errors of IDAEntrance (`UnknownBatch`), IDASigners, BatchRows, BLS, HistoryLib, Rounds.
interface IDASampling is IDAPartner {
    /// @param samples columns that each validator owes, 4 to 128
    /// @param claimWindow blocks after the confirmation in which tickets are paid
    /// @param auditWindow blocks after the confirmation in which an audit can be answered
    /// @param slashWindow blocks after `auditWindow` in which silence can be punished
    /// @param auditBps signers that the audit asks, in 10,000
    /// @param roundBlocks blocks of a round
    /// @param targetClaims claims that the prize aims at in a round; twice as many are its cap
    /// @param minPrize least prize in wei, several times the gas of a claim
    struct Terms {
        uint8 samples;
        uint32 claimWindow;
        uint32 auditWindow;
        uint32 slashWindow;
        uint16 auditBps;
        uint32 roundBlocks;
        uint16 targetClaims;
        uint88 minPrize;
    }

    /// @notice A validator's signature over a batch, and what it takes to check it.
    /// @param slot the validator's in the batch's epoch
    /// @param slotHint index in the slot's history for that epoch
    /// @param certificate as confirmed, from `BatchConfirmed`
    struct Attested {
        bytes32 batchId;
        uint8 slot;
        uint32 slotHint;
        IDAEntrance.Certificate certificate;
        G1 key;
        G2 signature;
    }

    /// @notice A ticket. @param index which sample, 0 to samples − 1
    /// @param setHint index in the set's history for the batch's epoch
    /// @param roundHint index of the last round with a claim that is not after the batch's
    struct Ticket {
        uint8 index;
        uint32 setHint;
        uint32 roundHint;
    }

    /// @notice A cell of the batch.
    /// @param cell 2048 bytes
    /// @param proof its place under the batch's rowsRoot
    struct Shown {
        bytes cell;
        RowsProof proof;
    }

    error ParameterOutOfRange(uint256 value, uint256 least, uint256 most);
    error NoCode(address account);
    /// @notice The other contract was made for another partner.
    error WrongPartner(address contract_, address partner, address required);
    /// @notice Stake could be gone before silence can be punished.
    error UnbondingTooShort(uint256 blocks, uint256 required);
    error NotConfirmed(bytes32 batchId);
    error CertificateMismatch(bytes32 given, bytes32 recorded);
    /// @notice The slot had no stake in the batch's epoch.
    error NotASigner(uint8 slot, uint64 epoch);
    error KeyMismatch(uint8 slot, bytes32 given, bytes32 recorded);
    error SignatureInvalid();
    error SampleOutOfRange(uint256 index, uint256 samples);
    error WindowClosed(uint256 blockNumber, uint256 last);
    error WindowNotOpen(uint256 blockNumber, uint256 first);
    /// @notice The quality is above the target.
    error NotWinning(bytes32 quality);
    error AlreadyClaimed(bytes32 batchId, uint8 slot, uint8 index);
    /// @notice The batch has paid as many prizes as it may.
    error BatchSpent(bytes32 batchId, uint256 prizes);
    /// @notice The pool is empty now: the ticket can be claimed when it is not.
    error PoolEmpty();
    error NotAudited(bytes32 batchId, uint8 slot);
    /// @notice The confirmation counted the slot as absent: it has nothing to answer for.
    error DidNotSign(bytes32 batchId, uint8 slot);
    /// @notice Answered, or punished.
    error AlreadySettled(bytes32 batchId, uint8 slot);

    /// @param paid wei credited in DAEntrance; less than `prize` when the pool was short
    event SampleClaimed(
        bytes32 indexed batchId,
        uint8 indexed slot,
        address indexed account,
        uint8 index,
        uint256 prize,
        uint256 paid
    );
    event AuditAnswered(bytes32 indexed batchId, uint8 indexed slot);
    event SilenceSlashed(bytes32 indexed batchId, uint8 indexed slot, address indexed reporter, uint96 amount);

    /// @notice Pays a winning ticket to the account whose key signed. Anyone may send it.
    /// @param shown the cell at (the ticket's row, the sampled column)
    function claimSample(Attested calldata attested, Ticket calldata ticket, Shown calldata shown) external;

    /// @notice Shows the cell that the audit asks of the slot. Anyone may send it.
    function answerAudit(Attested calldata attested, Shown calldata shown) external;

    /// @notice Has a signer slashed that was asked and did not answer within `auditWindow`; the caller is the reporter.
    function slashSilent(
        bytes32 batchId,
        IDAEntrance.Certificate calldata certificate,
        uint8 slot,
        uint32 slotHint
    ) external returns (uint96 amount);

    /// @notice The running round, its prize, and how many claims it still takes.
    function currentRound() external view returns (uint256 round, uint256 prize, uint256 claimsLeft);

    /// @notice The prize of batches submitted in `round`, which must have begun.
    function prizeAt(uint256 round) external view returns (uint256);

    /// @notice The `roundHint` of a batch submitted in this block.
    function findRound(uint256 blockNumber) external view returns (uint256 hint);

    /// @notice A round with a claim; entry 0 is round 0.
    function roundEntry(uint256 hint) external view returns (Round memory);

    function roundOf(uint256 blockNumber) external view returns (uint256);

    /// @notice Slots whose audit is answered or punished, as a set of bits.
    function settledOf(bytes32 batchId) external view returns (uint256);

    /// @notice Tickets paid, 16 bits each: (slot × 128 + index) + 1, in the order of their claims, the last one lowest.
    function paidTickets(bytes32 batchId) external view returns (uint256);

    function terms() external view returns (Terms memory);

    /// @notice First block of round 0.
    function firstBlock() external view returns (uint64);

    function signers() external view returns (address);
}
