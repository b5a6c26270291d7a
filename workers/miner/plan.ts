/** What of a load is to be sealed, and what of it can be mined. Pure. */
import type { Hex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { type RangeRules, recallRangeOf } from "../../protocol/recallRange.ts";
import { SEALS_PER_LOAD, SECTORS_PER_SEAL } from "../../protocol/seal.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Context } from "./db.ts";
import { ABSENT, EMPTY, type Load } from "./load-record.ts";

export const NEW_LOAD: Load = { slot: null, contexts: [], seals: new Array<number>(SEALS_PER_LOAD).fill(ABSENT) };

export interface SealWork {
  /** Its number in the load. */
  readonly seal: number;
  /** Digest of the context that sealed its last sector. */
  readonly context: Hex;
}

/** First sector of a seal. */
export const sectorOf = (load: number, seal: number): number => load * SECTORS_PER_SEGMENT + seal * SECTORS_PER_SEAL;

/**
 * The seals of a load that a context has sealed, and that are not sealed on our disk.
 *
 * @param contexts those that sealed something of the load (`contextsIn`)
 */
export const toSeal = (load: number, record: Load, contexts: readonly Context[]): SealWork[] => {
  const work: SealWork[] = [];
  for (let seal = 0; seal < SEALS_PER_LOAD; seal++) {
    // Leaf 0 of the log is 32 zero bytes and no sector: what is shown of its seal can never be right.
    if (record.seals[seal] !== ABSENT || sectorOf(load, seal) === 0) continue;
    const last = sectorOf(load, seal) + SECTORS_PER_SEAL - 1;
    const context = contexts.find(({ start, end }) => start <= last && last < end);
    if (context !== undefined) work.push({ seal, context: context.digest });
  }
  return work;
};

/** The record with these seals in it; those of `empty` hold nothing that anybody would be paid for. */
export const withSeals = (
  record: Load,
  slot: number | null,
  sealed: readonly SealWork[],
  empty: readonly SealWork[],
): Load => {
  const seals = [...record.seals];
  const contexts = [...record.contexts];
  const numberOf = (digest: Hex): number => {
    if (!contexts.includes(digest)) contexts.push(digest);
    return contexts.indexOf(digest);
  };
  for (const { seal, context } of sealed) seals[seal] = numberOf(context);
  for (const { seal } of empty) seals[seal] = EMPTY;
  return { slot, contexts, seals };
};

/** A bit for each seal, from the lowest of byte 0: it can be mined. */
export const filledOf = ({ seals }: Pick<Load, "seals">): Uint8Array => {
  const filled = new Uint8Array(SEALS_PER_LOAD / 8);
  for (const [seal, of] of seals.entries()) {
    if (of >= 0) filled[seal >> 3] = (filled[seal >> 3] ?? 0) | (1 << (seal & 7));
  }
  return filled;
};

/** Digest of the context by which a seal on our disk was made; undefined: it is not there. */
export const contextOf = (record: Load | undefined, seal: number): Hex | undefined =>
  record?.contexts[record.seals[seal] ?? ABSENT];

/** Runs of seals that lie one behind the other: each is sealed in one call. */
export const runsOf = (work: readonly SealWork[]): SealWork[][] => {
  const runs: SealWork[][] = [];
  for (const item of work) {
    const last = runs.at(-1);
    if (last?.at(-1)?.seal === item.seal - 1) last.push(item);
    else runs.push([item]);
  }
  return runs;
};

/**
 * The loads [from, to) that a miner of this shard mines, or will when the log has filled them. A log longer than the
 * shard's range is sealed in the range only.
 */
export const loadsToMine = (
  shard: Shard,
  sealedLength: number,
  rules: RangeRules,
  startPosition = 0,
): { readonly from: number; readonly to: number } => {
  const first = recallRangeOf(shard, sealedLength, rules, startPosition)?.startPosition ?? 0;
  const end = Math.min(sealedLength, first + rules.maxMiningLength * shard.numShard);
  return { from: Math.floor(first / SECTORS_PER_SEGMENT), to: Math.ceil(end / SECTORS_PER_SEGMENT) };
};

/** The first load of a shard at or after `load`. */
export const firstLoad = ({ shardId, numShard }: Shard, load: number): number =>
  load + ((((shardId - load) % numShard) + numShard) % numShard);

/** Of loads [from, to), how many are of the shard. */
export const countLoads = (shard: Shard, { from, to }: { readonly from: number; readonly to: number }): number =>
  Math.max(0, Math.ceil((to - firstLoad(shard, from)) / shard.numShard));
