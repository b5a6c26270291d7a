// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowsProof} from "../types/RowsProof.sol";
import {IDAChallenges} from "./IDAPartner.sol";

/// @title Withholding after the verdict: anyone may ask for one cell of a certified batch, on chain
/// @notice Who asks puts down more than an answer costs; who answers, whoever it is, earns that. The cell's bytes are then
/// on chain, in the event: 64 columns of a row, asked for one after the other, rebuild the row against any number of
/// silent nodes. If nobody answers within the window, the batch is flagged as withheld and its submitter's bond is lost:
/// half to who asked. Money goes to the recorded party, and only by `withdraw`.
/// @dev A challenge is named by its cell and is on record only while it is open: there are never two for one cell, at most
/// eight of one batch, and what became of them the events tell. A proof needs what is on record of the batch alone:
/// metadata that are held back stop nobody. Also reverts with the errors of IDAEntrance (`UnknownBatch`), BatchRows,
/// EntryLib, MerklePath and RowTree.
interface IDAChallenge is IDAChallenges {
    /// @notice A cell of a batch. @param row counted through the batch @param column 64…127 are the redundancy
    struct CellId {
        bytes32 batchId;
        uint256 row;
        uint256 column;
    }

    /// @notice An open challenge. @param deadline last block in which it can be answered
    struct Challenge {
        address challenger;
        uint96 bond;
        uint64 deadline;
    }

    error ZeroParameter();
    /// @notice In fewer blocks a few full ones could keep an answer out.
    error WindowTooShort(uint256 blocks, uint256 least);
    error NotAvailable(bytes32 batchId);
    /// @notice Nodes hold the batch until `retainUntil`, and must be able to answer until the deadline.
    error RetentionEnds(uint256 deadline, uint256 retainUntil);
    error BondTooLow(uint256 paid, uint256 required);
    error TooManyChallenges(bytes32 batchId, uint256 limit);
    error AlreadyChallenged(bytes32 id, uint256 deadline);
    error NotChallenged(bytes32 id);
    error AnswerTooLate(uint256 blockNumber, uint256 deadline);
    error StillAnswerable(uint256 blockNumber, uint256 deadline);
    error NothingToWithdraw(address account);
    error WithdrawalRefused(address to, uint256 amount);

    event Challenged(
        bytes32 indexed batchId,
        address indexed challenger,
        uint256 row,
        uint256 column,
        uint256 bond,
        uint64 deadline
    );
    /// @param cell its 2048 bytes
    event Answered(
        bytes32 indexed batchId,
        address indexed answerer,
        uint256 row,
        uint256 column,
        uint256 bond,
        bytes cell
    );
    event Unanswered(bytes32 indexed batchId, address indexed challenger, uint256 row, uint256 column, uint256 bond);
    event Withdrawn(address indexed account, address to, uint256 amount);

    /// @notice Asks for a cell of an available batch. All that is paid is the bond, at least `requiredBond`: the more, the
    /// sooner somebody answers.
    /// @return deadline last block in which it can be answered; not after the batch's `retainUntil`
    function challenge(CellId calldata where) external payable returns (uint64 deadline);

    /// @notice Shows the cell, and takes the bond. Anyone, until the deadline.
    /// @param cell its 2048 bytes
    /// @param proof its place under the batch's `rowsRoot`
    function answer(CellId calldata where, bytes calldata cell, RowsProof calldata proof) external;

    /// @notice Draws the consequence of a challenge that nobody answered: the batch is flagged, its bond lost, and the
    /// challenger's bond returned. Anyone, after the deadline.
    function resolve(CellId calldata where) external;

    /// @notice Sends the caller's whole credit to `to`.
    function withdraw(address payable to) external;

    /// @notice The least bond in this block: twice what an answer costs at its base fee.
    function requiredBond() external view returns (uint256);

    /// @notice The open challenge of that cell; reverts `NotChallenged`.
    function challengeOf(CellId calldata where) external view returns (Challenge memory);

    /// @notice What `account` can withdraw, in wei.
    function credit(address account) external view returns (uint256);

    /// @notice Blocks in which a challenge can be answered; at least 256.
    function window() external view returns (uint64);

    /// @notice Wei of gas price that a bond counts with at least: a base fee may be zero.
    function minBaseFee() external view returns (uint96);
}
