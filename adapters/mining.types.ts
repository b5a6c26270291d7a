import type { Hex } from "../protocol/hex.ts";
import type { MineWork } from "../protocol/pora.ts";
import type { SealTask } from "../protocol/sealing.ts";
import type { Hit } from "../protocol/search.ts";
import type { LoadIndex } from "./mining.loads.ts";

export type { SealTask } from "../protocol/sealing.ts";
export type { Hit } from "../protocol/search.ts";

/** What a miner tries for in one epoch. */
export interface MineTask {
  readonly work: MineWork;
  /** Scaled for the range: what a quality must not exceed. */
  readonly target: bigint;
  /** The file with the sealed loads: slot i lies at i × 262,144 bytes (adapters/slots.ts). Opened once, read by all threads. */
  readonly path: string;
  /** Where the loads are; looked at anew all the time, so what is sealed meanwhile is mined, too. */
  readonly loads: LoadIndex;
  /** The first 24 bytes of every nonce, drawn at random by default: whoever tries the same nonces wins nothing by it. */
  readonly nonces?: Hex;
  /** Ends after at least so many trials, which takes two at a time. Default: ends when the signal is given. */
  readonly trials?: number;
}

/** Since the start; never reset. */
export interface MiningCounts {
  /** Nonces tried. */
  readonly trials: number;
  /** Of these, drawn a load that is here. */
  readonly read: number;
  /** Seals hashed. */
  readonly tickets: number;
  readonly hits: number;
  /** CPU time of the threads for trials, ms. */
  readonly cpuMs: number;
}

/**
 * Sealing and mining, in warm threads. Buffers handed in stay the caller's, who leaves them as they are until the answer
 * is there.
 */
export interface Mining {
  /** Seals 1 to 64 seals; not held back by `share`, but takes turns with mining. */
  seal(data: Uint8Array, task: SealTask): Promise<Uint8Array>;
  /** What was sealed. */
  unseal(sealed: Uint8Array, task: SealTask): Promise<Uint8Array>;
  /**
   * Tries nonces in all threads until the signal is given: then it resolves, within 100 ms, and nothing of it runs any
   * more; what was hit until then has been told. One task at a time: a second one is refused. Rejects when the file
   * cannot be read.
   *
   * A hit says what the file holds. Who answers with it checks it against the log first, as he must for its proof.
   */
  mine(task: MineTask, onHit: (hit: Hit) => void, signal: AbortSignal): Promise<void>;
  counts(): MiningCounts;
  /** Refuses new work, ends what mines, waits for what seals, stops the threads. */
  close(): Promise<void>;
}

export interface MiningOptions {
  /** Default 1. */
  readonly threads?: number;
  /** CPU time that each thread may mine, as a share of the time that passes: 0 (never) to 1 (all it gets). Default 1. */
  readonly share?: number;
}
