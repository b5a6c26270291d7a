/** Which nodes get a file: together as many whole copies as asked for, and others in the place of those that fail. */

import { asZgError } from "../../adapters/errors.ts";
import type { NodeClient } from "../../adapters/node-client.ts";
import { ZgError } from "../../protocol/errors.ts";
import { chooseReplicas, type Shard } from "../../protocol/shard.ts";

export interface Target {
  readonly node: NodeClient;
  readonly shard: Shard;
}

export interface SpreadOptions {
  readonly nodes: readonly NodeClient[];
  readonly replicas: number;
  readonly signal: AbortSignal;
  /** All of what there is to push to one node. */
  readonly push: (node: NodeClient) => Promise<void>;
}

/** Errors of the file or of whoever runs this: another node would make no difference. */
const OWN: ReadonlySet<string> = new Set(["FileUnreadable", "Stopping", "FileNotFound", "LengthMismatch"]);

type Failed = Map<string, ZgError>;

/** What each node says it holds; who does not say is among the failed. */
const shardsOf = async (nodes: readonly NodeClient[], failed: Failed, signal: AbortSignal): Promise<Target[]> => {
  const targets = await Promise.all(
    nodes.map(async (node) => {
      try {
        return { node, shard: await node.shard({ signal, deadlineMs: 5_000 }) };
      } catch (error) {
        failed.set(node.url, asZgError(error));
        return undefined;
      }
    }),
  );
  return targets.filter((target) => target !== undefined);
};

/** Throws `NoReplicas` when the nodes can not hold as many copies: asked before anything is paid for. */
export const mustCover = async ({ nodes, replicas, signal }: Omit<SpreadOptions, "push">): Promise<void> => {
  const failed: Failed = new Map();
  const answered = await shardsOf(nodes, failed, signal);
  signal.throwIfAborted();
  if (chooseReplicas(answered, replicas) === undefined) throw tooFew(replicas, answered.length, failed);
};

/** Resolves with the nodes that have it. */
export const spread = async ({ nodes, replicas, signal, push }: SpreadOptions): Promise<readonly Target[]> => {
  const failed: Failed = new Map();
  let answered = await shardsOf(nodes, failed, signal);
  for (;;) {
    signal.throwIfAborted();
    const open = answered.filter(({ node }) => !failed.has(node.url));
    const chosen = chooseReplicas(open, replicas);
    if (chosen === undefined) throw tooFew(replicas, open.length, failed);
    const ended = await Promise.allSettled(chosen.map(({ node }) => push(node)));
    const before = failed.size;
    for (const [index, end] of ended.entries()) {
      if (end.status === "fulfilled") continue;
      if (signal.aborted) throw signal.reason;
      const error = asZgError(end.reason);
      if (OWN.has(error.code)) throw error;
      failed.set((chosen[index] as Target).node.url, error);
    }
    if (failed.size > before) continue;
    // A node that became too full meanwhile has halved its shard, and threw away what it had taken of the other half.
    const now = await shardsOf(
      chosen.map(({ node }) => node),
      failed,
      signal,
    );
    signal.throwIfAborted();
    const shardOf = new Map(now.map(({ node, shard }) => [node.url, shard]));
    let changed = failed.size > before;
    answered = answered.map((target) => {
      const shard = shardOf.get(target.node.url);
      if (shard === undefined || same(shard, target.shard)) return target;
      changed = true;
      if (!isWithin(shard, target.shard)) failed.set(target.node.url, badShard(shard));
      return { ...target, shard };
    });
    if (!changed) return chosen;
  }
};

const same = (a: Shard, b: Shard): boolean => a.shardId === b.shardId && a.numShard === b.numShard;

/** Shards only ever halve: a node whose shard goes to and fro would be pushed to for ever. */
const isWithin = (now: Shard, before: Shard): boolean =>
  now.numShard > before.numShard && now.shardId % before.numShard === before.shardId;

const badShard = ({ shardId, numShard }: Shard): ZgError =>
  new ZgError("BadResponse", { why: "its shard is no part of what it was", shardId, numShard });

const tooFew = (replicas: number, nodes: number, failed: ReadonlyMap<string, ZgError>): ZgError => {
  const why = [...failed].map(([url, { code }]) => `${url} ${code}`).join("; ");
  return new ZgError("NoReplicas", { replicas, nodes, ...(why !== "" && { failed: why.slice(0, 400) }) });
};
