/**
 * A network of miners, epoch by epoch, by the functions that contract and worker use: windows, ranges, draws of loads,
 * scaled targets, the cap of an epoch. Only the hashes are replaced: a ticket is a coin that falls as often as its quality
 * would be low enough. Rewards are halved pools that fill with time.
 */
import { MAX_UINT256, targetIn } from "../../protocol/difficulty.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { subtaskIndexOf } from "../../protocol/pora.ts";
import { type RecallRange, recallPositionOf, recallRangeOf, scaledTarget } from "../../protocol/recallRange.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Random } from "./random.ts";

export interface NetworkRules {
  readonly wanted: number;
  readonly ratio: number;
  readonly subtasks: number;
  /** Sectors. */
  readonly flowLength: number;
  readonly sectorsPerPrice: number;
  readonly maxMiningLength: number;
}

export interface Identity {
  readonly shard: Shard;
  /** What a trial costs, in trials of a sealed load. More than 1: it is sealed when it is drawn. */
  readonly cost: number;
  /** Seals with data that are there, of a load of the log. */
  readonly filled: (load: number) => number;
}

/** Who owns identities, and one machine: its trials go to whichever of its identities earns the most in a window. */
export interface Owner {
  readonly identities: readonly Identity[];
  /** Trials of a sealed load in a window. */
  readonly trials: number;
}

export interface Earned {
  readonly answers: number;
  /** Of a reward of 1 for each chunk and epoch. */
  readonly reward: number;
  /** Sum of the squares of the rewards of all answers of everybody: what their luck weighs. */
  readonly squares: number;
}

export interface Run {
  readonly earned: readonly Earned[];
  readonly trials: number;
}

interface Miner extends Identity {
  readonly owner: number;
  readonly id: Hex;
  readonly range: RecallRange;
}

/** @param warmUp epochs before anything is counted */
export function run(
  rules: NetworkRules,
  owners: readonly Owner[],
  epochs: number,
  warmUp: number,
  random: Random,
): Run {
  const miners = owners.flatMap(({ identities }, owner) => identities.map((i) => minerOf(i, owner, rules, random)));
  const answers = owners.map(() => 0);
  const rewards = owners.map(() => 0);
  let squares = 0;
  let trials = 0;
  let last = { target: startOf(rules, owners), epoch: 0n, answers: BigInt(rules.wanted) };
  const pools = openPools(Math.ceil(rules.flowLength / rules.sectorsPerPrice));
  const difficulty = { wanted: BigInt(rules.wanted), ratio: BigInt(rules.ratio), maxTarget: MAX_UINT256 };
  for (let epoch = 1; epoch <= warmUp + epochs; epoch++) {
    const target = targetIn(BigInt(epoch), last, difficulty);
    let taken = 0;
    const digest = toHex(random.bytes(32));
    const windows = Array.from({ length: rules.subtasks }, (): Miner[] => []);
    for (const miner of miners) windows[subtaskIndexOf(digest, miner.id, rules.subtasks)]?.push(miner);
    for (const [number, present] of windows.entries()) {
      for (const { owner, load, at } of window(present, owners, target, rules, random)) {
        if (load === undefined) {
          trials++;
          continue;
        }
        if (taken === 2 * rules.wanted) break;
        taken++;
        const time = epoch + (number + at) / rules.subtasks;
        const chunk = Math.floor((load * SECTORS_PER_SEGMENT) / rules.sectorsPerPrice);
        const amount = pools.hit(chunk, time);
        if (epoch <= warmUp) continue;
        answers[owner] = (answers[owner] ?? 0) + 1;
        rewards[owner] = (rewards[owner] ?? 0) + amount;
        squares += amount ** 2;
      }
    }
    // An epoch without answers leaves what the contract has stored as it is.
    if (taken > 0) last = { target, epoch: BigInt(epoch), answers: BigInt(taken) };
  }
  return { earned: owners.map((_, i) => ({ answers: answers[i] ?? 0, reward: rewards[i] ?? 0, squares })), trials };
}

/** All trials of a window in the order of time, a tuple each, and one more for each hit. */
function* window(
  present: readonly Miner[],
  owners: readonly Owner[],
  target: bigint,
  rules: NetworkRules,
  random: Random,
): Generator<{ owner: number; load: number | undefined; at: number }> {
  const best = new Map<number, Miner>();
  for (const miner of present) {
    const other = best.get(miner.owner);
    if (other === undefined || worth(miner) > worth(other)) best.set(miner.owner, miner);
  }
  const active = [...best.values()].map((miner) => ({
    miner,
    chance: Number(scaledTarget(target, miner.range, rules.flowLength, rules.maxMiningLength)) / Number(MAX_UINT256),
    trials: Math.round((owners[miner.owner]?.trials ?? 0) / miner.cost),
  }));
  const rounds = Math.max(0, ...active.map(({ trials }) => trials));
  for (let round = 0; round < rounds; round++) {
    const first = random.below(active.length);
    for (let i = 0; i < active.length; i++) {
      const { miner, chance, trials } = active[(first + i) % active.length] as (typeof active)[number];
      if (Math.floor(((round + 1) * trials) / rounds) === Math.floor((round * trials) / rounds)) continue;
      const at = round / rounds;
      yield { owner: miner.owner, load: undefined, at };
      const position = recallPositionOf(miner.range, random.bytes(32));
      if (position === undefined) continue;
      const load = position / SECTORS_PER_SEGMENT;
      for (let hits = random.hits(miner.filled(load), chance); hits > 0; hits--) yield { owner: miner.owner, load, at };
    }
  }
}

function worth({ cost, shard }: Identity): number {
  return 1 / (cost * shard.numShard);
}

function minerOf(identity: Identity, owner: number, rules: NetworkRules, random: Random): Miner {
  const range = recallRangeOf(identity.shard, rules.flowLength, rules);
  if (range === undefined) throw new Error("the log does not fill a load");
  return { ...identity, owner, id: toHex(random.bytes(32)), range };
}

/** About the right target, so that the warm-up is short. */
function startOf(rules: NetworkRules, owners: readonly Owner[]): bigint {
  const power = owners.reduce((sum, { identities, trials }) => sum + trials * Math.max(...identities.map(worth)), 0);
  const chance = Math.min(1, rules.wanted / (64 * power));
  return (MAX_UINT256 / 1_000_000n) * BigInt(Math.ceil(chance * 1_000_000));
}

/** Each fills by 1 an epoch; a hit is paid half of what is there. */
function openPools(count: number) {
  const left = new Float64Array(count);
  const seen = new Float64Array(count);
  return {
    hit(chunk: number, time: number): number {
      const claimable = (left[chunk] ?? 0) + time - (seen[chunk] ?? 0);
      seen[chunk] = time;
      left[chunk] = claimable / 2;
      return claimable / 2;
    },
  };
}
