/** A node that is nearly full halves its shard and gives up the other half's segments, at its leisure. */
import { randomInt } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { crashpoint } from "../../../adapters/crashpoint.ts";
import { asZgError } from "../../../adapters/errors.ts";
import { shapeOf } from "../../../protocol/file.ts";
import { SECTORS_PER_SEGMENT } from "../../../protocol/params.ts";
import { halves, holds, type Shard, segmentInLog } from "../../../protocol/shard.ts";
import { shrink } from "./cache.ts";
import { type Core, isComplete, readIn, removeSegment, setReady, shardIn } from "./core.ts";
import { indexesIn } from "./segments.ts";
import {
  entryAt,
  fileKey,
  fileOf,
  historyIn,
  json,
  lastSeq,
  PRESENT,
  placesOf,
  recordOf,
  type ShardHistory,
  seqKey,
} from "./tables.ts";
import type { FileRef, Usage } from "./types.ts";

/** 0G's: above this share of its quota a node gives up half of what it holds. */
const FULL = 0.9;
/** Rows of 64 segments, or entries, to a transaction. */
const ROWS = 16;
const ENTRIES = 500;

export const createPrune = (core: Core, tip: () => { readonly nextTxSeq: number }, usage: () => Usage) => {
  const { store, slots, read, log } = core;
  let halving: Promise<Shard> | undefined;
  let pruning: Promise<void> | undefined;
  let stopped = false;

  /** Who asks while one is under way means the same one. */
  const halve = (): Promise<Shard> => {
    halving ??= halveOnce().finally(() => {
      halving = undefined;
    });
    return halving;
  };

  const halveOnce = async (): Promise<Shard> => {
    const shard = await store.write((tx) => {
      const { shard: old, before } = historyIn(readIn(tx)) ?? core.history();
      const half = halves(old)[randomInt(2)] as Shard;
      const next: ShardHistory = { shard: half, before: [...before, { shard: old, until: tip().nextTxSeq }] };
      tx.put("meta", "shard", json(next));
      tx.put("meta", "prune", PRESENT);
      return half;
    });
    crashpoint("halved-not-pruned");
    log.warn({ ...shard, ...usage() }, "quota: the shard is halved");
    core.emit({ type: "shard", shard });
    start();
    return shard;
  };

  /** Goes on with what is to be given up, if anything is. */
  const start = (): void => {
    if (pruning !== undefined || stopped || read("meta", "prune") === undefined) return;
    pruning = run().then(
      () => {
        pruning = undefined;
        // A halving that was committed with the end of the last round found it still running.
        start();
      },
      (error: unknown) => {
        pruning = undefined;
        const { code, message } = asZgError(error);
        if (!stopped) log.error({ code, error: message }, "pruning failed: it goes on at the next start or halving");
      },
    );
  };

  const run = async (): Promise<void> => {
    for (let over = false; !over && !stopped; ) {
      const shard = core.shard();
      await settleEntries();
      const freed = await pruneSegments();
      await markBatches();
      if (stopped) return;
      // Halved once more meanwhile: what was looked at before is to be looked at again.
      over = await store.write((tx) => {
        const now = shardIn(tx, core);
        const same = now.shardId === shard.shardId && now.numShard === shard.numShard;
        if (same) tx.delete("meta", "prune");
        return same;
      });
      log.info({ ...core.shard(), segments: freed }, "pruned");
    }
  };

  /** What is missing of an entry may all be of the other half. */
  const settleEntries = async (): Promise<void> => {
    for (let from = ""; ; ) {
      const keys = [...store.table("pending").keys({ start: from, limit: ENTRIES })];
      const done: number[] = [];
      await step(() =>
        store.write((tx) => {
          const shard = shardIn(tx, core);
          for (const txSeq of keys.map(Number)) {
            const entry = entryAt(readIn(tx), txSeq);
            if (entry === undefined || tx.get("pending", seqKey(txSeq)) === undefined) continue;
            if (core.isDa(entry)) continue;
            const { held } = recordOf(readIn(tx), entry);
            if (!isComplete(readIn(tx), entry, shapeOf(entry.length), { shard, start: entry.start, held })) continue;
            setReady(tx, entry, txSeq);
            done.push(txSeq);
          }
        }),
      );
      for (const txSeq of done) core.emit({ type: "finalized", txSeq });
      const last = keys.at(-1);
      if (last === undefined || keys.length < ENTRIES) return;
      from = `${last}~`;
    }
  };

  const pruneSegments = async (prefix = ""): Promise<number> => {
    let freed = 0;
    for (let from = prefix; ; ) {
      const rows = [...store.table("segments").range({ start: from, end: `${prefix}~`, limit: ROWS })];
      const removed: number[] = [];
      await step(() =>
        store.write((tx) => {
          const shard = shardIn(tx, core);
          for (const { key, value } of rows) {
            const file = fileOf(key);
            const names = [...placesOf(store, file, shard)];
            // Files without names wait for one, or for the sweep.
            if (names.length === 0) continue;
            for (const index of indexesIn(key, value)) {
              if (names.some(({ start }) => holds(shard, segmentInLog(start, index)))) continue;
              const slot = removeSegment(tx, file, index);
              if (slot !== undefined) removed.push(slot);
            }
          }
        }),
      );
      for (const slot of removed) slots.free(slot);
      freed += removed.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS) return freed;
      from = `${last.key}~`;
    }
  };

  /** Rows of batches go once their block is final (`prunable`). */
  const markBatches = async (): Promise<void> => {
    for (let from = ""; ; ) {
      const keys = [...store.table("log").keys({ start: from, limit: ENTRIES })];
      await step(() =>
        store.write((tx) => {
          for (const key of keys) if (core.da.part(lastSeq(key))?.kind === "rows") tx.put("prunable", key, PRESENT);
        }),
      );
      const last = keys.at(-1);
      if (last === undefined || keys.length < ENTRIES) return;
      from = `${last}~`;
    }
  };

  const step = async (work: () => Promise<unknown>): Promise<void> => {
    if (stopped) return;
    await work();
    await setImmediate();
  };

  return {
    halve,
    start,
    /** What was cached whole before its place in the log was known. */
    pruneFile: (file: FileRef): Promise<number> => pruneSegments(`${fileKey(file)}/`),
    /** Halves when that helps: not while the last halving is still having its effect, nor against what is only staged. */
    relieve: async (): Promise<void> => {
      const { sectors, quota } = usage();
      if (quota === null || stopped) return;
      await shrink(core, () => usage().sectors + usage().cached * SECTORS_PER_SEGMENT <= quota);
      if (sectors <= FULL * quota) return;
      if (halving !== undefined || pruning !== undefined) return;
      if (store.table("prunable").count({ limit: 1 }) > 0) return;
      const relievable = sectors - core.da.stagedRows() * SECTORS_PER_SEGMENT;
      if (2 * relievable > FULL * quota) await halve();
    },
    /** When nothing is left to be given up (or it has failed). */
    done: async (): Promise<void> => {
      await halving;
      while (pruning !== undefined) await pruning;
    },
    stop: async (): Promise<void> => {
      stopped = true;
      await halving?.catch(() => undefined);
      await pruning;
    },
  };
};
