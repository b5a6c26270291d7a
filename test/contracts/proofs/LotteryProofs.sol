// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lottery} from "../../../contracts/libraries/Lottery.sol";

/// @notice What the lottery's arithmetic does for every value it can meet: prizes below 2^88 wei, fees below 2^90, up to
/// 65,535 wanted claims. Engine: BMC, which looks at each function with any arguments.
contract LotteryProofs {
    /// A batch's prize is at least a quarter of its fee, and not below its round's.
    function aFeeIsFourPrizesAtMost(uint256 roundPrize, uint256 fee) external pure {
        require(roundPrize != 0 && roundPrize < 2 ** 88 && fee < 2 ** 90);
        uint256 prize = Lottery.prizeOf(roundPrize, fee);
        assert(prize >= roundPrize);
        assert(4 * prize >= fee);
    }

    /// Sixteen tickets fit the word of what was paid.
    function aBatchPaysSixteenPrizesAtMost(uint256 prize, uint256 fee) external pure {
        require(prize != 0 && prize < 2 ** 90 && fee <= 4 * prize);
        uint256 most = Lottery.mostPrizes(fee, prize);
        assert(most <= 16);
        assert((most == 0) == (fee == 0));
        assert(most * prize <= 4 * (fee + prize));
    }

    function aPrizeStaysWithinItsBounds(uint256 prize, uint256 claims, uint256 wanted, uint256 least) external pure {
        require(least != 0 && least <= prize && prize < 2 ** 88);
        require(wanted != 0 && wanted < 2 ** 16 && claims <= 2 * wanted);
        uint256 next = Lottery.adjusted(prize, claims, wanted, least);
        assert(next >= least);
        assert(next < 2 ** 88);
    }

    function aPrizeRisesByAQuarterAtMost(uint256 prize, uint256 claims, uint256 wanted, uint256 least) external pure {
        require(least != 0 && least <= prize && prize < 2 ** 88);
        require(wanted != 0 && wanted < 2 ** 16 && claims <= 2 * wanted);
        assert(4 * Lottery.adjusted(prize, claims, wanted, least) <= 5 * prize);
    }

    function asManyClaimsAsWantedLeaveThePrize(uint256 prize, uint256 wanted, uint256 least) external pure {
        require(least != 0 && least <= prize && prize < 2 ** 88 && wanted != 0 && wanted < 2 ** 16);
        assert(Lottery.adjusted(prize, wanted, wanted, least) == prize);
    }
}
