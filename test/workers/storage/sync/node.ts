/** A log store that syncs, without its network: jobs run at once in this process. */

import { openClient } from "../../../../adapters/http-client.ts";
import { silentLog } from "../../../../adapters/log.ts";
import type { QueueEdge } from "../../../../adapters/queue.ts";
import { unlimited } from "../../../../adapters/throttle.ts";
import { openPeers } from "../../../../workers/peers.ts";
import type { SyncJob } from "../../../../workers/route.ts";
import type { Intake } from "../../../../workers/storage/batches/intake.ts";
import { openShelf, type Shelf } from "../../../../workers/storage/batches/shelf.ts";
import type { NodeLog } from "../../../../workers/storage/log/index.ts";
import { type Sync, startSync } from "../../../../workers/storage/sync/index.ts";

export interface SyncingNode {
  readonly sync: Sync;
  readonly shelf: Shelf;
  /** Errors of jobs. */
  readonly failed: unknown[];
  stop(): Promise<void>;
}

export interface SyncingOptions {
  readonly store: NodeLog;
  /** Of the shelf: another folder than the log store's. */
  readonly dir: string;
  readonly urls: readonly string[];
  readonly intake?: Intake;
  readonly everyMs?: number;
}

export const startSyncing = async (options: SyncingOptions): Promise<SyncingNode> => {
  const client = openClient();
  const shelf = await openShelf(options.dir);
  const stop = new AbortController();
  const jobs = new Map<number, Promise<void>>();
  const failed: unknown[] = [];
  let sync: Sync | undefined;
  const run = async ({ txSeq }: SyncJob): Promise<void> => {
    const later = (): Error => new Error("later");
    const context = { signal: stop.signal, attempt: 1, lastAttempt: true, later };
    await sync?.handler({ txSeq }, context).catch((error: unknown) => failed.push(error));
  };
  sync = startSync({
    ...{ store: options.store, shelf, intake: options.intake as Intake, log: silentLog },
    peers: openPeers({ client, urls: options.urls, log: silentLog }),
    queues: {
      tryAdd: async <P>(_edge: QueueEdge<P>, payload: P) => {
        const job = payload as SyncJob;
        if (jobs.has(job.txSeq)) return true;
        jobs.set(
          job.txSeq,
          run(job).finally(() => jobs.delete(job.txSeq)),
        );
        return true;
      },
    },
    ...{ scanThrottle: unlimited, latest: () => 0, now: () => performance.now() },
    ...{ everyMs: options.everyMs ?? 5, scanEveryMs: 5 },
  });
  const { stop: stopSync } = sync;
  return {
    ...{ sync, shelf, failed },
    stop: async () => {
      stop.abort();
      await stopSync();
      await Promise.all(jobs.values());
      client.close();
      await shelf.close();
    },
  };
};
