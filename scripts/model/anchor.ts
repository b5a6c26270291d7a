import { MAX_UINT256, targetOf } from "../../protocol/difficulty.ts";
import { concat, type Hex, toHex, word } from "../../protocol/hex.ts";
import { keccak, keccakText } from "../../protocol/keccak.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { ticketsOf, trialOf } from "../../protocol/pora.ts";
import { recallRangeOf, scaledTarget } from "../../protocol/recallRange.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, SECTORS_PER_SEAL, seal } from "../../protocol/seal.ts";
import type { Shard } from "../../protocol/shard.ts";
import { openRandom } from "./random.ts";

const LOADS = 8;
const FLOW_LENGTH = LOADS * SECTORS_PER_SEGMENT + 77;
const RULES = { sectorsPerPrice: 8192, maxMiningLength: 2 ** 35 };
const TARGET = targetOf(256n);

export interface Anchor {
  readonly miner: string;
  readonly trials: number;
  readonly hits: number;
  /** By the model's coin. */
  readonly expected: number;
  readonly sigmas: number;
}

/** Mining with all its hashes, on a log of 2 MiB: are its hits as many as the model's coins would give? */
export function anchorOf(miner: string, shard: Shard, missing: readonly number[], trials: number): Anchor {
  const random = openRandom(miner);
  const minerId = toHex(random.bytes(32));
  const range = recallRangeOf(shard, FLOW_LENGTH, RULES);
  if (range === undefined) throw new Error("the log does not fill a load");
  const work = { minerId, subtaskDigest: toHex(random.bytes(32)), range };
  const target = scaledTarget(TARGET, range, FLOW_LENGTH, RULES.maxMiningLength);
  const loads = Array.from({ length: LOADS }, (_, load) => {
    const held = load % shard.numShard === shard.shardId && !missing.includes(load);
    return held ? sealedLoad(minerId, load) : [];
  });
  let hits = 0;
  for (let i = 0; i < trials; i++) {
    const trial = trialOf(work, toHex(keccakText(`${miner} ${i}`)));
    if (trial.position === undefined) continue;
    hits += [...ticketsOf(trial, loads[trial.position / SECTORS_PER_SEGMENT] ?? [], target)].length;
  }
  const chance = (Number(target) / Number(MAX_UINT256)) * SEALS_PER_LOAD;
  const drawable = LOADS / shard.numShard;
  const expected = (trials * chance * loads.filter(({ length }) => length > 0).length) / drawable;
  return { miner, trials, hits, expected, sigmas: (hits - expected) / Math.sqrt(expected) };
}

function sealedLoad(minerId: Hex, load: number): Uint8Array[] {
  return Array.from({ length: SEALS_PER_LOAD }, (_, i) => {
    const position = load * SECTORS_PER_SEGMENT + i * SECTORS_PER_SEAL;
    const words = Array.from({ length: SEAL_BYTES / 32 }, (_, j) => keccak(concat(word(position), word(j))));
    return seal(concat(...words), { minerId, contextDigest: toHex(keccakText("context")), position });
  });
}
