/**
 * What a node lacks of the log, it gets from other nodes: because it was down, or is new, or its disk forgot. What is
 * lacking is read from the durable records, again and again; only how long ago somebody was asked is memory.
 */
import { asZgError } from "../../../adapters/errors.ts";
import type { Log } from "../../../adapters/log.ts";
import { type Loop, startLoop } from "../../../adapters/loop.ts";
import type { Handler, Queues } from "../../../adapters/queue.ts";
import type { Throttle } from "../../../adapters/throttle.ts";
import type { PeerReport, Peers } from "../../peers.ts";
import { route, type SyncJob } from "../../route.ts";
import type { Intake } from "../batches/intake.ts";
import type { NodeBatch } from "../batches/record.ts";
import type { Shelf } from "../batches/shelf.ts";
import type { LogStore } from "../log/types.ts";
import { lacksBatch, lostRows, syncBatch } from "./batch.ts";
import { type Synced, syncFile } from "./file.ts";
import { createLost } from "./lost.ts";
import { createScan, type ScanReport } from "./scan.ts";
import { createWaits } from "./waits.ts";

export interface SyncDeps {
  readonly store: LogStore;
  readonly shelf: Shelf;
  readonly intake: Intake;
  readonly peers: Peers;
  readonly queues: Pick<Queues, "tryAdd">;
  /** Of what the scanner reads. */
  readonly scanThrottle: Throttle;
  readonly latest: () => number;
  readonly log: Log;
  readonly now: () => number;
  /** Between two looks at what is lacking, and before peers are first asked for an entry, ms. */
  readonly everyMs: number;
  /** Between two passes of the scanner, ms. */
  readonly scanEveryMs: number;
}

export interface SyncReport {
  /** Entries that are fetched now. */
  readonly running: readonly number[];
  /** Entries that wait for data, by why they did not get it the last time. */
  readonly waiting: Readonly<Record<string, number>>;
  /** From peers, since the start. */
  readonly fetched: { readonly segments: number; readonly rows: number; readonly bytes: number };
  /** Whom it asks; who lied is asked no more. */
  readonly peers: readonly PeerReport[];
  readonly scan: ScanReport;
}

export interface Sync {
  readonly handler: Handler<SyncJob>;
  /** Compares what is here with what should be, and adds a job for what is lacking: the reconciler of this edge. */
  look(): Promise<void>;
  report(): SyncReport;
  stop(): Promise<void>;
}

/** Jobs that one look adds; the next one comes when they are done. */
const MAX_OFFERED = 64;
/** Pending entries that one look reads: those at the front of the log may be of files that nobody ever brings. */
const MAX_READ = 4_096;
const PAGE = 512;
/** Segments or rows of one entry on their way at once. */
const HANDS = 8;

export const startSync = (deps: SyncDeps): Sync => {
  const { store, shelf, peers, queues, log, latest } = deps;
  const waits = createWaits({ pauseMs: deps.everyMs, now: deps.now });
  const running = new Set<number>();
  const lost = createLost(shelf);
  const fetched = { segments: 0, rows: 0, bytes: 0 };
  let [cursor, more] = [0, false];

  const lacks = (record: NodeBatch): boolean => {
    if (lacksBatch(record, latest())) return true;
    if (!record.staged || record.dropped || !record.onChain || record.confirmed === null) return false;
    const { batchId } = record.batch.facts;
    return lost.has(batchId) || !shelf.hasMetadata(batchId);
  };
  const batchAt = (txSeq: number): NodeBatch | undefined => {
    for (const record of shelf.all()) if (record.confirmed?.rowsTxSeq === txSeq) return record;
    return undefined;
  };

  const look = async (): Promise<void> => {
    let room = MAX_OFFERED;
    const offer = async (txSeq: number): Promise<void> => {
      if (running.has(txSeq) || !waits.due(txSeq)) return;
      room -= 1;
      await queues.tryAdd(route.sync, { txSeq });
    };
    for (const record of [...shelf.all()]) {
      if (room > 0 && record.confirmed !== null && lacks(record)) await offer(record.confirmed.rowsTxSeq);
    }
    for (let read = 0; read < MAX_READ && room > 0; read += PAGE) {
      const page = store.pending(cursor, PAGE);
      for (const txSeq of page) {
        if (room === 0) break;
        cursor = txSeq + 1;
        // What DAEntrance submitted comes with its batch.
        if (store.info(txSeq)?.da === false) await offer(txSeq);
      }
      if (page.length === PAGE || room === 0) continue;
      cursor = 0;
      break;
    }
    more = room === 0;
  };

  const fetchOne = async (txSeq: number, signal: AbortSignal): Promise<Synced> => {
    const record = batchAt(txSeq);
    if (record === undefined) {
      const onSegment = (bytes: number): void => {
        fetched.segments += 1;
        fetched.bytes += bytes;
      };
      return syncFile({ store, peers, hands: HANDS, onSegment }, txSeq, waits.startOf(txSeq), signal);
    }
    const onRow = (bytes: number): void => {
      fetched.rows += 1;
      fetched.bytes += bytes;
    };
    const { batchId } = record.batch.facts;
    const outcome = await syncBatch({ ...deps, hands: HANDS, onRow }, batchId, signal);
    if (lostRows(deps, record).length === 0 && shelf.hasMetadata(batchId)) await lost.forget(batchId);
    return outcome;
  };

  const handler: Handler<SyncJob> = async ({ txSeq }, { signal }) => {
    if (running.has(txSeq)) return;
    running.add(txSeq);
    try {
      const { fetched: count, failure, from } = await fetchOne(txSeq, signal);
      if (count > 0) log.info({ txSeq, fetched: count, failure: failure ?? null }, "fetched from peers");
      if (failure === undefined) waits.forget(txSeq);
      else if (count > 0) waits.progressed(txSeq, from);
      else waits.failed(txSeq, failure, from);
    } catch (error) {
      if (!signal.aborted) waits.failed(txSeq, asZgError(error).code, waits.startOf(txSeq));
      throw error;
    } finally {
      running.delete(txSeq);
      if (more) poke(loop);
    }
  };

  const scan = createScan({
    ...{ store, shelf, log, throttle: deps.scanThrottle },
    onLost: async (batchId) => {
      await lost.add(batchId);
      poke(loop);
    },
  });
  const unlisten = store.on((event) => {
    if (event.type === "entry") waits.begin(event.txSeq);
    if (event.type === "finalized") waits.forget(event.txSeq);
    if (event.type === "reverted") waits.forgetFrom(event.from);
    if (event.type !== "lost") return;
    waits.forget(event.txSeq);
    poke(loop);
  });
  const loop = startLoop({ name: "storage sync", everyMs: deps.everyMs, log, run: look });
  const scanning = startLoop({
    ...{ name: "storage scan", everyMs: deps.scanEveryMs, log },
    run: async (signal) => {
      while (await scan.step(signal));
    },
  });

  return {
    handler,
    look,
    report: () => ({
      running: [...running],
      waiting: waits.counts(),
      fetched: { ...fetched },
      peers: peers.report(),
      scan: scan.report(),
    }),
    stop: async () => {
      unlisten();
      await Promise.all([loop.stop(), scanning.stop()]);
    },
  };
};

const poke = (loop: Loop): void => void loop.poke().catch(() => undefined);
