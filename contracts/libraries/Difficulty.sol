// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How the target follows the number of answers
/// @notice A target of 2^256 / d is reached by one trial in d. After an epoch with n answers where N were wanted the target
/// moves 1/ratio of the way to what would have given N, and never by more than a factor of 2.
///
/// The two ends of that scale measure nothing: an epoch without an answer says only that it was too hard, one that took
/// 2N, the most that it takes, only that it was too easy. After the first the target doubles, however many of them passed (the
/// work is one shift); after the second it halves.
///
/// It stays within [MIN_TARGET, maxTarget]: never 0, so that it can double again; never above what the deployment allows.
library Difficulty {
    /// @dev Difficulty 2^128. Nobody can make it rise so far; it leaves 54 bits when 1024 shards have divided it.
    uint256 internal constant MIN_TARGET = 1 << 128;

    /// @dev Products are taken with the target's low bits cut off, as 0G does: with `wanted` + `ratio` ≤ 2^16 none
    /// overflows.
    uint256 private constant SCALE = 16;

    /// @notice The target after an epoch with `answers` ≥ 1 where `wanted` were wanted, and twice as many taken at most.
    function adjusted(
        uint256 target,
        uint256 answers,
        uint256 wanted,
        uint256 ratio,
        uint256 maxTarget
    ) internal pure returns (uint256) {
        uint256 old = target >> SCALE;
        uint256 next = (old * (ratio - 1) + (old * wanted) / answers) / ratio;
        if (next > old * 2) next = old * 2;
        if (next < old / 2 || answers >= 2 * wanted) next = old / 2;

        if (next > maxTarget >> SCALE) return maxTarget;
        next <<= SCALE;
        return next < MIN_TARGET ? MIN_TARGET : next;
    }

    /// @notice The target after `epochs` without an answer.
    function relieved(uint256 target, uint256 epochs, uint256 maxTarget) internal pure returns (uint256) {
        if (epochs > 255 || target > maxTarget >> epochs) return maxTarget;
        return target << epochs;
    }
}
