// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lottery} from "../../../contracts/libraries/Lottery.sol";
import {Rounds} from "../../../contracts/libraries/Rounds.sol";
import {Round} from "../../../contracts/types/Round.sol";
import {Test} from "../base/Test.sol";

contract LotteryTest is Test {
    using Rounds for Round[];

    Round[] private _rounds;

    function test_BetsAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/sampling.json");
        for (uint256 i = 0; i < 12; ++i) {
            string memory item = string.concat(".bets[", vm.toString(i), "].");
            uint256 fee = _word(json, item, "fee");
            uint256 prize = _word(json, item, "prize");
            vm.assertEq(Lottery.mostPrizes(fee, prize), vm.parseJsonUint(json, string.concat(item, "most")));
            vm.assertEq(Lottery.prizeOf(prize, fee), prize);
            for (uint256 k = 0; k < 2; ++k) {
                string memory edge = string.concat(item, k == 0 ? "last." : "next.");
                bool wins = Lottery.wins(
                    vm.parseJsonBytes32(json, string.concat(edge, "quality")),
                    fee,
                    _word(json, item, "stake"),
                    _word(json, item, "totalStake"),
                    vm.parseJsonUint(json, string.concat(item, "samples")),
                    prize
                );
                vm.assertEq(
                    keccak256(bytes(wins ? "true" : "false")),
                    keccak256(bytes(vm.parseJsonString(json, string.concat(edge, "wins"))))
                );
            }
        }
    }

    function test_PrizesAreThoseOfTypeScript() external {
        string memory json = vm.readFile("test/vectors/sampling.json");
        for (uint256 i = 0; i < 24; ++i) {
            string memory item = string.concat(".prizes[", vm.toString(i), "].");
            uint256 prize = _word(json, item, "prize");
            uint256 least = _word(json, item, "least");
            uint256 claims = vm.parseJsonUint(json, string.concat(item, "claims"));
            uint256 wanted = vm.parseJsonUint(json, string.concat(item, "wanted"));
            uint256 rounds = vm.parseJsonUint(json, string.concat(item, "rounds"));
            vm.assertEq(Lottery.adjusted(prize, claims, wanted, least), _word(json, item, "adjusted"));
            vm.assertEq(Lottery.relieved(prize, rounds, least), _word(json, item, "relieved"));
            delete _rounds;
            _rounds.push(Round(7, uint96(prize), uint32(claims)));
            vm.assertEq(_rounds.prizeIn(7 + rounds, 0, Rounds.Rule(wanted, least)), _word(json, item, "later"));
        }
    }

    /// @dev The number n of winning qualities (of 2^64) times the prize, over all samples, is at most fee × stake / total:
    /// nobody expects more than the share of the fee that is its share of the stake. Splitting a stake changes nothing but
    /// rounding, which is downward.
    function testFuzz_TheExpectationIsNeverAboveTheFee(
        uint96 fee,
        uint96 stake,
        uint96 other,
        uint88 roundPrize,
        uint256 samples
    ) external pure {
        fee = uint96(bound(fee, 1, 2 ** 89));
        stake = uint96(bound(stake, 1, 2 ** 95 - 1));
        uint256 total = uint256(stake) + bound(other, 0, 2 ** 95);
        samples = bound(samples, 4, 128);
        uint256 prize = Lottery.prizeOf(bound(roundPrize, 1, Lottery.MOST_PRIZE), fee);
        uint256 n = (uint256(fee) * stake * 2 ** 64) / (total * samples * prize);
        vm.assertLe(n, 2 ** 64);
        // n qualities win: 0 … n − 1 in their highest 64 bits, whatever the others are.
        if (n != 0)
            vm.assertTrue(Lottery.wins(bytes32(((n - 1) << 192) | (2 ** 192 - 1)), fee, stake, total, samples, prize));
        if (n != 2 ** 64) vm.assertFalse(Lottery.wins(bytes32(n << 192), fee, stake, total, samples, prize));
        vm.assertLe(n * samples * prize, (uint256(fee) * 2 ** 64 * stake) / total);

        uint256 half = stake / 2;
        uint256 n1 = (uint256(fee) * half * 2 ** 64) / (total * samples * prize);
        uint256 n2 = (uint256(fee) * (stake - half) * 2 ** 64) / (total * samples * prize);
        vm.assertLe(n1 + n2, n);
        vm.assertGe(n1 + n2 + 1, n);
    }

    /// @dev A23: what a batch can pay at most, however its hash was chosen.
    function testFuzz_A23_ABatchPaysFourToSixteenPrizesAtMost(uint96 fee, uint88 roundPrize) external pure {
        uint256 price = bound(fee, 1, type(uint96).max);
        uint256 prize = Lottery.prizeOf(bound(roundPrize, 1, Lottery.MOST_PRIZE), price);
        uint256 most = Lottery.mostPrizes(price, prize);
        vm.assertGe(most, 4);
        vm.assertLe(most, 16);
        vm.assertLe(most * prize, 4 * (price + prize));
        vm.assertEq(Lottery.mostPrizes(0, prize), 0);
    }

    function testFuzz_APrizeMovesByAQuarterAtMostAndStaysWithinItsBounds(
        uint256 prize,
        uint256 claims,
        uint256 wanted,
        uint256 least,
        uint256 rounds
    ) external pure {
        least = bound(least, 1, Lottery.MOST_PRIZE);
        prize = bound(prize, least, Lottery.MOST_PRIZE);
        wanted = bound(wanted, 1, type(uint16).max);
        claims = bound(claims, 0, 2 * wanted);
        uint256 next = Lottery.adjusted(prize, claims, wanted, least);
        vm.assertGe(next, least);
        vm.assertLe(next, Lottery.MOST_PRIZE);
        vm.assertLe(next, (prize * 5) / 4);
        vm.assertTrue(next >= (prize * 3) / 4);
        if (claims == wanted) vm.assertEq(next, prize);
        if (claims > wanted) vm.assertGe(next, prize);
        if (claims < wanted) vm.assertLe(next, prize);
        // More claims never lower it.
        if (claims != 0) vm.assertLe(Lottery.adjusted(prize, claims - 1, wanted, least), next);

        // Silence: never up, and further silence never up.
        rounds = bound(rounds, 0, 10_000);
        uint256 later = Lottery.relieved(prize, rounds, least);
        vm.assertGe(later, least);
        vm.assertLe(later, prize);
        vm.assertLe(Lottery.relieved(prize, rounds + 1, least), later);
    }

    /// @dev A21: ten thousand silent rounds cost what one costs, and are what stepping through them gives, but for the
    /// rounding of each step.
    function test_A21_SilenceOfAnyLengthIsOneStep() external view {
        uint256 step = Lottery.MOST_PRIZE;
        uint256 used = gasleft();
        uint256 once = Lottery.relieved(Lottery.MOST_PRIZE, 100, 1);
        used -= gasleft();
        for (uint256 i = 0; i < 100; ++i) step = Lottery.adjusted(step, 0, 16, 1);
        vm.assertLe(step, once);
        vm.assertGe(step + 4, once);
        vm.assertEq(Lottery.relieved(Lottery.MOST_PRIZE, 10_000, 5), 5);
        vm.assertEq(Lottery.relieved(Lottery.MOST_PRIZE, type(uint256).max, 5), 5);
        vm.assertLe(used, 2_000);
    }

    function test_TheHintMustBeTheLastEntryThatIsNotAfterTheRound() external {
        Rounds.Rule memory rule = Rounds.Rule(3, 10);
        _rounds.push(Round(0, 10, 0));
        _rounds.push(Round(4, 800, 6));
        _rounds.push(Round(9, 640, 3));
        uint256[12] memory hints = [uint256(0), 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2];
        // After round 4: 5/4 of 800, then 3/4 of it each round; round 9 was met by its own claims. 640 stays: as wanted.
        uint256[12] memory prizes = [uint256(10), 10, 10, 10, 800, 1000, 750, 562, 421, 640, 640, 480];
        for (uint256 round = 0; round < 12; ++round) {
            vm.assertEq(_rounds.find(round), hints[round]);
            for (uint256 hint = 0; hint < 5; ++hint) {
                if (hint == hints[round]) vm.assertEq(_rounds.prizeIn(round, hint, rule), prizes[round]);
                else {
                    vm.expectRevert(abi.encodeWithSelector(Rounds.WrongRound.selector, hint, round));
                    this.prizeIn(round, hint, rule);
                }
            }
        }
    }

    function testFuzz_FindFindsTheHint(uint256 seed, uint256 round) external {
        uint256 number = 0;
        uint256 entries = 1 + (seed % 20);
        for (uint256 i = 0; i < entries; ++i) {
            _rounds.push(Round(uint64(number), 10, 1));
            number += 1 + (uint256(keccak256(abi.encode(seed, i))) % 5);
        }
        // Whatever it finds, the check accepts.
        _rounds.prizeIn(bound(round, 0, number + 10), _rounds.find(bound(round, 0, number + 10)), Rounds.Rule(3, 10));
    }

    function test_ARoundTakesTwiceAsManyClaimsAsItWants() external {
        Rounds.Rule memory rule = Rounds.Rule(2, 10);
        _rounds.push(Round(0, 1000, 0));
        for (uint256 i = 0; i < 4; ++i) _rounds.count(3, rule);
        // Rounds 0, 1 and 2 were silent: 3/4 of 1000 after each, the last two in one step.
        vm.assertEq(_rounds.length, 2);
        vm.assertEq(_rounds[1].prize, 421);
        vm.assertEq(_rounds[1].claims, 4);
        vm.expectRevert(abi.encodeWithSelector(Rounds.RoundFull.selector, 3, 4));
        this.count(3, rule);
        _rounds.count(4, rule);
        vm.assertEq(_rounds[2].prize, 526);
        vm.assertEq(_rounds[2].claims, 1);
    }

    function prizeIn(uint256 round, uint256 hint, Rounds.Rule memory rule) external view returns (uint256) {
        return _rounds.prizeIn(round, hint, rule);
    }

    function count(uint256 round, Rounds.Rule memory rule) external {
        _rounds.count(round, rule);
    }

    function _word(string memory json, string memory item, string memory name) private pure returns (uint256) {
        return uint256(vm.parseJsonBytes32(json, string.concat(item, name)));
    }
}
