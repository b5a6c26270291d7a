// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Round} from "../types/Round.sol";
import {Lottery} from "./Lottery.sol";

/// @title The prize of every round, from those rounds alone in which something was claimed
/// @notice The list ascends and begins with round 0. Whoever asks for a round brings the index (the hint) of the last entry
/// that is not after it, so that a read costs two words however long the list is.
library Rounds {
    /// @notice The entry at `hint` does not exist, is after the round, or is not the last one before it.
    error WrongRound(uint256 hint, uint256 round);
    /// @notice The round has paid as many prizes as it may: the ticket can be claimed in another.
    error RoundFull(uint256 round, uint256 claims);

    /// @notice What moves the prize.
    struct Rule {
        uint256 wanted;
        uint256 least;
    }

    /// @notice The prize of `round`, which has begun: entries before it do not change any more.
    function prizeIn(
        Round[] storage self,
        uint256 round,
        uint256 hint,
        Rule memory rule
    ) internal view returns (uint256) {
        uint256 entries = self.length;
        if (hint >= entries || self[hint].number > round) revert WrongRound(hint, round);
        if (hint + 1 != entries && self[hint + 1].number <= round) revert WrongRound(hint, round);
        return _after(self[hint], round, rule);
    }

    /// @notice Counts a claim in the running round; at most twice as many as are wanted.
    function count(Round[] storage self, uint256 round, Rule memory rule) internal {
        Round storage last = self[self.length - 1];
        if (last.number == round) {
            if (last.claims >= 2 * rule.wanted) revert RoundFull(round, last.claims);
            ++last.claims;
        } else {
            // Both fit: a prize has 88 bits, and rounds are fewer than blocks.
            self.push(Round({number: uint64(round), prize: uint96(_after(last, round, rule)), claims: 1}));
        }
    }

    /// @notice The hint for `round`.
    function find(Round[] storage self, uint256 round) internal view returns (uint256 low) {
        uint256 high = self.length - 1;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (self[middle].number > round) high = middle - 1;
            else low = middle;
        }
    }

    function _after(Round memory last, uint256 round, Rule memory rule) private pure returns (uint256) {
        if (round == last.number) return last.prize;
        uint256 next = Lottery.adjusted(last.prize, last.claims, rule.wanted, rule.least);
        return Lottery.relieved(next, round - last.number - 1, rule.least);
    }
}
