import { batchPrize } from "../../protocol/lottery.ts";
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
  type RoundReport,
  randomOf,
  type Strategy,
} from "./sampling.ts";

/**
 * The tables of docs/sampling.md: `node scripts/model/samplingTables.ts` prints them, a test compares them with the docs.
 */
const ETHER = 10n ** 18n;
const FEE = 10n ** 15n;
const BATCHES = 10_000;

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n");
const fixed = (value: number, digits = 3): string => value.toFixed(digits);
const stakesOf = (ether: readonly number[]): bigint[] => ether.map((value) => BigInt(value) * ETHER);

function payouts(): string {
  const cases: [name: string, ether: number[], samples: number, prizeInFees: number][] = [
    ["4 equal", [1, 1, 1, 1], 52, 10],
    ["4 equal", [1, 1, 1, 1], 52, 1],
    ["4 equal", [1, 1, 1, 1], 52, 0.01],
    ["90, 9, 1", [90, 9, 1], 52, 2],
    ["20 equal", new Array<number>(20).fill(1), 19, 2],
    ["30 in one slot, 70 others", [30, ...new Array<number>(7).fill(10)], 16, 2],
    ["30 in ten slots, 70 others", [...new Array<number>(10).fill(3), ...new Array<number>(7).fill(10)], 16, 2],
  ];
  return table(
    ["stakes", "samples", "prize / fee", "first validator's share: exact", "all: exact", "all: 10,000 batches"],
    cases.map(([name, ether, samples, prizeInFees]) => {
      const prize = (FEE * BigInt(Math.round(prizeInFees * 100))) / 100n;
      const lottery: Lottery = { stakes: stakesOf(ether), samples, fee: FEE, prize };
      const inFees = Number(batchPrize(prize, FEE)) / Number(FEE);
      const played = playBatches(lottery, BATCHES, randomOf(11)).map(
        (paid) => paid.reduce((sum, prizes) => sum + prizes) * inFees,
      );
      const { mean, error } = meanAndError(played);
      return row(
        name,
        samples,
        inFees,
        fixed(expectedShare(lottery, 0), 4),
        fixed(expectedPayout(lottery), 4),
        `${fixed(mean)} ± ${fixed(error)}`,
      );
    }),
  );
}

function grinding(): string {
  const tries = [1, 2, 10, 100, 1e4, 1e6];
  const cases = [
    [0.05, 0.01],
    [0.05, 1],
    [0.3, 0.01],
    [0.3, 1],
    [0.3, 4],
  ] as const;
  return table(
    ["share of the stake", "fee / prize", "bound", ...tries.map((k) => `${k.toLocaleString("en")} tries`)],
    cases.map(([share, fee]) =>
      row(share, fee, 4 * Math.ceil(fee), ...tries.map((k) => fixed(groundPrizes(share, 16, fee, k)))),
    ),
  );
}

function strategies(): string {
  const base: Behaviour = { share: 0.05, traffic: 0.01, slash: 20, rate: 1 / 8, withheld: 0 };
  return table(
    ["withheld batches", "sample", "sign, then look", "sign only", "sign, then look: 10,000 batches"],
    [0, 0.001, 0.004, 0.01, 0.1].map((withheld) => {
      const b = { ...base, withheld };
      const exact = (strategy: Strategy): string => fixed(expectationOf(strategy, b), 4);
      const { mean, error } = meanAndError(playStrategy("sign, then look", b, BATCHES, randomOf(12)));
      return row(
        `${withheld * 100} %${withheld === breakEven(b) ? " (even)" : ""}`,
        exact("sample"),
        exact("sign, then look"),
        exact("sign only"),
        `${fixed(mean)} ± ${fixed(error)}`,
      );
    }),
  );
}

function rounds(): string {
  const rule = { wanted: 16n, least: FEE };
  const fees = (round: number): number => (round < 100 ? 320 : round < 250 ? 32_000 : 320);
  // When the mean of ten rounds comes within 10 to 22, and stays.
  const settled = (reports: readonly RoundReport[], from: number, to: number): number => {
    const width = 10;
    let at = to - width;
    const claims = (): number => meanAndError(reports.slice(at, at + width).map((r) => r.claims)).mean;
    while (at > from && claims() >= 10 && claims() <= 22) at--;
    return at - from;
  };
  return table(
    ["delay of a claim, rounds", "settled after the start", "after × 100", "after ÷ 100", "prizes that expired"],
    [1, 2, 4].map((delay) => {
      const reports = playRounds({ fees, delay, patience: 5, rule }, 400, randomOf(13));
      const sum = (of: (r: RoundReport) => number): number => reports.reduce((total, r) => total + of(r), 0);
      const lost = sum((r) => r.expired) / (sum((r) => r.expired) + sum((r) => r.paid));
      return row(
        delay,
        settled(reports, 0, 100),
        settled(reports, 100, 250),
        settled(reports, 250, 400),
        `${fixed(lost * 100, 1)} %`,
      );
    }),
  );
}

export function samplingTables(): Record<string, string> {
  return { payouts: payouts(), grinding: grinding(), strategies: strategies(), rounds: rounds() };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(samplingTables())) console.log(`${name}\n\n${text}\n`);
}
