/**
 * What every worker is given. Dependencies are arguments: a worker opens its own store and its own queues (it is a
 * party of its own, even in one process) and shares nothing but what stands here.
 */
import type { Chain } from "../adapters/chain.ts";
import type { Compute } from "../adapters/compute.ts";
import type { Log } from "../adapters/log.ts";
import type { NetworkJson } from "../adapters/network.ts";

export interface Context {
  readonly network: NetworkJson;
  readonly chain: Chain;
  /** One pool of warm threads for all workers of a process. */
  readonly compute: Compute;
  readonly log: Log;
  readonly timing: Timing;
}

/** Off-chain parameters; the chain's own are read from the contracts. docs/parameters.md has the reason of each. */
export interface Timing {
  /** Depth at which nodes store and validators sign; 1: the block of `BatchSubmitted` is the head. */
  readonly confirmations: number;
  /** Columns a validator draws from a batch; `samplesFor(validators)` of protocol/quorum.ts. */
  readonly samples: number;
  /** How often a follower asks for the head, ms. */
  readonly pollMs: number;
  /** How long the batcher waits for more blobs before it packs what it has, ms. */
  readonly batchMs: number;
  /** After > 2/3 of the stake has signed, how long `collect` waits for the rest, ms. */
  readonly graceMs: number;
  /** How often each party compares its durable records with its jobs, ms. */
  readonly reconcileMs: number;
}

/** Where one party lives: its folder, its Redis and the prefix that nobody else uses, its port (0 = any free one). */
export interface PartyOptions {
  /** For logs, prefixes and folders: "disperser", "storage-0", "validator-3". */
  readonly name: string;
  readonly dir: string;
  readonly redis: string;
  readonly port: number;
}

export interface Running {
  /** Base URL, where the worker serves one. */
  readonly url?: string;
  /** Of workers that follow the chain: rejects (`DeepReorg`) when the worker has stopped itself; resolves after `stop`. */
  readonly done?: Promise<void>;
  stop(): Promise<void>;
}
