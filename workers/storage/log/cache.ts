/** Files that no entry names: sent before their entry was seen, or left behind by a reorg. Kept for a while, and few. */
import type { Transaction } from "../../../adapters/store.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { SEGMENT_BYTES } from "../../../protocol/params.ts";
import { type Core, readIn, removeSegment } from "./core.ts";
import { indexesIn } from "./segments.ts";
import { fileKey, fileOf, fromJson, json, type Read } from "./tables.ts";
import type { FileRef } from "./types.ts";
import { addUsed, usedByFile } from "./used.ts";

/** 0G's limits: a file, all of them, and how long. */
export const MAX_CACHED_FILE = 10 * 2 ** 20;
const MAX_CACHED_SEGMENTS = 2 ** 30 / SEGMENT_BYTES;
const CACHED_MS = 300_000;

interface Cached {
  /** ms */
  readonly since: number;
  /** Segments; one for a file of which only roots are here. */
  readonly segments: number;
}

export const cachedIn = (read: Read): number => fromJson<number>(read("meta", "cached")) ?? 0;

/** `cached` undefined: it is kept for good, or not at all, from now on. The sums are right after every transaction. */
export const setCached = (tx: Transaction, file: FileRef, cached: Cached | undefined): void => {
  const key = fileKey(file);
  const known = fromJson<Cached>(tx.get("cache", key));
  if (known === undefined && cached === undefined) return;
  if (cached === undefined) tx.delete("cache", key);
  else tx.put("cache", key, json(cached));
  if (known === undefined) addUsed(tx, -usedByFile(readIn(tx), file));
  if (cached === undefined) addUsed(tx, usedByFile(readIn(tx), file));
  tx.put("meta", "cached", json(cachedIn(readIn(tx)) + (cached?.segments ?? 0) - (known?.segments ?? 0)));
};

/** Refuses what would not be kept. */
export const mustFitCache = (read: Read, { length }: FileRef): void => {
  if (length > MAX_CACHED_FILE) throw new ZgError("TooLargeToCache", { length, limit: MAX_CACHED_FILE });
  const segments = cachedIn(read);
  if (segments >= MAX_CACHED_SEGMENTS) throw new ZgError("CacheFull", { segments, limit: MAX_CACHED_SEGMENTS });
};

/** A cached file gets its first roots or a segment more. */
export const growCached = (core: Core, tx: Transaction, file: FileRef, held: number): void => {
  const known = fromJson<Cached>(tx.get("cache", fileKey(file)));
  const segments = Math.max(1, held);
  if ((known?.segments ?? 0) < segments) mustFitCache(readIn(tx), file);
  setCached(tx, file, { since: known?.since ?? core.now(), segments });
};

/** Rows of the segment table to a transaction. */
const ROWS = 16;

/** Forgets the files whose time is up. Returns how many. */
export const sweep = async (core: Core): Promise<number> => {
  const isOver = (value: Uint8Array | undefined): boolean =>
    (fromJson<Cached>(value)?.since ?? Number.POSITIVE_INFINITY) + CACHED_MS <= core.now();
  let files = 0;
  for (const { key, value } of [...core.store.table("cache").range()]) {
    if (isOver(value) && (await forgetFile(core, fileOf(key), (tx) => isOver(tx.get("cache", key))))) files += 1;
  }
  return files;
};

/** Forgets the oldest until the rest fits. */
export const shrink = async (core: Core, fits: () => boolean): Promise<void> => {
  if (fits()) return;
  const sinceOf = (value: Uint8Array): number => fromJson<Cached>(value)?.since ?? 0;
  const files = [...core.store.table("cache").range()].map(({ key, value }) => ({ key, since: sinceOf(value) }));
  for (const { key } of files.sort((a, b) => a.since - b.since)) {
    if (fits()) return;
    await forgetFile(core, fileOf(key), (tx) => tx.get("cache", key) !== undefined);
  }
};

/** Bit by bit, as long as nothing names the file; false: something does. */
const forgetFile = async (core: Core, file: FileRef, isOver: (tx: Transaction) => boolean): Promise<boolean> => {
  const prefix = `${fileKey(file)}/`;
  for (;;) {
    const rows = [...core.store.table("segments").range({ prefix, limit: ROWS })];
    const freed: number[] = [];
    const over = await core.store.write((tx) => {
      if (!isOver(tx)) return false;
      for (const { key, value } of rows) {
        for (const index of indexesIn(key, value)) {
          const slot = removeSegment(tx, file, index);
          if (slot !== undefined) freed.push(slot);
        }
      }
      // A segment that has come in between keeps the file for another round.
      if (rows.length < ROWS && core.store.table("segments").count({ prefix }) === rows.length) {
        for (const key of core.store.table("nodes").keys({ prefix })) tx.delete("nodes", key);
        tx.delete("files", fileKey(file));
        setCached(tx, file, undefined);
      }
      return true;
    });
    for (const slot of freed) core.slots.free(slot);
    if (!over) return false;
    if (core.read("files", fileKey(file)) === undefined) return true;
  }
};
