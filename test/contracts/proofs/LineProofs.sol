// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Line} from "../../../contracts/libraries/Line.sol";

/// @notice What the arithmetic of the pools does, for every value it can meet: amounts and rates below 2^96 wei, times below
/// 2^40 seconds, logs up to 2^56 sectors. Engine: BMC, which looks at each function with any arguments.
contract LineProofs {
    function aStreamLosesNothing(uint256 amount, uint256 seconds_) external pure {
        require(seconds_ != 0);
        (uint256 rate, uint256 rest) = Line.split(amount, seconds_);
        assert(rate * seconds_ + rest == amount);
        assert(rest < seconds_);
    }

    /// From its start on, the line is higher by exactly what the stream has released.
    function aStreamJoins(
        uint256 rate,
        int256 offset,
        uint256 added,
        uint256 rest,
        uint256 start,
        uint256 t
    ) external pure {
        _inRange(rate, offset, added, start);
        require(rest < 2 ** 40 && start <= t && t < 2 ** 40);
        (uint256 rate2, int256 offset2) = Line.joined(rate, offset, added, rest, start);
        int256 more = Line.height(rate2, offset2, t) - Line.height(rate, offset, t);
        assert(more == int256(added * (t - start) + rest));
    }

    /// From its end on, the line is as if the stream stood still; at its end nothing moves.
    function aStreamLeaves(uint256 rate, int256 offset, uint256 ended, uint256 end, uint256 t) external pure {
        _inRange(rate, offset, ended, end);
        require(ended <= rate && end <= t && t < 2 ** 40);
        (uint256 rate2, int256 offset2) = Line.left(rate, offset, ended, end);
        assert(Line.height(rate2, offset2, end) == Line.height(rate, offset, end));
        assert(Line.height(rate2, offset2, t) == Line.height(rate, offset, t) - int256(ended * (t - end)));
    }

    /// Over its whole life a stream adds its amount, to the wei, and nothing afterwards.
    function aStreamPaysItsAmount(uint256 amount, uint256 start, uint256 end, uint256 t) external pure {
        require(amount < 2 ** 96 && start < end && end <= t && t < 2 ** 40);
        (uint256 rate, uint256 rest) = Line.split(amount, end - start);
        (uint256 rate1, int256 offset1) = Line.joined(0, 0, rate, rest, start);
        (uint256 rate2, int256 offset2) = Line.left(rate1, offset1, rate, end);
        assert(rate2 == 0);
        assert(Line.height(rate2, offset2, t) == int256(amount));
    }

    function sharesAddUp(uint256 fee, uint256 upTo, uint256 further, uint256 sectors) external pure {
        require(fee < 2 ** 96 && sectors != 0 && sectors <= 2 ** 56 && upTo <= further && further <= sectors);
        assert(Line.due(fee, 0, sectors) == 0);
        assert(Line.due(fee, upTo, sectors) <= Line.due(fee, further, sectors));
        assert(Line.due(fee, sectors, sectors) == fee);
    }

    function aPartIsNotMoreThanTheWhole(uint256 amount, uint256 bps) external pure {
        require(amount < 2 ** 96 && bps <= 10_000);
        assert(Line.part(amount, bps) <= amount);
    }

    function _inRange(uint256 rate, int256 offset, uint256 other, uint256 time) private pure {
        require(rate < 2 ** 96 && other < 2 ** 96 && time < 2 ** 40);
        require(offset < 2 ** 127 && offset >= -(2 ** 127));
    }
}
