// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDAChallenges, IDAPartner} from "../interfaces/IDAPartner.sol";
import {IFlow} from "../interfaces/IFlow.sol";
import {Batch, Bond} from "../types/Batch.sol";

/// @title DAEntrance's money: credits, the sampling pool, bonds; and its terms
abstract contract EntranceBooks is IDAEntrance {
    /// @notice blockhash reaches 256 blocks back and an announced price 254 ahead: both outlast the window.
    uint256 public constant MAX_CONFIRM_WINDOW = 250;

    /// @inheritdoc IDAEntrance
    address public immutable flow;
    /// @inheritdoc IDAEntrance
    address public immutable market;
    /// @inheritdoc IDAEntrance
    address public immutable signers;
    /// @inheritdoc IDAEntrance
    address public immutable sampling;
    /// @inheritdoc IDAEntrance
    address public immutable challenges;
    /// @inheritdoc IDAEntrance
    uint64 public immutable confirmWindow;
    /// @inheritdoc IDAEntrance
    uint64 public immutable retention;
    /// @inheritdoc IDAEntrance
    uint96 public immutable bondPerRow;
    /// @inheritdoc IDAEntrance
    uint96 public immutable daFeePerRow;

    /// @dev Shares a word with `firstBlock`, which is never zero: so the first fee of all costs what every other does.
    uint192 internal _samplingPool;
    /// @inheritdoc IDAEntrance
    uint64 public firstBlock;
    /// @inheritdoc IDAEntrance
    uint256 public burnt;
    /// @inheritdoc IDAEntrance
    mapping(address account => uint256) public credit;

    mapping(bytes32 batchId => Batch) internal _batches;

    constructor(address flow_, Partners memory partners, Terms memory terms) {
        if (terms.confirmWindow == 0 || terms.retention == 0) revert ZeroParameter();
        if (terms.confirmWindow > MAX_CONFIRM_WINDOW) {
            revert ConfirmWindowTooLong(terms.confirmWindow, MAX_CONFIRM_WINDOW);
        }
        if (terms.retention > type(uint48).max) revert RetentionTooLong(terms.retention, type(uint48).max);
        _requireCode(flow_);
        _requireCode(partners.signers);
        _requirePartner(partners.sampling);
        _requirePartner(partners.challenges);
        flow = flow_;
        market = IFlow(flow_).market();
        _requireCode(market);
        (signers, sampling, challenges) = (partners.signers, partners.sampling, partners.challenges);
        (confirmWindow, retention) = (terms.confirmWindow, terms.retention);
        (bondPerRow, daFeePerRow) = (terms.bondPerRow, terms.daFeePerRow);
        firstBlock = uint64(block.number);
    }

    /// @dev Flow returns what it did not charge; all other money comes through `submitBatch`.
    receive() external payable {
        if (msg.sender != flow) revert NotFlow(msg.sender);
    }

    /// @inheritdoc IDAEntrance
    function withdraw(address payable to) external {
        uint256 amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        credit[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        // The credit is gone before the call: a receiver that calls back finds nothing.
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert WithdrawalRefused(to, amount);
    }

    /// @inheritdoc IDAEntrance
    function withdrawBond(bytes32 batchId) external {
        Batch storage batch = _batches[batchId];
        _requireStatus(batchId, Status.Available);
        if (batch.bond == Bond.Lost) revert BondForfeited(batchId);
        if (batch.bond == Bond.Returned) revert AlreadyWithdrawn(batchId);
        uint256 until = retainUntil(batchId);
        if (block.number <= until) revert StillRetained(block.number, until);
        uint256 open = IDAChallenges(challenges).openChallenges(batchId);
        if (open != 0) revert ChallengesOpen(batchId, open);

        batch.bond = Bond.Returned;
        _credit(batch.submitter, _bondOf(batch.rowCount));
        emit BondReleased(batchId);
    }

    /// @inheritdoc IDAEntrance
    function paySample(address to, uint256 amount) external returns (uint256 paid) {
        if (msg.sender != sampling) revert NotSampling(msg.sender);
        uint256 pool = _samplingPool;
        paid = amount < pool ? amount : pool;
        // At most the pool, which is a uint192.
        _samplingPool = uint192(pool - paid);
        if (paid != 0) _credit(to, paid);
    }

    /// @inheritdoc IDAEntrance
    function loseBond(bytes32 batchId, address reporter) external {
        if (msg.sender != challenges) revert NotChallenges(msg.sender);
        _requireStatus(batchId, Status.Available);
        _batches[batchId].withheld = true;
        emit BatchWithheld(batchId, reporter);
        _takeBond(batchId, reporter);
    }

    /// @inheritdoc IDAEntrance
    function samplingPool() external view returns (uint256) {
        return _samplingPool;
    }

    /// @inheritdoc IDAEntrance
    function retainUntil(bytes32 batchId) public view returns (uint64) {
        uint64 confirmBlock = _known(batchId).confirmBlock;
        return confirmBlock == 0 ? 0 : confirmBlock + retention;
    }

    /// @inheritdoc IDAEntrance
    function statusOf(bytes32 batchId) public view returns (Status) {
        Batch storage batch = _batches[batchId];
        if (batch.submitBlock == 0) return Status.None;
        if (batch.confirmBlock != 0) return Status.Available;
        return block.number > batch.submitBlock + confirmWindow ? Status.Unavailable : Status.Submitted;
    }

    /// @dev Half of a bond that is still held to the reporter, half to nobody. One that is gone stays gone.
    function _takeBond(bytes32 batchId, address reporter) internal {
        Batch storage batch = _batches[batchId];
        if (batch.bond != Bond.Held) return;
        batch.bond = Bond.Lost;
        uint256 bond = _bondOf(batch.rowCount);
        uint256 reward = bond / 2;
        burnt += bond - reward;
        _credit(reporter, reward);
        emit BondLost(batchId, reporter, reward);
    }

    function _credit(address account, uint256 amount) internal {
        credit[account] += amount;
        emit Credited(account, amount);
    }

    function _known(bytes32 batchId) internal view returns (Batch storage batch) {
        batch = _batches[batchId];
        if (batch.submitBlock == 0) revert UnknownBatch(batchId);
    }

    function _requireStatus(bytes32 batchId, Status required) internal view {
        Status status = statusOf(batchId);
        if (status == Status.None) revert UnknownBatch(batchId);
        if (status != required) revert WrongStatus(batchId, status, required);
    }

    function _bondOf(uint256 rowCount) internal view returns (uint256) {
        return bondPerRow * rowCount;
    }

    function _requirePartner(address partner) private view {
        _requireCode(partner);
        address named = IDAPartner(partner).entrance();
        if (named != address(this)) revert WrongPartner(partner, address(this), named);
    }

    function _requireCode(address account) private view {
        if (account.code.length == 0) revert NoCode(account);
    }
}
