// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Flow} from "../../../contracts/flow/Flow.sol";
import {Submission} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice A contract that appends the two entries of a batch, as DAEntrance does, and says what the log took for it.
contract TwoEntries {
    Flow private immutable _flow;

    constructor(Flow flow) payable {
        _flow = flow;
    }

    function together(Submission[] calldata entries, uint256 fee) external returns (uint256 used) {
        uint256 before = gasleft();
        _flow.batchSubmit{value: fee}(entries);
        return before - gasleft();
    }

    function apart(Submission[] calldata entries, uint256[2] calldata fees) external returns (uint256 used) {
        uint256 before = gasleft();
        _flow.submit{value: fees[0]}(entries[0]);
        _flow.submit{value: fees[1]}(entries[1]);
        return before - gasleft();
    }
}

/// @notice What appending costs: two entries, the 15 rows of a batch and its metadata, with their fees. Limits are those
/// of the project: 400,000, at most 200,000 more when an epoch rolls, at most 22,100 more for a new level of the tree.
///
/// Each test is one transaction, cold, on a log of 512 GiB with 24 peaks: a root reads one slot for each. Differences
/// are taken between two logs that differ in nothing else.
contract FlowSnapshots is StorageTest {
    uint256 private constant ROWS_FEE = 15 * 1024 * PRICE;
    uint256 private constant METADATA_FEE = 104 * PRICE;
    uint256 private constant PER_CHUNK = 1 << 25;
    /// @dev Slot of the lowest peak in Flow's storage, checked below.
    uint256 private constant PEAKS = 3;

    Flow private _log;
    Flow private _other;
    TwoEntries private _caller;
    TwoEntries private _otherCaller;

    function setUp() public override {
        super.setUp();
        (_other, _otherCaller) = _fullLog();
        (_log, _caller) = _fullLog();
        // The first context and the first fee of a bucket fill slots too.
        vm.roll(block.number + BLOCKS_PER_EPOCH + 1);
        _together(_otherCaller);
        _together(_caller);
        (uint256 length, ) = _log.tree();
        vm.assertEq(popcount(length), 23);
    }

    function test_Steady() external {
        gasLine("Flow: two entries in a batch", _together(_caller), 400_000);
    }

    function test_SteadyByTwoCalls() external {
        uint256 used = _caller.apart(_entries(_caller), [ROWS_FEE, METADATA_FEE]);
        gasLine("Flow: two entries by two calls", used, 400_000);
    }

    function test_EpochRoll() external {
        uint256 steady = _together(_otherCaller);
        vm.roll(block.number + BLOCKS_PER_EPOCH);
        gasLine("Flow: two entries: an epoch rolls: more", _together(_caller) - steady, 200_000);
    }

    function test_IdleEpochsRoll() external {
        uint256 steady = _together(_otherCaller);
        vm.roll(block.number + 10_000 * BLOCKS_PER_EPOCH);
        gasLine("Flow: two entries: 10,000 epochs roll (A21): more", _together(_caller) - steady, 200_000);
    }

    function test_NewLevel() external {
        // The next entries reach beyond 2^31 sectors in both logs; in the other one the slot of that level is in use.
        _together(_caller);
        _together(_otherCaller);
        vm.assertEq(vm.load(address(_log), bytes32(PEAKS + 30)), vm.load(address(_other), bytes32(PEAKS + 30)));
        vm.assertNotEq(vm.load(address(_log), bytes32(PEAKS + 30)), bytes32(0));
        vm.store(address(_other), bytes32(PEAKS + 31), bytes32(uint256(1)));
        vm.cool(address(_log));
        vm.cool(address(_other));
        gasLine(
            "Flow: two entries: a new level of the tree: more",
            _together(_caller) - _together(_otherCaller),
            22_100
        );
        (uint256 length, uint256 levels) = _log.tree();
        vm.assertGt(length, 1 << 31);
        vm.assertEq(levels, 33);
    }

    function test_NewBucket() external {
        uint256 steady = _together(_otherCaller);
        vm.warp(block.timestamp + LIFETIME / 32 + 1);
        gasLine("Flow: two entries: first fee of a bucket: more", _together(_caller) - steady, 22_100);
    }

    function test_EmptyLog() external {
        deployStorage(PER_CHUNK);
        TwoEntries caller = new TwoEntries{value: 1e24}(flow);
        gasLine("Flow: two entries on an empty log", _together(caller), 600_000);
    }

    function test_Sizes() external {
        sizeLine("Flow", address(flow));
        sizeLine("FixedPrice", address(market));
        sizeLine("ChunkLinearReward", address(reward));
        sizeLine("Genesis", address(genesis));
    }

    function _fullLog() private returns (Flow log, TwoEntries caller) {
        deployStorage(PER_CHUNK);
        (log, caller) = (flow, new TwoEntries{value: 1e24}(flow));
        // First a peak at every level, so that every slot is in use; then all bits of the length from 15 to 30.
        _fill(29, 0);
        _fill(28, 15);
    }

    function _fill(uint256 from, uint256 to) private {
        for (uint256 height = from + 1; height > to; --height) {
            submitAs(alice, entryOf(alice, 1 << (height - 1), bytes32(height)));
        }
    }

    function _together(TwoEntries caller) private returns (uint256 used) {
        return caller.together(_entries(caller), ROWS_FEE + METADATA_FEE);
    }

    /// @dev 15 rows of 1024 sectors, and metadata of 97 sectors that takes 104.
    function _entries(TwoEntries caller) private pure returns (Submission[] memory entries) {
        entries = new Submission[](2);
        entries[0] = entryOf(address(caller), 15 * 1024, "rows");
        entries[1] = entryOf(address(caller), 97, "metadata");
        entries[1].data.tags = abi.encodePacked(sha256("STREAM"), keccak256("stream"));
    }
}
