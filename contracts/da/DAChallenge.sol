// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAChallenge} from "../interfaces/IDAChallenge.sol";
import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDAChallenges, IDAPartner} from "../interfaces/IDAPartner.sol";
import {BatchRows} from "../libraries/BatchRows.sol";
import {Cast} from "../libraries/Cast.sol";
import {MerklePath} from "../libraries/MerklePath.sol";
import {RowTree} from "../libraries/RowTree.sol";
import {RowsProof} from "../types/RowsProof.sol";

/// @title See IDAChallenge, where every entrance is described
contract DAChallenge is IDAChallenge {
    /// @notice Open challenges of one batch at the base price; each beyond doubles what the next has to be paid.
    uint256 public constant SEATS = 8;
    /// @notice 2^64 times any base price is more than there is; and 2 × 200,000 × 2^96 × 2^64 has 179 bits.
    uint256 public constant MAX_DOUBLINGS = 64;
    uint256 public constant MIN_WINDOW = 256;
    /// @notice Gas of the dearest answer as a transaction, rounded up; measured by test/contracts/snapshots/Challenge.t.sol.
    uint256 public constant ANSWER_GAS = 200_000;
    /// @dev Stands as the deadline of a cell that is on chain; a window is longer than one block.
    uint64 private constant ANSWERED = 1;

    /// @inheritdoc IDAPartner
    address public immutable entrance;
    /// @inheritdoc IDAChallenge
    uint64 public immutable window;
    /// @inheritdoc IDAChallenge
    uint96 public immutable minBaseFee;

    /// @inheritdoc IDAChallenges
    mapping(bytes32 batchId => uint256) public openChallenges;
    /// @inheritdoc IDAChallenge
    mapping(address account => uint256) public credit;

    mapping(bytes32 id => Challenge) private _challenges;

    /// @param entrance_ may be created later: it checks that this contract names it
    constructor(address entrance_, uint64 window_, uint96 minBaseFee_) {
        if (entrance_ == address(0) || minBaseFee_ == 0) revert ZeroParameter();
        if (window_ < MIN_WINDOW) revert WindowTooShort(window_, MIN_WINDOW);
        entrance = entrance_;
        window = window_;
        minBaseFee = minBaseFee_;
    }

    /// @inheritdoc IDAChallenge
    function challenge(CellId calldata where) external payable returns (uint64 deadline) {
        IDAEntrance.BatchRecord memory batch = IDAEntrance(entrance).record(where.batchId);
        if (batch.confirmBlock == 0) revert NotAvailable(where.batchId);
        if (where.row >= batch.rowCount) revert MerklePath.IndexOutOfRange(where.row, batch.rowCount);
        if (where.column >= RowTree.CELLS) revert MerklePath.IndexOutOfRange(where.column, RowTree.CELLS);
        bytes32 id = _idOf(where);
        Challenge storage open = _challenges[id];
        if (open.deadline == ANSWERED) revert AlreadyAnswered(id);
        if (open.deadline != 0) revert AlreadyChallenged(id, open.deadline);
        uint256 required = requiredBond(where.batchId);
        if (msg.value < required) revert BondTooLow(msg.value, required);
        uint256 end = block.number + window;
        if (end > batch.retainUntil) revert RetentionEnds(end, batch.retainUntil);

        // At most `retainUntil`, which has 64 bits.
        deadline = uint64(end);
        uint256 bond = _basePrice();
        // No required bond is below the base price.
        uint256 deposit = msg.value - bond;
        (open.challenger, open.bond) = (msg.sender, Cast.toUint96(bond));
        (open.deadline, open.deposit) = (deadline, Cast.toUint96(deposit));
        ++openChallenges[where.batchId];
        emit Challenged(where.batchId, msg.sender, where.row, where.column, bond, deposit, deadline);
    }

    /// @inheritdoc IDAChallenge
    function answer(CellId calldata where, bytes calldata cell, RowsProof calldata proof) external {
        Challenge memory open = challengeOf(where);
        if (block.number > open.deadline) revert AnswerTooLate(block.number, open.deadline);
        IDAEntrance.BatchRecord memory batch = IDAEntrance(entrance).record(where.batchId);
        bytes32 root = RowTree.cellRoot(cell);
        BatchRows.checkCell(root, where.row, where.column, batch.rowCount, batch.rowsRoot, proof);

        _challenges[_idOf(where)] = Challenge(address(0), 0, ANSWERED, 0);
        --openChallenges[where.batchId];
        credit[msg.sender] += open.bond;
        if (open.deposit != 0) credit[open.challenger] += open.deposit;
        emit Answered(where.batchId, msg.sender, where.row, where.column, open.bond, cell);
    }

    /// @inheritdoc IDAChallenge
    function resolve(CellId calldata where) external {
        Challenge memory open = challengeOf(where);
        if (block.number <= open.deadline) revert StillAnswerable(block.number, open.deadline);

        delete _challenges[_idOf(where)];
        --openChallenges[where.batchId];
        credit[open.challenger] += uint256(open.bond) + open.deposit;
        emit Unanswered(where.batchId, open.challenger, where.row, where.column, open.bond);
        // All is written; and a bond that another challenge took already is no error there.
        IDAEntrance(entrance).loseBond(where.batchId, open.challenger);
    }

    /// @inheritdoc IDAChallenge
    function withdraw(address payable to) external {
        uint256 amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        credit[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        // The credit is gone before the call: a receiver that calls back finds nothing.
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert WithdrawalRefused(to, amount);
    }

    /// @inheritdoc IDAChallenge
    function isAnswered(CellId calldata where) external view returns (bool) {
        return _challenges[_idOf(where)].deadline == ANSWERED;
    }

    /// @inheritdoc IDAChallenge
    function challengeOf(CellId calldata where) public view returns (Challenge memory open) {
        bytes32 id = _idOf(where);
        open = _challenges[id];
        if (open.challenger == address(0)) revert NotChallenged(id);
    }

    /// @inheritdoc IDAChallenge
    function requiredBond(bytes32 batchId) public view returns (uint256) {
        uint256 open = openChallenges[batchId];
        uint256 doublings = open < SEATS ? 0 : open - SEATS + 1;
        // Checked: where it does not fit, nobody could pay it.
        return _basePrice() * (1 << (doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS));
    }

    function _basePrice() private view returns (uint256) {
        uint256 price = block.basefee > minBaseFee ? block.basefee : minBaseFee;
        return 2 * ANSWER_GAS * price;
    }

    function _idOf(CellId calldata where) private pure returns (bytes32) {
        return keccak256(abi.encode(where));
    }
}
