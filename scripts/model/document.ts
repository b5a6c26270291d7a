/** What docs/mining.md shows of the model: tables and plots, from its results alone. */
import { markdownTable } from "../docs/sections.ts";
import { type Axis, plot } from "./plot.ts";
import { type Results, SHOCKS } from "./results.ts";

const COLORS = ["#0b6e99", "#c1440e", "#4b8b3b", "#7d4ea8"] as const;

const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;
const epochs = (value: number | undefined): string => (value === undefined ? "never" : value.toFixed(0));

const SHOCK_NAMES: ReadonlyMap<number, string> = new Map([
  [SHOCKS.up, "100 times the machines"],
  [SHOCKS.down, "a hundredth of them"],
  [SHOCKS.outage, "ten epochs without anybody, then all as before"],
]);
const RULE_NAMES = { theirs: "0G's step", ours: "with halving" } as const;

export const TABLES: Readonly<Record<string, (results: Results) => string>> = {
  anchor: ({ anchors }) =>
    markdownTable(
      ["miner of 2 MiB", "trials", "hits", "by the model", "apart"],
      anchors.map((a) => [
        a.miner,
        String(a.trials),
        String(a.hits),
        a.expected.toFixed(1),
        `${a.sigmas.toFixed(1)} σ`,
      ]),
    ),
  shares: ({ shares }) =>
    markdownTable(
      ["miners", "answers", "least and largest share stored", "furthest apart, by answers", "by wei", "beyond 2 σ"],
      shares.map(({ miners, answers, shares: all }) => {
        const stored = all.map((share) => share.stored);
        const worst = (i: 0 | 1) => Math.max(...all.map(({ sigmas }) => Math.abs(sigmas[i])));
        const beyond = all.flatMap(({ sigmas }) => sigmas).filter((sigma) => Math.abs(sigma) > 2).length;
        return [
          String(miners),
          String(answers),
          `${percent(Math.min(...stored))}, ${percent(Math.max(...stored))}`,
          `${worst(0).toFixed(1)} σ`,
          `${worst(1).toFixed(1)} σ`,
          `${beyond} of ${2 * miners}`,
        ];
      }),
    ),
  identities: ({ identities }) =>
    markdownTable(
      ["identities", ...identities.map(({ strategy, subtasks }) => `${strategy}; ${windows(subtasks)}`)],
      (identities[0]?.gains ?? []).map(({ identities: count }, i) => [
        String(count),
        ...identities.map(({ gains }) => `${gains[i]?.gain.toFixed(2)} ± ${gains[i]?.sigma.toFixed(3)}`),
      ]),
    ),
  recovery: ({ recoveries }) =>
    markdownTable(
      ["what happens", "answers wanted", "rule", "within a factor of 2", "within 25 %"],
      recoveries.map(({ shock, wanted, rule, double, quarter }) => [
        SHOCK_NAMES.get(shock) ?? String(shock),
        String(wanted),
        RULE_NAMES[rule],
        epochs(double),
        epochs(quarter),
      ]),
    ),
  steady: ({ steady }) =>
    markdownTable(
      ["answers wanted", "rule", "answers come", "target wanders by", "full epochs", "empty epochs"],
      steady.map(({ wanted, rule, answers, wander, full, empty }) => [
        String(wanted),
        RULE_NAMES[rule],
        percent(answers),
        percent(wander),
        percent(full, 2),
        percent(empty, 2),
      ]),
    ),
  hopping: ({ hopping }) =>
    markdownTable(
      [
        "his machines, in those of all others",
        "epochs here",
        "epochs away",
        "earnings of a trial, in those of the others",
      ],
      hopping.map(({ power, on, off, gain }) => [String(power), String(on), String(off), gain.toFixed(2)]),
    ),
};

export const PLOTS: Readonly<Record<string, (results: Results) => string>> = {
  "shares.svg": ({ shares }) => {
    const all = shares.flatMap((network) => network.shares.map((share) => ({ ...share, network })));
    const axis = (label: string): Axis => ({ label, ticks: [0.001, 0.01, 0.1, 1], log: true, format: percentTick });
    return plot("What is stored and what is earned, 2 to 50 miners", axis("share stored"), axis("share of the wei"), [
      {
        name: "exactly in proportion",
        color: COLORS[1],
        points: [[0.001, 0.001] as const, [1, 1] as const],
        dashed: true,
      },
      {
        name: "a miner, ± 3 σ",
        color: COLORS[0],
        points: all.map(({ stored, reward }) => [stored, reward] as const),
        bars: all.map(({ stored, reward, sigmas }) => sigmaOf(stored, reward, sigmas[1]) * 3),
      },
    ]);
  },
  "identities.svg": ({ identities }) =>
    plot(
      "One disk and one machine under several identities",
      { label: "identities", ticks: [1, 2, 4, 8, 16, 32], log: true },
      { label: "reward, in those of one identity", ticks: [0, 0.5, 1, 1.5, 2] },
      identities.flatMap(({ strategy, subtasks, gains }, i) => {
        const [name, color] = [`${strategy}; ${windows(subtasks)}`, COLORS[i] ?? "#222222"];
        return [{ name, color, points: gains.map(({ identities: count, gain }) => [count, gain] as const) }];
      }),
    ),
  "recovery.svg": ({ recoveries }) => {
    const shown = recoveries.filter(({ wanted, rule, shock }) => wanted === 100 && !(rule === "theirs" && shock < 1));
    return plot(
      "Answers that would come, in answers wanted",
      { label: "epochs after the shock", ticks: [0, 10, 20, 30, 40, 50, 60] },
      { label: "answers, in those wanted", ticks: [0.01, 0.1, 1, 10, 100, 1000, 10_000], log: true },
      shown.map(({ shock, rule, curve }, i) => ({
        name: `${SHOCK_NAMES.get(shock)}: ${RULE_NAMES[rule]}`,
        color: COLORS[[1, 0, 2, 1, 0][i] ?? 3] ?? "#222222",
        points: curve.map((rate, epoch) => [epoch, rate] as const),
        dashed: shock === SHOCKS.outage,
      })),
      "right",
    );
  },
};

function windows(subtasks: number): string {
  return subtasks === 1 ? "one window" : `${subtasks} windows`;
}

function percentTick(value: number): string {
  return `${value * 100} %`;
}

/** A standard deviation of luck, from how many of them two shares are apart. */
function sigmaOf(stored: number, earned: number, sigmas: number): number {
  return sigmas === 0 ? 0 : (earned - stored) / sigmas;
}
