/** Trials as a miner makes them: what pora.ts says, through the kernel of miningWasm.ts, without an allocation in each. */
import { ZgError } from "./errors.ts";
import { bytesToBig, concat, fromHex, type Hex, toHex } from "./hex.ts";
import { AT, type MiningKernel } from "./miningWasm.ts";
import { HASH_BYTES, SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "./params.ts";
import type { MineWork, Ticket } from "./pora.ts";
import { type RecallRange, rangeDigest } from "./recallRange.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, SECTORS_PER_SEAL } from "./seal.ts";

/** The first bytes of a nonce are the searcher's; the rest is a number. */
export const NONCE_PREFIX_BYTES = 24;
/** Instead of a load: the shard draws beyond the range. */
export const LOST = -1;

/** A ticket that is good enough, and the nonce that drew it: `answerOf(hit, work, hit.nonce, proof)` makes the answer. */
export interface Hit extends Ticket {
  readonly nonce: Hex;
}

/** Trials of one miner in one epoch, two nonces at a time. */
export interface Search {
  /** Where the caller puts a load before it asks for its tickets: 262,144 bytes. */
  readonly load: Uint8Array;
  /** The loads, by their numbers in the log, that nonces n and n + 1 draw, or `LOST`. The same array each time. */
  draw(n: number): Float64Array;
  /**
   * Hashes the seals of the load that one of the two has drawn.
   *
   * @param filled a bit for each seal, from the lowest of byte `from`
   * @param seals how many are there; bits behind them are left out
   * @returns how many were hashed
   */
  hash(trial: 0 | 1, filled: Uint8Array, from: number, seals: number): number;
  /** The i-th seal that was hashed, if its quality does not exceed the target. */
  hit(i: number): Hit | undefined;
}

const INPUT_BYTES = 128;
const WORD = 2 ** 32;
const MAX_LOADS = 2 ** 45;

/**
 * A kernel has one memory: the search that was opened last is the one that may be used.
 *
 * @param target scaled for the range
 * @param nonces the first 24 bytes of every nonce
 */
export function openSearch(kernel: MiningKernel, work: MineWork, target: bigint, nonces: Hex): Search {
  const memory = new Uint8Array(kernel.memory.buffer);
  const view = new DataView(kernel.memory.buffer);
  const load = memory.subarray(AT.load, AT.load + SEGMENT_BYTES);
  const list = memory.subarray(AT.list, AT.list + SEALS_PER_LOAD);
  const loadOf = drawing(work.range, memory);
  const drawn = new Float64Array(2);
  const targetTop = Number(target >> 224n);
  let last: 0 | 1 = 0;

  const nonceAt = (trial: number): number => AT.input + trial * INPUT_BYTES + HASH_BYTES;
  const input = inputOf(work, nonces);
  memory.set(input, AT.input);
  memory.set(input, AT.input + INPUT_BYTES);

  return {
    load,
    draw(n) {
      for (let trial = 0; trial < 2; trial++) {
        const at = nonceAt(trial) + NONCE_PREFIX_BYTES;
        view.setUint32(at, Math.floor((n + trial) / WORD));
        view.setUint32(at + 4, (n + trial) % WORD);
      }
      kernel.trials();
      drawn[0] = loadOf(AT.recall);
      drawn[1] = loadOf(AT.recall + HASH_BYTES);
      return drawn;
    },
    hash(trial, filled, from, seals) {
      last = trial;
      let count = 0;
      for (let seal = 0; seal < seals; seal++) {
        if ((((filled[from + (seal >> 3)] as number) >> (seal & 7)) & 1) === 1) list[count++] = seal;
      }
      if (count === 0) return 0;
      // Of an odd number the last has itself for a neighbour.
      if (count < SEALS_PER_LOAD) list[count] = list[count - 1] as number;
      kernel.tickets(trial, (count + 1) >> 1);
      return count;
    },
    hit(i) {
      const at = AT.qualities + i * HASH_BYTES;
      // Nearly all are refused by their first bits.
      if (view.getUint32(at) > targetTop) return undefined;
      const quality = bytesToBig(memory.subarray(at, at + HASH_BYTES));
      if (quality > target) return undefined;
      const sealOffset = list[i] as number;
      return {
        sealOffset,
        position: (drawn[last] as number) * SECTORS_PER_SEGMENT + sealOffset * SECTORS_PER_SEAL,
        quality,
        sealed: load.slice(sealOffset * SEAL_BYTES, (sealOffset + 1) * SEAL_BYTES),
        nonce: toHex(memory.subarray(nonceAt(last), nonceAt(last) + HASH_BYTES)),
      };
    },
  };
}

/** What a pad's seed is the hash of, for the nonce number 0. Refuses what is not a search. */
export function inputOf({ minerId, subtaskDigest, range }: MineWork, nonces: Hex): Uint8Array {
  const loads = loadsOf(range);
  // Up to the longest log there is, `rest * 256` below is exact.
  if (!(loads >= 1 && loads <= MAX_LOADS)) throw new ZgError("BadRequest", { mineLength: range.mineLength });
  return concat(
    fromHex(minerId, HASH_BYTES),
    fromHex(nonces, NONCE_PREFIX_BYTES),
    new Uint8Array(HASH_BYTES - NONCE_PREFIX_BYTES),
    fromHex(subtaskDigest, HASH_BYTES),
    rangeDigest(range),
  );
}

/** The load that the seed at an address of the memory draws: `recallPositionOf`, without big integers. */
function drawing(range: RecallRange, memory: Uint8Array): (at: number) => number {
  const loads = loadsOf(range);
  const first = range.startPosition / SECTORS_PER_SEGMENT;
  const [maskHigh, maskLow] = halvesOf(range.shardMask);
  const [idHigh, idLow] = halvesOf(range.shardId);
  return (at) => {
    let rest = 0;
    for (let i = at; i < at + HASH_BYTES; i++) rest = (rest * 256 + (memory[i] as number)) % loads;
    const high = ((Math.floor(rest / WORD) & maskHigh) | idHigh) >>> 0;
    const low = ((rest & maskLow) | idLow) >>> 0;
    const chosen = high * WORD + low;
    return chosen >= loads ? LOST : first + chosen;
  };
}

const loadsOf = ({ mineLength }: RecallRange): number => Math.floor(mineLength / SECTORS_PER_SEGMENT);
const halvesOf = (bits: bigint): [number, number] => [Number(bits >> 32n), Number(bits & 0xffffffffn)];
