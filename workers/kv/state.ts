/** `GET /status`: which streams this node follows, how far it has come, and what it waits for. */
import type { Follower, Head } from "../../adapters/follow.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { Peers } from "../peers.ts";
import type { KvDb } from "./db.ts";
import { nextTxSeq } from "./log.ts";
import type { Replay } from "./replay.ts";
import { appliedTxSeq } from "./results.ts";

export interface StateDeps {
  readonly name: string;
  readonly network: NetworkJson;
  readonly db: KvDb;
  readonly replay: Pick<Replay, "waiting">;
  readonly peers: Pick<Peers, "report">;
  readonly queues: Queues;
  readonly position: Follower["position"];
  readonly head: () => Pick<Head, "latest" | "finalized">;
}

const SHOWN = 100;

export const createState =
  ({ name, network, db, replay, peers, queues, position, head }: StateDeps) =>
  async (): Promise<Record<string, unknown>> => {
    const { sql } = db;
    const streams = Number(sql.get("SELECT COUNT(*) AS n FROM streams")?.n);
    return {
      worker: "kv",
      name,
      chainId: network.chainId,
      flow: network.contracts.Flow,
      head: head(),
      position: position() ?? null,
      streams: { followed: db.watched ?? "all", known: streams, da: db.da.stream },
      nextTxSeq: nextTxSeq(sql),
      appliedTxSeq: appliedTxSeq(sql),
      waiting: replay.waiting().slice(0, SHOWN),
      nodes: peers.report(),
      queues: await queues.counts().catch(() => null),
      failures: await queues.failureCounts().catch(() => null),
    };
  };
