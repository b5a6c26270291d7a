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

/** Resolves with the nodes that have it. */
export const spread = async ({ nodes, replicas, signal, push }: SpreadOptions): Promise<Target[]> => {
  const failed = new Map<string, ZgError>();
  const shards = await Promise.all(
    nodes.map(async (node) => {
      try {
        return { node, shard: await node.shard({ signal, deadlineMs: 5_000 }) };
      } catch (error) {
        failed.set(node.url, asZgError(error));
        return undefined;
      }
    }),
  );
  const answered = shards.filter((target) => target !== undefined);
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
    if (failed.size === before) return chosen;
  }
};

const tooFew = (replicas: number, nodes: number, failed: ReadonlyMap<string, ZgError>): ZgError => {
  const why = [...failed].map(([url, { code }]) => `${url} ${code}`).join("; ");
  return new ZgError("NoReplicas", { replicas, nodes, ...(why !== "" && { failed: why.slice(0, 400) }) });
};
