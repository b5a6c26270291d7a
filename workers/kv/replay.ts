/**
 * The edge `replay`: brings an entry's data and lets its streams go on. A stream without data stops no other one; what
 * is verified is kept, so that a transfer goes on where it was.
 */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { Log } from "../../adapters/log.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Entry } from "../chain-entry.ts";
import type { Peers } from "../peers.ts";
import type { ReplayJob } from "../route.ts";
import type { KvDb } from "./db.ts";
import { missingSegments, putSegment } from "./payloads.ts";
import { step, wantedEntries } from "./step.ts";

export type Source = Pick<Peers, "roots" | "segment">;

/** An entry whose data nobody has yet. */
export interface Waiting {
  readonly txSeq: number;
  readonly since: number;
  readonly why: ErrorCode;
}

export interface ReplayDeps {
  readonly db: KvDb;
  readonly source: Source;
  readonly log: Log;
  readonly now: () => number;
  /** Adds the job of an entry on a stream. */
  readonly enqueue: (job: ReplayJob) => Promise<void>;
}

export interface Replay {
  /** Judges what can be judged without waiting for anything, and asks for the data of what comes next. */
  wake(stream: Hex): Promise<void>;
  /** The job. A number: nobody has the data, come again after so many ms. */
  run(job: ReplayJob, signal: AbortSignal): Promise<number | undefined>;
  waiting(): readonly Waiting[];
}

/** Entries of a stream whose data is fetched while the first one is. */
const AHEAD = 8;
const PARALLEL = 4;
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [100, 600_000];
/** Longest time that one entry keeps a place in the queue to itself. */
const TURN_MS = 30_000;

/** The longer nobody had it, the less often it is asked for: a tenth of the time it has been waited for. */
export const pauseAfter = (waitedMs: number): number =>
  Math.min(Math.max(waitedMs / 10, FIRST_PAUSE_MS), LAST_PAUSE_MS);

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const createReplay = ({ db, source, log, now, enqueue }: ReplayDeps): Replay => {
  const waiting = new Map<number, Waiting>();
  const fetching = new Map<number, Promise<void>>();

  /** Returns how many entries got their verdict. */
  const advance = async (stream: Hex): Promise<number> => {
    for (let judged = 0; ; judged++) {
      const done = step(db, stream);
      if (done?.kind !== "judged") return judged;
      log.debug({ stream, txSeq: done.txSeq, result: done.text }, "judged");
      // One long stream does not keep everybody else from being answered.
      await breath();
    }
  };
  const enqueueNext = async (stream: Hex, except?: number): Promise<void> => {
    for (const { txSeq } of wantedEntries(db, stream, AHEAD)) {
      if (txSeq !== except) await enqueue({ stream, txSeq });
    }
  };
  const wake = async (stream: Hex): Promise<void> => {
    await advance(stream);
    await enqueueNext(stream);
  };

  const fetchSegments = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    const missing = missingSegments(db.sql, entry);
    const roots = await source.roots(entry, signal);
    const take = async (): Promise<void> => {
      for (let n = missing.shift(); n !== undefined; n = missing.shift()) {
        const bytes = await source.segment(entry, n, roots, signal);
        signal.throwIfAborted();
        putSegment(db.sql, entry, n, bytes);
        crashpoint("kv-segment-kept");
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: PARALLEL }, take));
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  };

  /** Streams of one entry ask for the same data. */
  const fetchOnce = (entry: Entry, signal: AbortSignal): Promise<void> => {
    const known = fetching.get(entry.txSeq);
    if (known !== undefined) return known;
    const turn = AbortSignal.any([signal, AbortSignal.timeout(TURN_MS)]);
    const fetched = fetchSegments(entry, turn).finally(() => fetching.delete(entry.txSeq));
    fetching.set(entry.txSeq, fetched);
    return fetched;
  };

  return {
    wake,
    waiting: () => [...waiting.values()],
    run: async ({ stream, txSeq }, signal) => {
      // Without progress nothing is added: jobs that woke each other would never end.
      if ((await advance(stream)) > 0) await enqueueNext(stream, txSeq);
      const entry = wantedEntries(db, stream, AHEAD).find((wanted) => wanted.txSeq === txSeq);
      if (entry === undefined) {
        waiting.delete(txSeq);
        return undefined;
      }
      try {
        await fetchOnce(entry, signal);
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = asZgError(error);
        const since = waiting.get(txSeq)?.since ?? now();
        if (!waiting.has(txSeq)) log.info({ stream, txSeq, why: message }, "waits for data");
        waiting.set(txSeq, { txSeq, since, why: code });
        return pauseAfter(now() - since);
      }
      waiting.delete(txSeq);
      const streams = db.sql.all("SELECT stream FROM verdicts WHERE tx_seq = ?", txSeq);
      for (const row of streams) await wake(row.stream as Hex);
      return undefined;
    },
  };
};

/** Streams that have an entry without a verdict, in order: what the reconciler looks at, some at a time. */
export const openStreams = (db: KvDb, after = "", limit = 1_000): Hex[] =>
  db.sql
    .all(
      "SELECT DISTINCT stream FROM verdicts WHERE result IS NULL AND stream > ? ORDER BY stream LIMIT ?",
      after,
      limit,
    )
    .map(({ stream }) => stream as Hex);
