// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowsProof} from "../types/RowsProof.sol";
import {IDAChallenges} from "./IDAPartner.sol";

/// @title Withholding after the verdict: anyone may ask for one cell of a certified batch, on chain
/// @notice Who asks puts down more than an answer costs; who answers, whoever it is, earns that. The cell's bytes are then
/// on chain, in the event: 64 columns of a row, asked for one after the other, rebuild the row against any number of
/// silent nodes. If nobody answers within the window, the batch is flagged as withheld and its submitter's bond is lost:
/// half to who asked. Money goes to the recorded party, and only by `withdraw`.
/// A price, not a wall, bounds how many are open: eight of a batch at the base price, each further at twice the last. Only
/// the base price is ever at stake; the rest is a deposit that comes back. So whoever fills seats keeps nobody out, and
/// earns nothing from the dearer seats of others.
/// @dev A challenge is named by its cell: there are never two for one cell, none for a cell that was answered, and what
/// became of them the events tell. A proof needs what is on record of the batch alone:
/// metadata that are held back stop nobody. Also reverts with the errors of IDAEntrance (`UnknownBatch`), BatchRows,
/// EntryLib, MerklePath and RowTree.
interface IDAChallenge is IDAChallenges {
    /// @notice A cell of a batch. @param row counted through the batch @param column 64…127 are the redundancy
    struct CellId {
        bytes32 batchId;
        uint256 row;
        uint256 column;
    }

    /// @notice An open challenge.
    /// @param bond what an answer earns: the base price of its block
    /// @param deadline last block in which it can be answered
    /// @param deposit what was paid above that; the challenger's again when the challenge ends, however it ends
    struct Challenge {
        address challenger;
        uint96 bond;
        uint64 deadline;
        uint96 deposit;
    }

    error ZeroParameter();
    /// @notice In fewer blocks a few full ones could keep an answer out.
    error WindowTooShort(uint256 blocks, uint256 least);
    error NotAvailable(bytes32 batchId);
    /// @notice Nodes hold the batch until `retainUntil`, and must be able to answer until the deadline.
    error RetentionEnds(uint256 deadline, uint256 retainUntil);
    error BondTooLow(uint256 paid, uint256 required);
    error AlreadyChallenged(bytes32 id, uint256 deadline);
    /// @notice The cell's bytes are on chain, in `Answered`.
    error AlreadyAnswered(bytes32 id);
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
        uint256 deposit,
        uint64 deadline
    );
    /// @notice The bond is the answerer's, the deposit the challenger's.
    /// @param cell its 2048 bytes
    event Answered(
        bytes32 indexed batchId,
        address indexed answerer,
        uint256 row,
        uint256 column,
        uint256 bond,
        bytes cell
    );
    /// @notice Bond and deposit are the challenger's.
    event Unanswered(bytes32 indexed batchId, address indexed challenger, uint256 row, uint256 column, uint256 bond);
    event Withdrawn(address indexed account, address to, uint256 amount);

    /// @notice Asks for a cell of an available batch, for at least `requiredBond`. The base price in it is what an answer
    /// earns; all else comes back: who fears that others come first sends more.
    /// @return deadline last block in which it can be answered; not after the batch's `retainUntil`
    function challenge(CellId calldata where) external payable returns (uint64 deadline);

    /// @notice Shows the cell, and takes the bond. Anyone, until the deadline. The cell is not asked for again.
    /// @param cell its 2048 bytes
    /// @param proof its place under the batch's `rowsRoot`
    function answer(CellId calldata where, bytes calldata cell, RowsProof calldata proof) external;

    /// @notice Draws the consequence of a challenge that nobody answered: the batch is flagged, its bond lost, and the
    /// challenger's bond and deposit returned. Anyone, after the deadline.
    function resolve(CellId calldata where) external;

    /// @notice Sends the caller's whole credit to `to`.
    function withdraw(address payable to) external;

    /// @notice The least that the next challenge of the batch takes in this block: the base price, twice what an answer
    /// costs at its base fee, doubled for each challenge beyond seven that is open.
    function requiredBond(bytes32 batchId) external view returns (uint256);

    /// @notice The open challenge of that cell; reverts `NotChallenged`.
    function challengeOf(CellId calldata where) external view returns (Challenge memory);

    /// @notice Was the cell answered? Then its bytes are in an event, and nobody can ask for it again.
    function isAnswered(CellId calldata where) external view returns (bool);

    /// @notice What `account` can withdraw, in wei.
    function credit(address account) external view returns (uint256);

    /// @notice Blocks in which a challenge can be answered; at least 256.
    function window() external view returns (uint64);

    /// @notice Wei of gas price that a bond counts with at least: a base fee may be zero.
    function minBaseFee() external view returns (uint96);
}
