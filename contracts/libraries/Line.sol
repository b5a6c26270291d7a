// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Linear streams added up to one line, as numbers
/// @notice The line of some streams that run: `rate × t − offset` wei were released until t, with rate = Σ rate_i and
/// offset = Σ (rate_i × start_i − rest_i). Each sentence below is proved for all values in range: `npm run prove`.
library Line {
    /// @notice A stream of `amount` wei over `seconds_` seconds: whole wei a second, and what that leaves, which is less than
    /// a wei for each second. rate × seconds_ + rest = amount.
    function split(uint256 amount, uint256 seconds_) internal pure returns (uint256 rate, uint256 rest) {
        rate = amount / seconds_;
        rest = amount - rate * seconds_;
    }

    /// @notice The line with one stream more, which starts now and releases its rest at once: t seconds after `start` it is
    /// higher by rest + added × t.
    function joined(
        uint256 rate,
        int256 offset,
        uint256 added,
        uint256 rest,
        uint256 start
    ) internal pure returns (uint256, int256) {
        return (rate + added, offset + int256(added * start) - int256(rest));
    }

    /// @notice The line without a stream that ended: at its end the line is as high as before, later it is lower by
    /// ended × (t − end).
    function left(uint256 rate, int256 offset, uint256 ended, uint256 end) internal pure returns (uint256, int256) {
        return (rate - ended, offset - int256(ended * end));
    }

    /// @notice Wei released until `time`.
    function height(uint256 rate, int256 offset, uint256 time) internal pure returns (int256) {
        return int256(rate * time) - offset;
    }

    /// @notice How much of a fee over `sectors` is due to the first `upTo` of them: none of it to none, all of it to all, and
    /// never less to more. So the differences along the way add up to the fee.
    function due(uint256 fee, uint256 upTo, uint256 sectors) internal pure returns (uint256) {
        return (fee * upTo) / sectors;
    }

    /// @notice So many hundredths of a percent: never more than the amount.
    function part(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return (amount * bps) / 10_000;
    }
}
