import { readFileSync } from "node:fs";
import { expect } from "chai";
import {
  type Behaviour,
  breakEven,
  expectationOf,
  expectedPayout,
  expectedShare,
  groundPrizes,
  type Lottery,
  meanAndError,
  playBatches,
  playRounds,
  playStrategy,
  randomOf,
  type Strategy,
} from "../../scripts/model/sampling.ts";
import { samplingTables } from "../../scripts/model/samplingTables.ts";

const FULL = process.env.TEST_FULL === "1";
const BATCHES = FULL ? 200_000 : 4_000;
const ETHER = 10n ** 18n;
const stakes = (...ether: number[]): bigint[] => ether.map((value) => BigInt(value) * ETHER);

/** Hardhat's matchers, once some test of the same process has loaded them, take integers only. */
const holds = (true_: boolean, ...values: readonly number[]): void => {
  expect(true_, values.join(" and ")).to.equal(true);
};
const isBelow = (a: number, b: number): void => holds(a < b, a, b);
const isAbove = (a: number, b: number): void => holds(a > b, a, b);
const isAtMost = (a: number, b: number): void => holds(a <= b, a, b);
const isAtLeast = (a: number, b: number): void => holds(a >= b, a, b);
const isNear = (a: number, b: number, by: number): void => holds(Math.abs(a - b) <= by, a, b);

/** Within three standard errors: at most one in 370 such checks is wrong by chance, and the seed is fixed. */
function close(values: readonly number[], expected: number): void {
  const { mean, error } = meanAndError(values);
  isBelow(Math.abs(mean - expected), 3 * error + 1e-12);
}

const LOTTERIES: Record<string, Lottery> = {
  "equal stakes, a prize of ten fees": { stakes: stakes(1, 1, 1, 1), samples: 8, fee: 10n ** 15n, prize: 10n ** 16n },
  "one large, two small": { stakes: stakes(90, 9, 1), samples: 5, fee: 10n ** 15n, prize: 2n * 10n ** 15n },
  "a fee of many prizes": { stakes: stakes(2, 1, 1), samples: 6, fee: 10n ** 18n, prize: 10n ** 15n },
};

