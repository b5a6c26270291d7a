import { readSync } from "node:fs";
import type { Hex } from "../protocol/hex.ts";
import { openMiningKernel } from "../protocol/miningWasm.ts";
import { SEGMENT_BYTES } from "../protocol/params.ts";
import type { MineWork } from "../protocol/pora.ts";
import { SEAL_BYTES } from "../protocol/seal.ts";
import { type SealTask, sealInto, unsealInto } from "../protocol/sealing.ts";
import { type Hit, openSearch, type Search } from "../protocol/search.ts";
import { handOver } from "./hand-over.ts";
import { FILLED_BYTES, type LoadTable, placeIn } from "./mining.loads.ts";

// One thread of the mining pool, with a kernel of its own.
const kernel = openMiningKernel();

export const ready = (): boolean => true;

/** A few milliseconds of mining. */
export interface Slice {
  readonly work: MineWork;
  readonly target: bigint;
  readonly nonces: Hex;
  /** The first nonce's number; no other slice has one of the `most` from it on. */
  readonly from: number;
  readonly most: number;
  /** After so long, or this many hits, it is over. */
  readonly forMs: number;
  readonly maxHits: number;
  readonly file: number;
  readonly table: LoadTable;
}

export interface Mined {
  readonly trials: number;
  readonly read: number;
  readonly tickets: number;
  readonly hits: readonly Hit[];
  readonly cpuMs: number;
}

export interface SealJob {
  readonly bytes: Uint8Array;
  readonly task: SealTask;
}

export function seal({ bytes, task }: SealJob): { bytes: Uint8Array } {
  sealInto(kernel, bytes, task);
  return handOver({ bytes }, [bytes]);
}

export function unseal({ bytes, task }: SealJob): { bytes: Uint8Array } {
  unsealInto(kernel, bytes, task);
  return handOver({ bytes }, [bytes]);
}

export function mine(slice: Slice): Mined {
  const before = process.threadCpuUsage();
  const until = performance.now() + slice.forMs;
  const search = openSearch(kernel, slice.work, slice.target, slice.nonces);
  const hits: Hit[] = [];
  let [trials, read, tickets] = [0, 0, 0];
  do {
    const drawn = search.draw(slice.from + trials);
    trials += 2;
    for (let trial = 0; trial < 2; trial++) {
      const hashed = ticketsOf(search, trial as 0 | 1, drawn[trial] as number, slice);
      if (hashed > 0) read += 1;
      tickets += hashed;
      for (let i = 0; i < hashed; i++) {
        const hit = search.hit(i);
        if (hit !== undefined) hits.push(hit);
      }
    }
  } while (trials < slice.most && hits.length < slice.maxHits && performance.now() < until);
  const { user, system } = process.threadCpuUsage(before);
  return { trials, read, tickets, hits, cpuMs: (user + system) / 1000 };
}

/** Reads the load that a trial has drawn, if it is here, and hashes its seals; how many. */
function ticketsOf(search: Search, trial: 0 | 1, load: number, { file, table }: Slice): number {
  const place = placeIn(table.shard, load);
  const slot = place < 0 || place >= table.slots.length ? 0 : Atomics.load(table.slots, place);
  if (slot === 0) return 0;
  const bytes = readInto(search.load, file, (slot - 1) * SEGMENT_BYTES);
  return search.hash(trial, table.filled, place * FILLED_BYTES, Math.floor(bytes / SEAL_BYTES));
}

/** How many bytes there are; fewer than asked for if the file ends before. */
function readInto(to: Uint8Array, file: number, position: number): number {
  let at = 0;
  while (at < to.length) {
    const bytes = readSync(file, to, at, to.length - at, position + at);
    if (bytes === 0) break;
    at += bytes;
  }
  return at;
}
