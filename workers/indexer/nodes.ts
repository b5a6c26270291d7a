/** The storage nodes of the network as they answer now: which shard each keeps, and how quickly it says so. */
import type { Log } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Ask } from "./ask.ts";

/** As 0G's client reads it. */
export interface ShardedNode {
  readonly url: string;
  readonly config: Shard;
  /** ms, of the last answer. */
  readonly latency: number;
  /** Time of the last answer, seconds. */
  readonly since: number;
}

export interface Nodes {
  /** Asks every node; resolves when each has answered or has been given up. */
  poll(signal: AbortSignal): Promise<void>;
  /** Those that are of this network and have answered lately. */
  list(): ShardedNode[];
  report(): { readonly url: string; readonly state: string; readonly nextTxSeq?: number; readonly why?: string }[];
}

export interface NodesDeps {
  readonly ask: Ask;
  readonly urls: readonly string[];
  readonly chainId: number;
  readonly flow: string;
  readonly now: () => number;
  readonly log: Log;
}

/** Polls that a node may leave unanswered and still be named: one is a hiccup. */
const MAX_MISSED = 2;

interface Known {
  readonly node?: ShardedNode;
  readonly nextTxSeq?: number;
  readonly missed: number;
  readonly why?: string;
}

export const createNodes = ({ ask, urls, chainId, flow, now, log }: NodesDeps): Nodes => {
  const known = new Map<string, Known>(urls.map((url) => [url, { missed: 0, why: "not asked yet" }]));

  const look = async (url: string, signal: AbortSignal): Promise<Known> => {
    const began = performance.now();
    const status = await ask.status(url, signal);
    const latency = Math.max(1, Math.round(performance.now() - began));
    // A node of another network would take files that nobody here ever finds.
    if (status.chainId !== chainId || status.flow !== flow.toLowerCase()) {
      return { missed: MAX_MISSED + 1, why: `of another network: chain ${status.chainId}, flow ${status.flow}` };
    }
    const config = await ask.shard(url, signal);
    return { node: { url, config, latency, since: Math.floor(now() / 1000) }, nextTxSeq: status.nextTxSeq, missed: 0 };
  };

  const poll = async (url: string, signal: AbortSignal): Promise<void> => {
    const before = known.get(url);
    const next = await look(url, signal).catch((error: unknown): Known => {
      const why = error instanceof ZgError ? error.code : "no answer";
      return { ...before, missed: (before?.missed ?? 0) + 1, why };
    });
    if (signal.aborted) return;
    if (next.why !== undefined && next.why !== before?.why) log.warn({ url, why: next.why }, "storage node not usable");
    if (next.why === undefined && before?.node === undefined)
      log.info({ url, ...next.node?.config }, "storage node found");
    known.set(url, next);
  };

  return {
    poll: async (signal) => {
      await Promise.all(urls.map((url) => poll(url, signal)));
    },
    list: () =>
      [...known.values()].flatMap(({ node, missed }) => (node === undefined || missed > MAX_MISSED ? [] : [node])),
    report: () =>
      [...known].map(([url, { node, missed, nextTxSeq, why }]) => ({
        url,
        state: node !== undefined && missed <= MAX_MISSED ? "up" : "down",
        ...(node === undefined ? {} : { shard: `${node.config.shardId}/${node.config.numShard}` }),
        ...(nextTxSeq === undefined ? {} : { nextTxSeq }),
        ...(why === undefined ? {} : { why }),
      })),
  };
};
