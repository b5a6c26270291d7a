// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The moves of money between the books of ChunkLinearReward, in any order and number. One chunk, which may be any,
/// and all others together as one; how much is released, shared or taken as a service fee is left open, within what
/// LineProofs proves of it. Engine: CHC, which looks at every sequence of calls.
contract BooksProofs {
    uint256 private _received;
    uint256 private _released;
    uint256 private _distributed;
    /// @dev What the other chunks hold, locked or claimable.
    uint256 private _others;
    uint256 private _base;
    uint256 private _owed;
    uint256 private _sent;
    uint256 private _withdrawn;

    function fill(uint256 amount, uint256 serviceFee, uint256 share) external {
        require(amount < 2 ** 96 && _sent < 2 ** 200 && serviceFee <= amount && share <= amount - serviceFee);
        _sent += amount;
        _owed += serviceFee;
        _received += share;
        _others += amount - serviceFee - share;
    }

    function donate(uint256 amount) external {
        require(amount < 2 ** 96 && _sent < 2 ** 200);
        _sent += amount;
        _base += amount;
    }

    function release(uint256 until) external {
        require(_released <= until && until <= _received);
        _released = until;
    }

    function hit(uint256 baseReward) external {
        uint256 half = (_released - _distributed) / 2;
        uint256 extra = baseReward < _base ? baseReward : _base;
        _distributed += half;
        _base -= extra;
        _owed += half + extra;
    }

    function hitAnother(uint256 half, uint256 baseReward) external {
        require(half <= _others);
        uint256 extra = baseReward < _base ? baseReward : _base;
        _others -= half;
        _base -= extra;
        _owed += half + extra;
    }

    /// @dev Past the deadline, when all is released.
    function sweep() external {
        require(_released == _received);
        _base += _received - _distributed;
        (_received, _released) = (_distributed, _distributed);
    }

    function sweepAnother(uint256 left) external {
        require(left <= _others);
        _others -= left;
        _base += left;
    }

    function withdraw(uint256 amount) external {
        require(amount <= _owed);
        _owed -= amount;
        _withdrawn += amount;
    }

    /// Nothing is paid before it is released or released before it came, and every wei is in one place.
    function everyWeiIsAccountedFor() external view {
        assert(_distributed <= _released);
        assert(_released <= _received);
        assert(_sent == (_received - _distributed) + _others + _base + _owed + _withdrawn);
    }
}
