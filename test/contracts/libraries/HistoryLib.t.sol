// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HistoryLib} from "../../../contracts/libraries/HistoryLib.sol";
import {Checkpoint, History} from "../../../contracts/types/History.sol";
import {Test} from "../base/Test.sol";

/// @notice Histories against a list of what was written, searched from the front.
contract HistoryLibTest is Test {
    History internal _history;
    uint64[] internal _froms;
    uint96[] internal _stakes;

    function append(uint64 from, uint96 stake) external {
        _history.append(from, bytes32(uint256(stake)), stake);
    }

    function covering(uint256 hint, uint64 epoch) external view returns (Checkpoint memory) {
        return _history.covering(hint, epoch);
    }

    function find(uint64 epoch) external view returns (uint256) {
        return _history.find(epoch);
    }

    function test_AnEmptyHistoryCoversNothing() external {
        vm.assertEq(_history.latest().from, 0);
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.BeforeHistory.selector, 7));
        this.find(7);
        vm.expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, 0, 7));
        this.covering(0, 7);
    }

    /// @dev Gaps of any length between changes, several changes for one epoch; then each epoch is asked for.
    function testFuzz_EachEpochHasTheLastValueSetForIt(uint8[24] calldata gaps, uint96[24] calldata stakes) external {
        uint64 from = 2;
        for (uint256 i = 0; i < gaps.length; ++i) {
            from += gaps[i] % 5;
            this.append(from, stakes[i]);
            if (_froms.length != 0 && _froms[_froms.length - 1] == from) {
                _stakes[_stakes.length - 1] = stakes[i];
            } else {
                _froms.push(from);
                _stakes.push(stakes[i]);
            }
        }
        vm.assertEq(_history.count, _froms.length);
        vm.assertEq(_history.latest().stake, _stakes[_stakes.length - 1]);

        for (uint64 epoch = 0; epoch < from + 3; ++epoch) {
            uint256 index = type(uint256).max;
            for (uint256 i = 0; i < _froms.length && _froms[i] <= epoch; ++i) index = i;
            if (index == type(uint256).max) {
                vm.expectRevert(abi.encodeWithSelector(HistoryLib.BeforeHistory.selector, epoch));
                this.find(epoch);
            } else {
                vm.assertEq(this.find(epoch), index);
                vm.assertEq(this.covering(index, epoch).stake, _stakes[index]);
            }
            // No other hint passes.
            for (uint256 hint = 0; hint < _froms.length + 2; ++hint) {
                if (hint == index) continue;
                vm.expectRevert(abi.encodeWithSelector(HistoryLib.WrongHint.selector, hint, epoch));
                this.covering(hint, epoch);
            }
        }
    }

    /// @dev A21: what a contract asks for is near the end; a long history does not make it dearer.
    function test_A21_RecentEpochsAreFoundAtOnce() external {
        for (uint64 i = 0; i < 1000; ++i) this.append(2 + i, i);
        for (uint64 back = 0; back < 3; ++back) {
            uint256 before = gasleft();
            uint256 index = this.find(1001 - back);
            vm.assertLe(before - gasleft(), 25_000);
            vm.assertEq(index, 999 - back);
        }
        for (uint64 epoch = 2; epoch < 1002; epoch += 97) vm.assertEq(this.find(epoch), epoch - 2);
    }
}
