// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The lottery among samples: who wins, how much, and how the prize follows the claims
/// @notice Each validator has one ticket for each sample that it owes. A ticket of a batch with DA fee F wins the prize W
/// with the chance
/// ```
/// p = F · stake / (totalStake · samples · W)
/// ```
/// so that all tickets of all validators together expect F, however large W is: the prize decides how often something is
/// paid, never how much. It follows the number of claims, because a claim costs gas.
library Lottery {
    /// @dev A batch pays at most four times as many prizes as it expects to (rounded up), and expects four at most: the
    /// bound on what a block's proposer gains by choosing its hash. 16 tickets fit one word.
    uint256 internal constant SPREAD = 4;
    uint256 internal constant MOST_EXPECTED = 4;

    /// @dev With 88 bits, and 3^105 < 2^167, relief is one multiplication. From any prize 105 silent rounds divide by 10^13.
    uint256 internal constant MOST_PRIZE = type(uint88).max;
    uint256 private constant LONGEST_RELIEF = 105;

    /// @notice What a sample is worth in the lottery: of all its bytes, and of the one who has to show it.
    function quality(
        bytes32 batchId,
        bytes32 signatureHash,
        uint256 index,
        bytes calldata cell
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256("0G-DA/ticket/v1"), batchId, signatureHash, index, cell));
    }

    /// @notice Whether a ticket of this quality wins. Needs stake ≤ totalStake, samples ≥ 4 and fee ≤ 4 × prize: then p ≤ 1.
    /// @dev The 64 highest bits decide, as a number x of 2^64: it wins if (x + 1) / 2^64 ≤ p, so that ⌊2^64 p⌋ of them win
    /// and the expectation is never above the fee. Fits a word while fee × stake < 2^192; reverts above.
    function wins(
        bytes32 quality_,
        uint256 fee,
        uint256 stake,
        uint256 totalStake,
        uint256 samples,
        uint256 prize
    ) internal pure returns (bool) {
        uint256 x = uint256(quality_) >> 192;
        return (x + 1) * (totalStake * samples * prize) <= fee * stake * 2 ** 64;
    }

    /// @notice The prize of a batch: its round's, or a quarter of its fee if that is more.
    function prizeOf(uint256 roundPrize, uint256 fee) internal pure returns (uint256) {
        uint256 quarter = (fee + MOST_EXPECTED - 1) / MOST_EXPECTED;
        return roundPrize > quarter ? roundPrize : quarter;
    }

    /// @notice Prizes that a batch pays at most: 4 × ⌈fee / prize⌉, which is 4 to 16; 0 without a fee.
    function mostPrizes(uint256 fee, uint256 prize) internal pure returns (uint256) {
        return SPREAD * ((fee + prize - 1) / prize);
    }

    /// @notice The prize after a round: a quarter of the way to what would have brought `wanted` claims, so between 3/4 and
    /// 5/4 of it.
    /// @dev A quarter, because claims answer a prize only rounds later: the whole way would swing for ever. With a delay of
    /// d rounds a share below 2·sin(π/(4d + 2)) settles: a quarter up to 5 rounds.
    function adjusted(uint256 prize, uint256 claims, uint256 wanted, uint256 least) internal pure returns (uint256) {
        return _within((prize * (3 * wanted + claims)) / (4 * wanted), least);
    }

    /// @notice The prize after `rounds` without a claim: 3/4 of it for each, in one step.
    function relieved(uint256 prize, uint256 rounds, uint256 least) internal pure returns (uint256) {
        if (rounds > LONGEST_RELIEF) return least;
        return _within((prize * 3 ** rounds) >> (2 * rounds), least);
    }

    function _within(uint256 prize, uint256 least) private pure returns (uint256) {
        if (prize < least) return least;
        return prize > MOST_PRIZE ? MOST_PRIZE : prize;
    }
}
