// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The moves of money between the books of DASigners, in any order and number: one account, which may be any, and
/// all others together. When what unbonds is due is left open, and so is how much a penalty takes, within what BondProofs
/// proves of it. Engine: CHC.
contract StakeBooksProofs {
    uint256 private _staked;
    uint256 private _unbonding;
    uint256 private _credit;
    /// @dev All that the others have, in whatever book.
    uint256 private _others;
    uint256 private _burnt;
    uint256 private _paidIn;
    uint256 private _paidOut;

    /// @dev Registration or deposit.
    function pay(uint256 amount) external {
        require(amount < 2 ** 96 && _paidIn < 2 ** 200);
        _paidIn += amount;
        _staked += amount;
    }

    function othersPay(uint256 amount) external {
        require(amount < 2 ** 96 && _paidIn < 2 ** 200);
        _paidIn += amount;
        _others += amount;
    }

    /// @dev Withdrawal of a part, exit, lapse, replacement or jail.
    function unbond(uint256 amount) external {
        require(amount <= _staked);
        _staked -= amount;
        _unbonding += amount;
    }

    /// @dev What unbonds is due.
    function settle() external {
        _credit += _unbonding;
        _unbonding = 0;
    }

    /// @dev Itself or another one may be the reporter.
    function slash(uint256 amount, uint256 own, uint256 reward) external {
        require(amount <= _unbonding && own <= reward && reward <= amount);
        _unbonding -= amount;
        _credit += own;
        _others += reward - own;
        _burnt += amount - reward;
    }

    function slashAnother(uint256 amount, uint256 own, uint256 reward) external {
        require(amount <= _others && own <= reward && reward <= amount);
        _others -= amount;
        _credit += own;
        _others += reward - own;
        _burnt += amount - reward;
    }

    function withdraw() external {
        _paidOut += _credit;
        _credit = 0;
    }

    function othersWithdraw(uint256 amount) external {
        require(amount <= _others);
        _others -= amount;
        _paidOut += amount;
    }

    function everyWeiIsAccountedFor() external view {
        assert(_paidIn == _staked + _unbonding + _credit + _others + _burnt + _paidOut);
    }
}
