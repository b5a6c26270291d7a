/**
 * Writes the tables of docs/sampling-bound.md: the formulas of protocol/quorum.ts, and beside them what 100,000 samplers
 * a point met that draw by the real rule. Everything follows from labels, so the tables change only when a rule does;
 * `--check` says whether they would. About a minute.
 */
import { readFile, writeFile } from "node:fs/promises";
import {
  choose,
  detectionBound,
  honestQuorum,
  log2,
  lossBound,
  type Rational,
  samplesFor,
  unionBound,
} from "../protocol/quorum.ts";
import { adaptiveLosses, fooled, withinThreeSigma } from "../test/protocol/samplers.ts";
import { markdownTable, withSection } from "./docs/sections.ts";

const DOCUMENT = new URL("../docs/sampling-bound.md", import.meta.url);
const SAMPLERS = 100_000;
const VALIDATORS = [4, 7, 10, 20, 40, 100, 200];
const SHARES: readonly (readonly [string, Rational | undefined])[] = [
  ["none", { numerator: 0n, denominator: 1n }],
  ["1/10", { numerator: 1n, denominator: 10n }],
  ["1/5", { numerator: 1n, denominator: 5n }],
  ["1/4", { numerator: 1n, denominator: 4n }],
  ["less than 1/3", undefined],
];
/** Samples at which 100,000 samplers are enough to see something; at 16 they are fooled once in 200,000. */
const VISIBLE = [1, 2, 4, 6, 8, 10];
const WITHHELD = [60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70];
/** Where the bound is below one, and the event still comes. */
const ADAPTIVE: readonly (readonly [validators: number, samples: number])[] = [
  [4, 42],
  [4, 43],
  [7, 31],
  [10, 25],
];

/** "2^-40.1", or "1" for what bounds nothing. */
function power(p: Rational): string {
  const bits = log2(p);
  return bits >= 0 ? "1" : `2^${(Math.ceil(bits * 10) / 10).toFixed(1)}`;
}

/** Of `runs`, how many are expected. */
function expected(p: Rational, runs: number): string {
  return (Number((p.numerator * BigInt(runs) * 1000n) / p.denominator) / 1000).toFixed(1);
}

function samplesTable(): string {
  const rows = SHARES.map(([name, share]) => [name, ...VALIDATORS.map((v) => String(samplesFor(v, 40, share)))]);
  return markdownTable(["dishonest stake", ...VALIDATORS.map((v) => `V = ${v}`)], rows);
}

function lossTable(): string {
  const rows = [8, 12, 16, 20, 32, 52].map((samples) => [
    String(samples),
    power(detectionBound(samples)),
    ...VALIDATORS.map((validators) => {
      const { fixed, loss } = lossBound(validators, samples);
      return `${power(fixed)} / ${power(loss)}`;
    }),
  ]);
  return markdownTable(["s", "one sampler", ...VALIDATORS.map((v) => `V = ${v}`)], rows);
}

/** The tables that take no simulation. */
export function formulas(): Readonly<Record<string, string>> {
  return { samples: samplesTable(), loss: lossTable() };
}

function compare(count: number, runs: number, p: Rational): string {
  if (!withinThreeSigma(count, runs, p)) throw new Error(`${count} of ${runs}, expected ${expected(p, runs)}`);
  return `${count} (${expected(p, runs)})`;
}

function withheldTable(): string {
  const rows = WITHHELD.map((withheld) => {
    const passed = fooled(`withheld ${withheld}`, SAMPLERS, withheld, Math.max(...VISIBLE));
    const cells = VISIBLE.map((s) => compare(passed[s] as number, SAMPLERS, detectionBound(s, 128 - withheld)));
    return [String(withheld), withheld <= 64 ? "yes" : "no", ...cells, power(detectionBound(16, 128 - withheld))];
  });
  return markdownTable(["withheld", "decodes", ...VISIBLE.map((s) => `s = ${s}`), "s = 16"], rows);
}

function adaptiveTable(): string {
  const rows = ADAPTIVE.map(([validators, samples]) => {
    const { honest, needed } = honestQuorum(validators);
    const rounds = Math.floor(SAMPLERS / honest);
    const { first, any } = adaptiveLosses(`adaptive ${validators} ${samples}`, rounds, { honest, needed, samples });
    const bound = unionBound(honest, needed, samples);
    const one = { numerator: bound.numerator / choose(honest, needed), denominator: bound.denominator };
    // The bound counts a round once for each team that is lost in it.
    if (BigInt(any) * bound.denominator > BigInt(rounds) * bound.numerator && !withinThreeSigma(any, rounds, bound)) {
      throw new Error(`${any} of ${rounds} lost, at most ${expected(bound, rounds)} expected`);
    }
    const text = [validators, samples, `${needed} of ${honest}`, rounds].map(String);
    return [...text, compare(first, rounds, one), String(any), expected(bound, rounds)];
  });
  const head = ["V", "s", "k of h", "rounds", "the first k hold ≤ 63", "some k hold ≤ 63", "bound"];
  return markdownTable(head, rows);
}

/** Throws when a measured number is more than three standard deviations from its formula. */
export function measured(): Readonly<Record<string, string>> {
  return { withheld: withheldTable(), adaptive: adaptiveTable() };
}

if (import.meta.main) {
  const old = await readFile(DOCUMENT, "utf8");
  const tables = Object.entries({ ...formulas(), ...measured() });
  const text = tables.reduce((document, [name, table]) => withSection(document, name, table), old);
  if (!process.argv.includes("--check")) await writeFile(DOCUMENT, text);
  else if (text !== old) throw new Error("docs/sampling-bound.md is not what this writes");
}
