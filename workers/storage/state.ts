/** `GET /status`. */
import type { Follower, Head } from "../../adapters/follow.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import type { Queues } from "../../adapters/queue.ts";
import { type Shelf, STORED_ROW_BYTES } from "./batches/shelf.ts";
import { countStates } from "./batches/view.ts";
import type { LogStore } from "./log/types.ts";

export interface StateDeps {
  readonly name: string;
  readonly network: NetworkJson;
  readonly shelf: Shelf;
  readonly files: Pick<LogStore, "tip" | "shard" | "usage">;
  readonly sync: () => unknown;
  readonly queues: Queues;
  readonly position: Follower["position"];
  readonly head: () => Pick<Head, "latest" | "finalized">;
  readonly stagingLimit: number;
}

export const createState = (deps: StateDeps) => {
  const { shelf, files, network, queues } = deps;
  const state = async (): Promise<Record<string, unknown>> => ({
    worker: "storage",
    name: deps.name,
    chainId: network.chainId,
    entrance: network.contracts.DAEntrance,
    head: deps.head(),
    position: deps.position() ?? null,
    batches: countStates(shelf),
    staging: { bytes: shelf.stagedRows() * STORED_ROW_BYTES, limit: deps.stagingLimit },
    log: { ...files.tip(), shard: files.shard(), usage: files.usage() },
    sync: deps.sync(),
    queues: await queues.counts().catch(() => null),
    failures: await queues.failureCounts().catch(() => null),
  });
  return { state };
};
