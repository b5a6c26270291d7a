/**
 * Which loads of the log a trial may draw, and how good its tickets must be.
 *
 * A load is 1024 sectors. A range without shards covers the whole log up to `maxLength`, one of n shards up to
 * n × maxLength. Its target is divided by how much less than an unsharded range the miner holds, so that a stored byte
 * is worth the same in either. A load that the log does not fill yet cannot be mined.
 */
import { bytesToBig, concat, word } from "./hex.ts";
import { keccak } from "./keccak.ts";
import { SECTORS_PER_SEGMENT } from "./params.ts";
import type { Shard } from "./shard.ts";

export interface RecallRange {
  /** First sector, a multiple of a pricing chunk. */
  readonly startPosition: number;
  /** Sectors. */
  readonly mineLength: number;
  /** Its bits stand where those of the mask are zero. */
  readonly shardId: bigint;
  /** 64 bits: those of a load's number that are drawn. */
  readonly shardMask: bigint;
}

/** What a deployment of PoraMine fixes about ranges, in sectors. */
export interface RangeRules {
  readonly sectorsPerPrice: number;
  readonly maxMiningLength: number;
}

const MASK_BITS = 64n;

/**
 * The range of a miner who holds a shard; undefined while the log does not fill a load.
 *
 * @param from where the miner would like it to start; taken as near as the log and the pricing chunks allow
 */
export function recallRangeOf(shard: Shard, flowLength: number, rules: RangeRules, from = 0): RecallRange | undefined {
  const end = Math.floor(flowLength / SECTORS_PER_SEGMENT) * SECTORS_PER_SEGMENT;
  if (end === 0) return undefined;
  const mineLength = Math.min(end, rules.maxMiningLength * shard.numShard);
  const latest = Math.min(from, end - mineLength);
  return {
    startPosition: Math.floor(latest / rules.sectorsPerPrice) * rules.sectorsPerPrice,
    mineLength,
    shardId: BigInt(shard.shardId),
    shardMask: BigInt.asUintN(64, -BigInt(shard.numShard)),
  };
}

/** 2 to the number of zeros in the mask. */
export function shardsOf(shardMask: bigint): bigint {
  let shards = 1n;
  for (let bit = 0n; bit < MASK_BITS; bit++) if (((shardMask >> bit) & 1n) === 0n) shards *= 2n;
  return shards;
}

/** keccak of the four fields as words; goes into the pad's seed. */
export function rangeDigest({ startPosition, mineLength, shardId, shardMask }: RecallRange): Uint8Array {
  return keccak(concat(word(startPosition), word(mineLength), word(shardId), word(shardMask)));
}

/** First sector of the load that a seed draws; undefined if the shard draws beyond the range: a lost trial. */
export function recallPositionOf(range: RecallRange, recallSeed: Uint8Array): number | undefined {
  const loads = BigInt(Math.floor(range.mineLength / SECTORS_PER_SEGMENT));
  const load = ((bytesToBig(recallSeed) % loads) & range.shardMask) | range.shardId;
  return load >= loads ? undefined : range.startPosition + Number(load) * SECTORS_PER_SEGMENT;
}

/** What a quality in this range must not exceed. */
export function scaledTarget(target: bigint, range: RecallRange, flowLength: number, maxMiningLength: number): bigint {
  const [length, max] = [BigInt(flowLength), BigInt(maxMiningLength)];
  const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const held = least(length / shardsOf(range.shardMask), max);
  return (target / ((least(length, max) << 64n) / held)) << 64n;
}
