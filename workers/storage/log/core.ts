/** What the parts of the log store share, and the few changes that more than one of them makes in a transaction. */
import type { Log } from "../../../adapters/log.ts";
import type { Slots } from "../../../adapters/slots.ts";
import type { Store, Transaction } from "../../../adapters/store.ts";
import { type FileShape, shapeOf } from "../../../protocol/file.ts";
import { holds, type Shard, segmentCountIn, segmentInLog } from "../../../protocol/shard.ts";
import type { DaFiles } from "./da.ts";
import { missingOf, setSlot, setTaken, slotAt } from "./segments.ts";
import {
  historyIn,
  isCached,
  json,
  type Name,
  namesOf,
  PRESENT,
  placesOf,
  putRecord,
  type Read,
  recordOf,
  type ShardHistory,
  seqKey,
} from "./tables.ts";
import type { Entry, FileRef, LogEvent } from "./types.ts";
import { addUsed, usedBy } from "./used.ts";

export interface Core {
  readonly store: Store;
  readonly slots: Slots;
  /** Committed state. */
  readonly read: Read;
  readonly da: DaFiles;
  readonly log: Log;
  readonly now: () => number;
  readonly emit: (event: LogEvent) => void;
  /** DAEntrance submitted it: its data comes as a batch. */
  isDa(entry: Pick<Entry, "sender">): boolean;
  history(): ShardHistory;
  shard(): Shard;
}

export const readIn =
  (tx: Transaction): Read =>
  (table, key) =>
    tx.get(table, key);

/** In a transaction the store's word counts: a halving may have been committed just before. */
export const shardIn = (tx: Transaction, core: Core): Shard => (historyIn(readIn(tx)) ?? core.history()).shard;

export const wants = (shard: Shard, name: Name, index: number): boolean =>
  !name.da && holds(shard, segmentInLog(name.start, index));

/** Is all of the shard's part of an entry at `start` here? */
export const isComplete = (
  read: Read,
  file: FileRef,
  shape: FileShape,
  { shard, start, held }: { readonly shard: Shard; readonly start: number; readonly held: number },
): boolean => {
  if (held < segmentCountIn(shard, start, shape.segments)) return false;
  return missingOf(read, file, { shard, start, segments: shape.segments }).next().done === true;
};

export const setReady = (tx: Transaction, { root, length }: FileRef, txSeq: number): void => {
  tx.delete("pending", seqKey(txSeq));
  tx.put("ready", `${root}/${seqKey(txSeq)}`, json(length));
};

export const setPending = (tx: Transaction, { root }: FileRef, txSeq: number): void => {
  tx.delete("ready", `${root}/${seqKey(txSeq)}`);
  tx.put("pending", seqKey(txSeq), PRESENT);
};

/** Entries that segment `index` belongs to, in this shard; all of them, or none, are complete. */
export const sharersOf = (core: Core, shard: Shard, file: FileRef, index: number): Name[] =>
  [...namesOf(core.store, file)].filter((name) => wants(shard, name, index));

/** Entries that the segment just put completes. */
export const setComplete = (core: Core, tx: Transaction, file: FileRef, index: number, held: number): number[] => {
  const [shard, shape, read] = [shardIn(tx, core), shapeOf(file.length), readIn(tx)];
  for (const name of placesOf(core.store, file, shard)) {
    if (!wants(shard, name, index)) continue;
    if (!isComplete(read, file, shape, { shard, start: name.start, held })) return [];
    const done = sharersOf(core, shard, file, index).map(({ txSeq }) => txSeq);
    const pending = done.filter((txSeq) => tx.get("pending", seqKey(txSeq)) !== undefined);
    for (const txSeq of pending) setReady(tx, file, txSeq);
    return pending;
  }
  return [];
};

/** Takes a segment out; its slot is the caller's to free once this is committed. undefined: it is not here. */
export const removeSegment = (tx: Transaction, file: FileRef, index: number): number | undefined => {
  const read = readIn(tx);
  const slot = slotAt(read, file, index);
  if (slot === undefined) return undefined;
  setSlot(tx, file, index, undefined);
  setTaken(tx, slot, false);
  const record = recordOf(read, file);
  putRecord(tx, file, { ...record, held: record.held - 1 });
  if (!isCached(read, file)) addUsed(tx, -usedBy(shapeOf(file.length), index));
  return slot;
};
