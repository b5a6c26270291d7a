// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDigestHistory} from "../interfaces/IDigestHistory.sol";

/// @dev See {IDigestHistory}: a ring of storage slots.
contract DigestHistory is IDigestHistory {
    uint256 private immutable _capacity;
    address private immutable _owner;

    uint256 private _next;
    mapping(uint256 slot => bytes32 root) private _ring;

    constructor(uint256 capacity) {
        _capacity = capacity;
        _owner = msg.sender;
    }

    /// @inheritdoc IDigestHistory
    function insert(bytes32 data) external returns (uint256 index) {
        if (msg.sender != _owner) revert NotOwner(msg.sender, _owner);
        index = _next++;
        _ring[index % _capacity] = data;
    }

    /// @inheritdoc IDigestHistory
    function contains(bytes32 input) external view returns (bool) {
        uint256 held = _next < _capacity ? _next : _capacity;
        for (uint256 i = 0; i < held; ++i) {
            if (_ring[i] == input) return true;
        }
        return false;
    }

    /// @inheritdoc IDigestHistory
    function rootAt(uint256 index) external view returns (bytes32) {
        if (!available(index)) revert UnavailableIndex(index);
        return _ring[index % _capacity];
    }

    /// @inheritdoc IDigestHistory
    function available(uint256 index) public view returns (bool) {
        return index < _next && _next - index <= _capacity;
    }
}
