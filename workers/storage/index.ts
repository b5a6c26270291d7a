import { follow, storeCursor } from "../../adapters/follow.ts";
import { listenHttp } from "../../adapters/http.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { route } from "../route.ts";
import { createStorageHttp } from "./http.ts";
import { createIntake } from "./intake.ts";
import { reconcile, workJobs } from "./jobs.ts";
import { mustSettle } from "./record.ts";
import { createServe } from "./serve.ts";
import { openShelf } from "./shelf.ts";
import { createState } from "./state.ts";
import { viewOf } from "./view.ts";
import { applyEvents, applyReorg, dropOver } from "./watch.ts";

export type StorageOptions = PartyOptions & {
  /** Bytes of rows without a certificate; default 4 GiB. */
  readonly stagingLimit?: number;
};

const STAGING_LIMIT = 4 * 2 ** 30;
/** Bodies of 2 MiB, and their extended rows. */
const MAX_IN_FLIGHT = 16;

export const startStorage = async (context: Context, options: StorageOptions): Promise<Running> => {
  const { chain, compute, timing, network } = context;
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    const shelf = await openShelf(options.dir);
    shutdown.add("store", () => shelf.close());
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const entrance = {
      chainId: chain.chainId,
      entrance: chain.addresses.DAEntrance,
      confirmWindow: Number(await chain.entrance.getFunction("confirmWindow")()),
    };
    let [latest, finalized] = [0, 0];
    const intake = createIntake({
      ...{ shelf, compute, log, now: Date.now, latest: () => latest },
      stagingLimit: options.stagingLimit ?? STAGING_LIMIT,
      onComplete: (batchId) => queues.tryAdd(route.store, { batchId }),
      onStaged: async (record) =>
        mustSettle(record) && queues.tryAdd(route.settle, { batchId: record.batch.facts.batchId }),
    });
    workJobs(queues, { intake, shelf, verified: intake.verified, log, sync: async () => undefined });
    const watch = { shelf, entrance, log };
    const follower = await follow({
      ...{ chain, log, pollMs: timing.pollMs, confirmations: Math.max(1, timing.confirmations) },
      ...{ addresses: [entrance.entrance], fromBlock: network.fromBlock },
      cursor: storeCursor(shelf.store, "cursor", "chain"),
      onBlocks: async ({ events }) => {
        for (const batchId of await applyEvents(watch, events)) {
          const record = shelf.find(batchId);
          if (record !== undefined && mustSettle(record)) await queues.tryAdd(route.settle, { batchId });
        }
      },
      onReorg: ({ ancestor }) => applyReorg(watch, ancestor),
      onHead: async (head) => {
        ({ latest, finalized } = head);
        await dropOver(watch, finalized);
      },
    });
    shutdown.add("follower", () => follower.stop());
    const done = endWith(follower, shutdown);
    const everyMs = timing.reconcileMs;
    const loop = startLoop({ name: "storage reconcile", everyMs, log, run: () => reconcile(queues, shelf) });
    shutdown.add("reconcile", () => loop.stop());

    const metrics = createMetrics(options.name);
    const { state, rpc } = createState({
      ...{ name: options.name, network, shelf, queues, position: follower.position },
      head: () => ({ latest, finalized }),
      stagingLimit: options.stagingLimit ?? STAGING_LIMIT,
    });
    const serve = createServe({ shelf, log });
    const view = (batchId: `0x${string}`) => viewOf(shelf, batchId, intake.refused(batchId));
    const app = createStorageHttp({ log, intake, serve, view, state, rpc, metrics, maxInFlight: MAX_IN_FLIGHT });
    shutdown.add("http", () => app.close());
    const url = await listenHttp(app, { port: options.port });
    return { url, done, stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};
