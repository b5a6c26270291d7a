// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountLib} from "../libraries/AccountLib.sol";

/// @notice What a validator's account has besides its stake, in the slot or out of it.
/// ```
/// word 0  unbonding 96 | releaseBlock 64 | leaseEnd 64 | slotPlusOne 16
/// word 1  credit 128 | jailedUntil 64
/// ```
/// @param unbonding wei that no longer counts but can still be slashed, until `releaseBlock`
/// @param leaseEnd last epoch of the lease on the slot
/// @param slotPlusOne so that 0 is nobody
/// @param credit wei that the account can withdraw
/// @param jailedUntil first block in which it may register again
struct Account {
    uint96 unbonding;
    uint64 releaseBlock;
    uint64 leaseEnd;
    uint16 slotPlusOne;
    uint128 credit;
    uint64 jailedUntil;
}

using AccountLib for Account global;
