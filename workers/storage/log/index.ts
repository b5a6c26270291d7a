/** Opens the log store of a node. Nothing that grows with the log is read at the start. */
import { join } from "node:path";
import type { Log } from "../../../adapters/log.ts";
import { openSlots } from "../../../adapters/slots.ts";
import type { Store } from "../../../adapters/store.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "../../../protocol/params.ts";
import { type Shard, WHOLE_LOG } from "../../../protocol/shard.ts";
import { cachedIn, sweep } from "./cache.ts";
import type { Core } from "./core.ts";
import type { DaFiles } from "./da.ts";
import { createEntries } from "./entries.ts";
import { createIntake } from "./intake.ts";
import { createPrune } from "./prune.ts";
import { createRead } from "./read.ts";
import { createSectorProof } from "./sector-proof.ts";
import { takenSlots } from "./segments.ts";
import { fileKey, historyIn, json, readOf, type ShardHistory } from "./tables.ts";
import type { LogEvent, LogStore, Usage } from "./types.ts";
import { usedIn } from "./used.ts";
import { createViews } from "./views.ts";

export { LOG_TABLES } from "./tables.ts";
export type * from "./types.ts";

export interface LogOptions {
  /** The node's store, with LOG_TABLES. */
  readonly store: Store;
  /** Its folder: the segments lie beside the store. */
  readonly dir: string;
  readonly da: DaFiles;
  /** DAEntrance: what it submits is filled by batches. */
  readonly entrance: Hex;
  /** Where there is none on record; then that counts. */
  readonly shard?: Shard | undefined;
  readonly quotaSectors?: number | undefined;
  readonly log: Log;
  readonly now?: (() => number) | undefined;
}

/** What the rest of the node does with it, beyond `LogStore`. */
export interface NodeLog extends LogStore {
  /** Batches were settled: tells who listens (settled.ts has what is in the transaction). */
  settled(txSeqs: readonly number[]): void;
  /** Halves the shard if the node is nearly full. */
  relieve(): Promise<void>;
  /** Resolves when what other shards have is given up. */
  pruned(): Promise<void>;
}

export const openLog = async (options: LogOptions): Promise<NodeLog> => {
  const { store, da, log } = options;
  const entrance = options.entrance.toLowerCase();
  const read = readOf(store);
  const initial: ShardHistory = { shard: options.shard ?? WHOLE_LOG, before: [] };
  if (historyIn(read) === undefined) await store.write((tx) => tx.put("meta", "shard", json(initial)));

  const taken = takenSlots(store.table("space").range());
  const slots = await openSlots(join(options.dir, "segments.bin"), { slotBytes: SEGMENT_BYTES, taken });
  const listeners = new Set<(event: LogEvent) => void>();
  const emit = (event: LogEvent): void => {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        log.error({ event, error: String(error) }, "a listener of the log failed");
      }
    }
  };
  const history = (): ShardHistory => historyIn(read) ?? initial;
  const shard = (): Shard => history().shard;
  const isDa = ({ sender }: { readonly sender: Hex }): boolean => sender === entrance;
  const core: Core = { store, slots, read, da, log, now: options.now ?? Date.now, emit, isDa, history, shard };

  const usage = (at = read): Usage => {
    const [segments, rows] = [slots.used(), da.rows()];
    const sectors = usedIn(at) + rows * SECTORS_PER_SEGMENT;
    return { segments, cached: cachedIn(at), rows, sectors, quota: options.quotaSectors ?? null };
  };
  const entries = createEntries(core);
  const intake = createIntake(core, usage);
  const reader = createRead(core);
  const views = createViews(core, entries, reader);
  const prune = createPrune(core, entries.tip, usage);
  prune.start();

  return {
    ...views,
    tip: entries.tip,
    append: async (batch) => {
      await entries.append(batch);
      // What was sent before its place was known may be of other shards.
      if (shard().numShard > 1)
        for (const entry of batch) if (read("files", fileKey(entry))) await prune.pruneFile(entry);
    },
    revert: entries.revert,
    open: intake.open,
    putRoots: intake.putRoots,
    putSegment: async (file, index, data, proof) => {
      const put = await intake.putSegment(file, index, data, proof);
      if (put) await prune.relieve();
      return put;
    },
    segment: reader.segment,
    roots: reader.roots,
    proof: reader.proof,
    sectorProof: createSectorProof(core, entries, reader),
    check: ({ index, ...file }) => reader.check(file, index),
    on: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    shard,
    usage: () => usage(),
    halve: prune.halve,
    sweep: () => sweep(core),
    settled: (txSeqs) => {
      for (const txSeq of txSeqs) emit({ type: "finalized", txSeq });
    },
    relieve: prune.relieve,
    pruned: prune.done,
    close: async () => {
      await prune.stop();
      await intake.idle();
      await slots.close();
    },
  };
};