describe("what sampling pays", function () {
  this.timeout(FULL ? 600_000 : 20_000);

  for (const [name, lottery] of Object.entries(LOTTERIES)) {
    it(`expects no more than the fee, and each its share of the stake: ${name}`, () => {
      const total = Number(lottery.stakes.reduce((sum, stake) => sum + stake));
      for (const [validator, stake] of lottery.stakes.entries()) {
        const share = expectedShare(lottery, validator);
        isAtMost(share, Number(stake) / total);
        isNear(share, Number(stake) / total, 1e-6);
      }
      const payout = expectedPayout(lottery);
      isAtMost(payout, 1);
      isAbove(payout, 0.98);
      const prize = lottery.prize * 4n > lottery.fee ? lottery.prize : (lottery.fee + 3n) / 4n;
      const played = playBatches(lottery, BATCHES, randomOf(1));
      const inFees = (prizes: number): number => (prizes * Number(prize)) / Number(lottery.fee);
      close(
        played.map((paid) => inFees(paid.reduce((sum, prizes) => sum + prizes))),
        payout,
      );
    });
  }

  it("pays one stake in ten slots what it pays in one", () => {
    const whole: Lottery = { stakes: stakes(30, 70), samples: 8, fee: 10n ** 15n, prize: 10n ** 15n };
    const split: Lottery = { ...whole, stakes: [...stakes(...new Array<number>(10).fill(3)), 70n * ETHER] };
    const sum = Array.from({ length: 10 }, (_, i) => expectedShare(split, i)).reduce((a, b) => a + b);
    isNear(sum, expectedShare(whole, 0), 1e-6);
    isAtMost(sum, 0.3);
    const wins = (lottery: Lottery, mine: number): number[] =>
      playBatches(lottery, BATCHES, randomOf(2)).map((paid) => paid.slice(0, mine).reduce((a, b) => a + b));
    const [one, ten] = [meanAndError(wins(whole, 1)), meanAndError(wins(split, 10))];
    isBelow(Math.abs(one.mean - ten.mean), 3 * Math.hypot(one.error, ten.error));
  });

  it("makes a wash batch cost what the others' share of its fee is", () => {
    const lottery: Lottery = { stakes: stakes(30, 70), samples: 8, fee: 10n ** 15n, prize: 10n ** 16n };
    const profits = playBatches(lottery, 4 * BATCHES, randomOf(3)).map(([mine = 0]) => mine * 10 - 1);
    close(profits, expectedShare(lottery, 0) - 1);
    isBelow(meanAndError(profits).mean, -0.3);
  });

  it("gives a proposer that tries k hashes at most k times the honest gain, and at most the cap (A23)", () => {
    for (const fee of [0.01, 0.1, 1, 4]) {
      for (const share of [0.05, 0.3]) {
        let before = 0;
        for (const tries of [1, 2, 10, 1000, 1e6]) {
          const gain = groundPrizes(share, 16, fee, tries);
          isAtMost(gain, Math.min(4 * Math.ceil(fee), tries * share * fee) + 1e-9);
          isAtLeast(gain, before);
          before = gain;
        }
        isNear(groundPrizes(share, 16, fee, 1), share * fee, share * fee * 0.02);
      }
    }
  });

  it("tries out the best of k hashes and finds the formula (A23)", () => {
    const [share, samples, fee, tries] = [0.25, 8, 1, 20];
    const random = randomOf(4);
    const best = Array.from({ length: BATCHES }, () =>
      Math.max(
        ...Array.from({ length: tries }, () => {
          let wins = 0;
          for (let i = 0; i < samples; i++) if (random() < (fee * share) / samples) wins++;
          return Math.min(wins, 4);
        }),
      ),
    );
    close(best, groundPrizes(share, samples, fee, tries));
  });

  it("has the expectation of looking and of not looking as computed", () => {
    const behaviour: Behaviour = { share: 0.05, traffic: 0.01, slash: 40, rate: 1 / 8, withheld: 0.02 };
    for (const strategy of ["sample", "sign, then look", "sign only"] as const satisfies Strategy[]) {
      close(playStrategy(strategy, behaviour, 10 * BATCHES, randomOf(5)), expectationOf(strategy, behaviour));
    }
    isAbove(expectationOf("sample", behaviour), expectationOf("sign, then look", behaviour));
    isAbove(expectationOf("sign, then look", behaviour), expectationOf("sign only", behaviour));
    const even = { ...behaviour, withheld: breakEven(behaviour) };
    isNear(expectationOf("sample", even), expectationOf("sign, then look", even), 1e-12);
  });

  it("brings the claims of a round to their target after a hundredfold more and less of fees (A30)", () => {
    const rule = { wanted: 16n, least: 10n ** 15n };
    const fees = (round: number): number => (round < 100 ? 320 : round < 250 ? 32_000 : 320);
    for (const delay of [1, 4]) {
      const rounds = playRounds({ fees, delay, patience: 5, rule }, 400, randomOf(6));
      const claims = (from: number, to: number): number =>
        meanAndError(rounds.slice(from, to).map((round) => round.claims)).mean;
      for (const [from, to] of [
        [50, 100],
        [190, 250],
        [340, 400],
      ] as const) {
        expect(claims(from, to)).to.be.within(12, 20);
      }
      expect(Math.max(...rounds.map((round) => round.claims))).to.be.at.most(32);
    }
  });

  it("stands in docs/sampling.md as it is computed", function () {
    this.timeout(120_000);
    const docs = readFileSync(new URL("../../docs/sampling.md", import.meta.url), "utf8");
    for (const [name, table] of Object.entries(samplingTables())) expect(docs, name).to.include(table);
  });
});
