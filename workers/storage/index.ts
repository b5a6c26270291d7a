import { follow, storeCursor } from "../../adapters/follow.ts";
import { listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import { createThrottle, unlimited } from "../../adapters/throttle.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { openPeers } from "../peers.ts";
import { route } from "../route.ts";
import { createBlobProofs } from "./batches/blobProofs.ts";
import { createDaFiles } from "./batches/files.ts";
import { createIntake } from "./batches/intake.ts";
import { isKept, pruneRows } from "./batches/prune.ts";
import { mustSettle } from "./batches/record.ts";
import { createServe } from "./batches/serve.ts";
import { openShelf } from "./batches/shelf.ts";
import { viewOf } from "./batches/view.ts";
import { createStorageHttp } from "./http.ts";
import { reconcile, workJobs } from "./jobs.ts";
import { openLog } from "./log/index.ts";
import { createState } from "./state.ts";
import { startSync } from "./sync/index.ts";
import { appendEntries, applyEvents, applyReorg, dropOver } from "./watch.ts";

export type StorageOptions = PartyOptions & {
  /** Bytes of rows without a certificate; default 4 GiB. */
  readonly stagingLimit?: number;
  /** What a new node keeps of the log; default: all. A node that is not new keeps what it kept. */
  readonly shard?: Shard;
  /** Sectors that it keeps before it halves its shard; default: as many as come. */
  readonly quotaSectors?: number;
  /** Whom it asks for what it lacks; default: the network's other storage nodes. */
  readonly peers?: readonly string[];
  readonly syncBytesPerSecond?: number;
};

const STAGING_LIMIT = 4 * 2 ** 30;
/** Bodies of 2 MiB, and their extended rows. */
const MAX_IN_FLIGHT = 16;
/** Files that no entry names are looked through so often; they may stay for minutes. */
const SWEEP_MS = 10_000;
/** The scanner reads all that is on the disk, one pass a minute at most and never so fast that anybody notices. */
const SCAN_MS = 60_000;
const SCAN_BYTES_PER_SECOND = 8 * 2 ** 20;

export const startStorage = async (context: Context, options: StorageOptions): Promise<Running> => {
  const { chain, compute, timing, network } = context;
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    const shelf = await openShelf(options.dir);
    shutdown.add("store", () => shelf.close());
    const files = await openLog({
      ...{ store: shelf.store, dir: options.dir, da: createDaFiles(shelf), entrance: chain.addresses.DAEntrance, log },
      ...{ shard: options.shard, quotaSectors: options.quotaSectors },
    });
    shutdown.add("log", () => files.close());
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

    const client = openClient();
    shutdown.add("peer client", () => client.close());
    const others = network.storageNodes.filter((_, id) => options.name !== `storage-${id}`);
    const { syncBytesPerSecond } = options;
    const throttle = syncBytesPerSecond === undefined ? unlimited : createThrottle(syncBytesPerSecond);
    const peers = openPeers({ client, urls: options.peers ?? others, throttle, log });
    const sync = startSync({
      ...{ store: files, shelf, intake, peers, queues, log, latest: () => latest, now: Date.now },
      ...{ everyMs: timing.reconcileMs, scanEveryMs: SCAN_MS, scanThrottle: createThrottle(SCAN_BYTES_PER_SECOND) },
    });
    shutdown.add("sync", () => sync.stop());
    const settling = { shelf, verified: intake.verified, onSettled: files.settled, log };
    workJobs(queues, { ...settling, intake, sync: sync.handler });

    const watch = { shelf, entrance, log };
    const follower = await follow({
      ...{ chain, log, pollMs: timing.pollMs, confirmations: Math.max(1, timing.confirmations) },
      ...{ addresses: [entrance.entrance, chain.addresses.Flow], fromBlock: network.fromBlock },
      cursor: storeCursor(shelf.store, "cursor", "log"),
      onBlocks: async ({ events }) => {
        await appendEntries(files, events);
        for (const batchId of await applyEvents(watch, events)) {
          const record = shelf.find(batchId);
          if (record !== undefined && mustSettle(record)) await queues.tryAdd(route.settle, { batchId });
        }
      },
      onReorg: async ({ ancestor }) => {
        await applyReorg(watch, ancestor);
        await files.revert(ancestor);
      },
      onHead: async (head) => {
        ({ latest, finalized } = head);
        await dropOver(watch, finalized);
        await pruneRows({ shelf, files, log }, finalized);
        await files.relieve();
      },
    });
    shutdown.add("follower", () => follower.stop());
    const done = endWith(follower, shutdown);
    const everyMs = timing.reconcileMs;
    const loop = startLoop({ name: "storage reconcile", everyMs, log, run: () => reconcile(queues, shelf) });
    shutdown.add("reconcile", () => loop.stop());
    const sweep = async (): Promise<void> => {
      await files.sweep();
    };
    const sweeper = startLoop({ name: "storage sweep", everyMs: SWEEP_MS, log, run: sweep });
    shutdown.add("sweep", () => sweeper.stop());

    const metrics = createMetrics(options.name);
    const { state } = createState({
      ...{ name: options.name, network, shelf, files, queues, position: follower.position, sync: sync.report },
      head: () => ({ latest, finalized }),
      stagingLimit: options.stagingLimit ?? STAGING_LIMIT,
    });
    const serve = createServe({ shelf, log, isKept: (record, row) => isKept(files, record, row) });
    const blobProofs = createBlobProofs({ serve, compute });
    const view = (batchId: `0x${string}`) => viewOf(shelf, batchId, intake.refused(batchId));
    const app = createStorageHttp({
      ...{ log, store: files, intake, serve, blobProofs, view, state, metrics, maxInFlight: MAX_IN_FLIGHT },
      ...{ chain: { chainId: network.chainId, flow: network.contracts.Flow }, position: follower.position },
    });
    shutdown.add("http", () => app.close());
    const url = await listenHttp(app, { port: options.port });
    return { url, done, stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};
