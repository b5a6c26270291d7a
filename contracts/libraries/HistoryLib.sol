// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoint, History} from "../types/History.sol";

/// @notice Reads and appends checkpoints. Callers bring the index (the hint), so that a read costs two words whatever
/// the history's length.
library HistoryLib {
    /// @notice The checkpoint at `hint` does not exist or does not cover `epoch`.
    error WrongHint(uint256 hint, uint64 epoch);
    /// @notice The history begins after `epoch`.
    error BeforeHistory(uint64 epoch);

    /// @notice Sets the value from epoch `from` on. `from` is in the future and not below that of the last checkpoint;
    /// a second change for the same epoch replaces the first.
    function append(History storage self, uint64 from, bytes32 keyHash, uint96 stake) internal {
        uint256 count = self.count;
        if (count != 0) {
            Checkpoint storage last = self.points[count - 1];
            if (last.from == from) {
                (last.keyHash, last.stake) = (keyHash, stake);
                return;
            }
            last.until = from;
        }
        self.points[count] = Checkpoint({keyHash: keyHash, stake: stake, from: from, until: 0});
        self.count = count + 1;
    }

    /// @notice The checkpoint at `hint`, if it covers `epoch`.
    function covering(History storage self, uint256 hint, uint64 epoch) internal view returns (Checkpoint memory c) {
        c = self.points[hint];
        // An absent checkpoint reads as from = 0; a present one starts at epoch 2 or later.
        if (c.from == 0 || epoch < c.from || (c.until != 0 && epoch >= c.until)) revert WrongHint(hint, epoch);
    }

    /// @notice The last checkpoint, or zeros.
    function latest(History storage self) internal view returns (Checkpoint memory c) {
        uint256 count = self.count;
        if (count != 0) c = self.points[count - 1];
    }

    /// @notice Index of the checkpoint that covers `epoch`.
    function find(History storage self, uint64 epoch) internal view returns (uint256) {
        uint256 count = countUpTo(self, epoch);
        if (count == 0) revert BeforeHistory(epoch);
        return count - 1;
    }

    /// @notice How many checkpoints start at `epoch` or before it.
    /// @dev Gallops back from the end, then halves: the epochs that contracts ask for are at most two checkpoints back.
    function countUpTo(History storage self, uint64 epoch) internal view returns (uint256 low) {
        uint256 high = self.count;
        low = high;
        uint256 step = 1;
        // Everything from `high` on starts after `epoch`.
        while (low != 0 && self.points[low - 1].from > epoch) {
            high = low - 1;
            low = high > step ? high - step : 0;
            step *= 2;
        }
        // Now the first checkpoint after `epoch` lies in [low, high].
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self.points[middle].from > epoch) high = middle;
            else low = middle + 1;
        }
    }
}
