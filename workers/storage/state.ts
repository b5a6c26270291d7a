/** `GET /status`, and 0G's own form of it. */
import type { Follower, Head } from "../../adapters/follow.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { RpcMethods } from "./rpc.ts";
import { type Shelf, STORED_ROW_BYTES } from "./shelf.ts";
import { countStates } from "./view.ts";

export interface StateDeps {
  readonly name: string;
  readonly network: NetworkJson;
  readonly shelf: Shelf;
  readonly queues: Queues;
  readonly position: Follower["position"];
  readonly head: () => Pick<Head, "latest" | "finalized">;
  readonly stagingLimit: number;
}

export const createState = (deps: StateDeps) => {
  const { shelf, network, queues } = deps;
  const nextTxSeq = (): number => {
    for (const key of shelf.store.table("log").keys({ start: "", end: "~", reverse: true, limit: 1 }))
      return Number(key) + 1;
    return 0;
  };
  const state = async (): Promise<Record<string, unknown>> => ({
    worker: "storage",
    name: deps.name,
    chainId: network.chainId,
    entrance: network.contracts.DAEntrance,
    head: deps.head(),
    position: deps.position() ?? null,
    batches: countStates(shelf),
    staging: { bytes: shelf.stagedRows() * STORED_ROW_BYTES, limit: deps.stagingLimit },
    nextTxSeq: nextTxSeq(),
    queues: await queues.counts().catch(() => null),
    failures: await queues.failureCounts().catch(() => null),
  });
  const rpc: RpcMethods = {
    zgs_getStatus: () => ({
      connectedPeers: 0,
      logSyncHeight: deps.position()?.number ?? 0,
      logSyncBlock: deps.position()?.hash ?? `0x${"00".repeat(32)}`,
      nextTxSeq: nextTxSeq(),
      networkIdentity: {
        chainId: network.chainId,
        flowAddress: network.contracts.Flow,
        p2pProtocolVersion: { major: 0, minor: 0, build: 0 },
      },
    }),
  };
  return { state, rpc };
};
