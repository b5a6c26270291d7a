import { adjustedTarget, MAX_UINT256, relievedTarget, targetOf } from "../../protocol/difficulty.ts";
import { openRandom, type Random } from "./random.ts";

export type Rule = (target: bigint, answers: number, wanted: number) => bigint;

const RATIO = 20n;
const START = targetOf(2n ** 60n);
const RUNS = 200;
const NEVER = 5_000;

/** The contract's. */
export function ours(target: bigint, answers: number, wanted: number): bigint {
  if (answers === 0) return relievedTarget(target, 1n, MAX_UINT256);
  return adjustedTarget(target, BigInt(answers), { wanted: BigInt(wanted), ratio: RATIO, maxTarget: MAX_UINT256 });
}

/** 0G's, to compare with: a full epoch is one with twice the answers, and an empty one moves nothing. */
export function theirs(target: bigint, answers: number, wanted: number): bigint {
  if (answers === 0) return target;
  const next = (target * (RATIO - 1n) + (target * BigInt(wanted)) / BigInt(answers)) / RATIO;
  return next > 2n * target ? 2n * target : next;
}

export interface Recovery {
  /** Answers that would come in each epoch, had it room, in answers wanted: the geometric mean of all runs. */
  readonly curve: readonly number[];
  /** Epochs, on average, until the network is within this of what is wanted; undefined: never. */
  readonly double: number | undefined;
  readonly quarter: number | undefined;
}

/** @param shock how many times the answers that are wanted would come in the first epoch */
export function recoveryOf(rule: Rule, shock: number, wanted: number, epochs: number): Recovery {
  const random = openRandom(`${rule.name} after ${shock} for ${wanted}`);
  const logs = new Float64Array(epochs);
  const found: { double: number; quarter: number } = { double: 0, quarter: 0 };
  for (let i = 0; i < RUNS; i++) {
    let target = START;
    const until: Record<"double" | "quarter", number | undefined> = { double: undefined, quarter: undefined };
    for (let epoch = 0; epoch < NEVER; epoch++) {
      const rate = shock * ratio(target, START);
      if (epoch < epochs) logs[epoch] = (logs[epoch] ?? 0) + Math.log(rate);
      if (rate < 2 && rate > 1 / 2) until.double ??= epoch;
      if (rate < 1.25 && rate > 1 / 1.25) until.quarter ??= epoch;
      if (until.quarter !== undefined && epoch >= epochs) break;
      target = rule(target, random.arrivals(rate * wanted, 2 * wanted), wanted);
    }
    found.double += until.double ?? Number.POSITIVE_INFINITY;
    found.quarter += until.quarter ?? Number.POSITIVE_INFINITY;
  }
  const mean = (sum: number) => (Number.isFinite(sum) ? sum / RUNS : undefined);
  return {
    curve: [...logs].map((sum) => Math.exp(sum / RUNS)),
    double: mean(found.double),
    quarter: mean(found.quarter),
  };
}

export interface Steady {
  /** Answers of an epoch, in answers wanted. */
  readonly answers: number;
  /** Standard deviation of the target's logarithm. */
  readonly wander: number;
  readonly full: number;
  readonly empty: number;
}

/** An undisturbed network. */
export function steadyOf(rule: Rule, wanted: number): Steady {
  const random = openRandom(`${rule.name} undisturbed for ${wanted}`);
  const epochs = 20_000;
  let target = START;
  const sum = { answers: 0, log: 0, square: 0, full: 0, empty: 0 };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = ratio(target, START);
    const answers = random.arrivals(rate * wanted, 2 * wanted);
    sum.answers += answers / wanted;
    sum.log += Math.log(rate);
    sum.square += Math.log(rate) ** 2;
    sum.full += answers === 2 * wanted ? 1 : 0;
    sum.empty += answers === 0 ? 1 : 0;
    target = rule(target, answers, wanted);
  }
  return {
    answers: sum.answers / epochs,
    wander: Math.sqrt(sum.square / epochs - (sum.log / epochs) ** 2),
    full: sum.full / epochs,
    empty: sum.empty / epochs,
  };
}

export interface Hopping {
  /** The attacker's machines, in those of everybody else. */
  readonly power: number;
  readonly on: number;
  readonly off: number;
  /** What a trial of his earns, in what a trial of the others earns. */
  readonly gain: number;
}

/** A miner who comes for some epochs and stays away for others: does it pay to let others bring the difficulty down? */
export function hoppingOf(rule: Rule, power: number, on: number, off: number, wanted: number): Hopping {
  const random = openRandom(`${rule.name} ${power} for ${on} of ${on + off}`);
  const others = { reward: 0, trials: 0 };
  const attacker = { reward: 0, trials: 0 };
  let target = START;
  let claimable = 0;
  for (let epoch = 0; epoch < 20_000; epoch++) {
    const here = epoch % (on + off) < on ? power : 0;
    const rate = ratio(target, START) * wanted;
    const answers = random.arrivals(rate * (1 + here), 2 * wanted);
    let time = 0;
    for (let i = 0; i < answers; i++) {
      // As many as came lie anywhere in the epoch; the gaps between them are what fills the pool.
      const step = nextOf(time, answers - i, random);
      claimable += step - time;
      time = step;
      claimable /= 2;
      const who = random.next() * (1 + here) < here ? attacker : others;
      who.reward += claimable;
    }
    claimable += 1 - time;
    others.trials += 1;
    attacker.trials += here;
    target = rule(target, answers, wanted);
  }
  return { power, on, off, gain: attacker.reward / attacker.trials / (others.reward / others.trials) };
}

/** The first of `count` moments, drawn evenly from what is left of an epoch. */
function nextOf(time: number, count: number, random: Random): number {
  return time + (1 - time) * (1 - (1 - random.next()) ** (1 / count));
}

function ratio(a: bigint, b: bigint): number {
  return Number((a << 52n) / b) / 2 ** 52;
}
