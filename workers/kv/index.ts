import { type Cursor, type CursorStore, follow } from "../../adapters/follow.ts";
import { listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import type { Sqlite } from "../../adapters/sqlite.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { streamIdOf } from "../../protocol/stream.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { openPeers } from "../peers.ts";
import { route } from "../route.ts";
import { subscribe } from "../subscribe.ts";
import { openKvDb } from "./db.ts";
import { createKvHttp } from "./http.ts";
import { applyEvents, applyReorg } from "./log.ts";
import { createProve } from "./prove.ts";
import { createReplay, openStreams } from "./replay.ts";
import { kvMethods } from "./rpc.ts";
import { createState } from "./state.ts";

export type KvOptions = PartyOptions & {
  /** Only these streams are followed; all when absent. A folder keeps the set that it was made with. */
  readonly streams?: readonly Hex[];
};

export const startKv = async (context: Context, options: KvOptions): Promise<Running> => {
  const { chain, timing, network } = context;
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    const { chainId, addresses } = chain;
    const entrance = normalHex(addresses.DAEntrance, 20);
    const da = { stream: streamIdOf(BigInt(chainId), entrance), entrance };
    const db = await openKvDb(options.dir, { da, streams: options.streams });
    shutdown.add("database", async () => db.sql.close());
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const client = openClient();
    shutdown.add("client", async () => client.close());
    const peers = openPeers({ client, urls: network.storageNodes, log });
    const replay = createReplay({
      ...{ db, log, source: peers, now: Date.now },
      enqueue: async (job) => {
        await queues.tryAdd(route.replay, job);
      },
    });
    subscribe(queues, "kv", {
      replay: async (job, { signal, later }) => {
        const again = await replay.run(job, signal);
        if (again !== undefined) throw later(again);
      },
    });
    const wake = async (streams: Iterable<Hex>): Promise<void> => {
      for (const stream of streams) await replay.wake(stream);
    };

    let [latest, finalized] = [0, 0];
    const follower = await follow({
      ...{ chain, log, pollMs: timing.pollMs, confirmations: Math.max(1, timing.confirmations) },
      ...{ addresses: [addresses.Flow, addresses.DAEntrance], fromBlock: network.fromBlock },
      cursor: sqlCursor(db.sql),
      onBlocks: async ({ events }) => wake(applyEvents(db, chainId, events)),
      onReorg: async ({ ancestor }) => {
        log.warn({ ancestor }, "reorg: taken back");
        await wake(applyReorg(db, ancestor));
      },
      onHead: async (head) => {
        ({ latest, finalized } = head);
      },
    });
    shutdown.add("follower", () => follower.stop());
    const done = endWith(follower, shutdown);
    let looked: string | undefined;
    const loop = startLoop({
      ...{ name: "kv reconcile", everyMs: timing.reconcileMs, log },
      run: async () => {
        const open = openStreams(db, looked);
        looked = open.at(-1);
        await wake(open);
      },
    });
    shutdown.add("reconcile", () => loop.stop());

    const app = createKvHttp({
      ...{ log, metrics: createMetrics(options.name) },
      methods: kvMethods({ db, prove: createProve({ db, chain, peers }) }),
      state: createState({
        ...{ name: options.name, network, db, replay, peers, queues, position: follower.position },
        head: () => ({ latest, finalized }),
      }),
    });
    shutdown.add("http", () => app.close());
    const url = await listenHttp(app, { port: options.port });
    return { url, done, stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};

/** The cursor lies beside what it counts. It was written by us: what does not parse is a broken disk, and throws. */
const sqlCursor = (sql: Sqlite): CursorStore => ({
  load: async () => {
    const row = sql.get("SELECT value FROM meta WHERE name = 'cursor'");
    return row === undefined ? null : (JSON.parse(String(row.value)) as Cursor);
  },
  save: async (cursor) => {
    sql.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('cursor', ?)", JSON.stringify(cursor));
  },
});
