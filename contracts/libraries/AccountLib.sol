// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account} from "../types/Account.sol";

/// @notice Moves of money within an account: stake → unbonding → credit, and out of unbonding by a penalty.
library AccountLib {
    /// @notice What could be withdrawn now.
    function withdrawable(Account memory self) internal view returns (uint256) {
        return uint256(self.credit) + (_due(self.releaseBlock) ? self.unbonding : 0);
    }

    /// @notice What has left the stake and can still be slashed.
    function slashable(Account memory self) internal view returns (uint96) {
        return _due(self.releaseBlock) ? 0 : self.unbonding;
    }

    /// @notice What has waited long enough becomes credit.
    function settle(Account storage self) internal {
        if (self.unbonding == 0 || !_due(self.releaseBlock)) return;
        self.credit += self.unbonding;
        self.unbonding = 0;
    }

    /// @notice Adds to what waits. One date for all of it, the last: what was not yet due waits on.
    /// @param releaseBlock not before that of any earlier call
    function unbond(Account storage self, uint96 amount, uint64 releaseBlock) internal {
        settle(self);
        (self.unbonding, self.releaseBlock) = (self.unbonding + amount, releaseBlock);
    }

    /// @notice Pays the credit out of the books.
    function empty(Account storage self) internal returns (uint256 amount) {
        settle(self);
        amount = self.credit;
        self.credit = 0;
    }

    function _due(uint64 releaseBlock) private view returns (bool) {
        return block.number >= releaseBlock;
    }
}
