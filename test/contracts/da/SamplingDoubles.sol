// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";

/// @notice Stands where DASigners is: epochs and histories of one entry, and a note of who was slashed.
contract SomeSigners {
    struct Slot {
        address account;
        uint96 stake;
        bytes32 keyHash;
    }

    address public sampling;
    uint64 public unbonding;
    uint96 public total;
    uint64 private _epoch;
    mapping(uint8 slot => Slot) private _slots;

    uint256 public slashes;
    bytes32 public lastSlash;

    error WrongHint(uint256 hint, uint64 epoch);
    error NotSampling();

    constructor(uint64 epoch, uint64 unbonding_) {
        (_epoch, unbonding) = (epoch, unbonding_);
    }

    function setSampling(address sampling_) external {
        sampling = sampling_;
    }

    function add(uint8 slot, address account, bytes32 keyHash, uint96 stake) external {
        total = total - _slots[slot].stake + stake;
        _slots[slot] = Slot(account, stake, keyHash);
    }

    function slotAt(uint8 slot, uint64 epoch, uint256 hint) external view returns (uint96, bytes32) {
        if (epoch != _epoch || hint != 0) revert WrongHint(hint, epoch);
        return (_slots[slot].stake, _slots[slot].keyHash);
    }

    function setAt(uint64 epoch, uint256 hint) external view returns (uint96, bytes32) {
        if (epoch != _epoch || hint != 0) revert WrongHint(hint, epoch);
        return (total, 0);
    }

    function accountOf(bytes32 keyHash) external view returns (address) {
        for (uint8 slot = 0; slot < 200; ++slot) if (_slots[slot].keyHash == keyHash) return _slots[slot].account;
        return address(0);
    }

    function slash(uint8 slot, uint64 epoch, uint32 hint, address reporter) external returns (uint96) {
        if (msg.sender != sampling) revert NotSampling();
        if (epoch != _epoch || hint != 0) revert WrongHint(hint, epoch);
        ++slashes;
        lastSlash = keccak256(abi.encode(slot, epoch, reporter));
        return _slots[slot].stake / 10;
    }
}

/// @notice Stands where DAEntrance is: records as they are put, a pool, and credits. While it pays it can be made to call.
contract SomeEntrance {
    address public sampling;
    uint96 public daFeePerRow;
    uint256 public samplingPool;
    mapping(address account => uint256) public credit;

    mapping(bytes32 batchId => IDAEntrance.BatchRecord) private _records;
    bytes private _callback;
    bool public callbackWorked;

    error UnknownBatch(bytes32 batchId);
    error NotSampling();

    constructor(uint96 daFeePerRow_) {
        daFeePerRow = daFeePerRow_;
    }

    function set(address sampling_, uint256 pool) external {
        (sampling, samplingPool) = (sampling_, pool);
    }

    function put(bytes32 batchId, IDAEntrance.BatchRecord calldata r) external {
        _records[batchId] = r;
    }

    function callBack(bytes calldata data) external {
        _callback = data;
    }

    function record(bytes32 batchId) external view returns (IDAEntrance.BatchRecord memory r) {
        r = _records[batchId];
        if (r.submitBlock == 0) revert UnknownBatch(batchId);
    }

    function paySample(address to, uint256 amount) external returns (uint256 paid) {
        if (msg.sender != sampling) revert NotSampling();
        paid = amount < samplingPool ? amount : samplingPool;
        samplingPool -= paid;
        credit[to] += paid;
        if (_callback.length == 0) return paid;
        bytes memory data = _callback;
        address to_ = sampling;
        bool success;
        assembly ("memory-safe") {
            success := call(gas(), to_, 0, add(data, 32), mload(data), 0, 0)
        }
        callbackWorked = success;
    }
}
