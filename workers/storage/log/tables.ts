/**
 * How the log lies in the node's store. Bytes of segments lie in slots of a file of their own; what names them is here,
 * so a transaction is what makes them be.
 *
 *   entries   <txSeq>                        entry (JSON) with the log's root after it
 *   flowRoots <root>                         the last txSeq whose log has this root
 *   names     <root>/<length>/<txSeq>        where the entry starts, and whether it is DAEntrance's (JSON)
 *   pending   <txSeq>                        there while segments of the shard (or the batch) are missing
 *   ready     <root>/<txSeq>                 length; there while the entry is finalized
 *   tree      <level>/<block>                nodes of the log's tree (nodes.ts)
 *   files     <root>/<length>                record (JSON) of a file of which anything is here
 *   cache     <root>/<length>                since when, and how much (JSON); there while no entry names the file
 *   nodes     <root>/<length>/<level>/<block>  nodes of the file's tree, from segment roots up
 *   segments  <root>/<length>/<row>          slots of 64 segments, u32 each: 0 is none, n is slot n − 1
 *   space     <row>                          which of 4096 slots are taken, a bit each
 *   prunable  <txSeq>                        rows entries of which rows may be of another shard
 *   meta      shard | prune | cached | used  the shard and what it was before (JSON); there while pruning is under
 *                                            way; segments of files that no entry names; sectors of the others
 */
import type { Store, Transaction } from "../../../adapters/store.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { type Shard, segmentInLog } from "../../../protocol/shard.ts";
import type { Entry, FileRef } from "./types.ts";

export const LOG_TABLES = [
  ...["entries", "flowRoots", "names", "pending", "ready", "tree"],
  ...["files", "cache", "nodes", "segments", "space", "prunable", "meta"],
] as const;

/** Reads that see what the transaction has put so far; outside of one, what is committed. */
export type Read = (table: string, key: string) => Uint8Array | undefined;

export const readOf = (store: Store): Read => {
  const tables = new Map(LOG_TABLES.map((name) => [name as string, store.table(name)]));
  return (table, key) => (tables.get(table) ?? store.table(table)).get(key);
};

export interface StoredEntry extends Entry {
  readonly flowRoot: Hex;
}

/** Of a file of which roots or segments are here. */
export interface FileRecord {
  /** Segments with data that are here. */
  readonly held: number;
  /** Segments with data whose roots are known. */
  readonly roots: number;
}

export const NOTHING: FileRecord = { held: 0, roots: 0 };
export const PRESENT = new Uint8Array([1]);

export const seqKey = (txSeq: number): string => String(txSeq).padStart(12, "0");
export const fileKey = ({ root, length }: FileRef): string => `${root}/${length}`;
export const fileOf = (key: string): FileRef => {
  const [root, length] = key.split("/");
  return { root: root as Hex, length: Number(length) };
};
/** The txSeq at the end of a key. */
export const lastSeq = (key: string): number => Number(key.slice(key.lastIndexOf("/") + 1));

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const fromJson = <T>(bytes: Uint8Array | undefined): T | undefined =>
  bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString("utf8")) as T);

export const entryAt = (read: Read, txSeq: number): StoredEntry | undefined => fromJson(read("entries", seqKey(txSeq)));
export const recordOf = (read: Read, file: FileRef): FileRecord => fromJson(read("files", fileKey(file))) ?? NOTHING;
export const putRecord = (tx: Transaction, file: FileRef, record: FileRecord): void =>
  tx.put("files", fileKey(file), json(record));

/** It is kept for a while only: no entry names it. */
export const isCached = (read: Read, file: FileRef): boolean => read("cache", fileKey(file)) !== undefined;

/** An entry that names a file. */
export interface Name {
  readonly txSeq: number;
  /** Its first sector in the log. */
  readonly start: number;
  readonly da: boolean;
}

/**
 * Ascending, however many: each was paid for, and any may be the one that counts. Committed, and what earlier callbacks
 * of the same commit have put.
 */
export function* namesOf(store: Store, file: FileRef): Generator<Name, void, undefined> {
  for (const { key, value } of store.table("names").range({ prefix: `${fileKey(file)}/` })) {
    const { start, da } = fromJson<Omit<Name, "txSeq">>(value) as Omit<Name, "txSeq">;
    yield { txSeq: lastSeq(key), start, da };
  }
}

export const isNamed = (store: Store, file: FileRef): boolean =>
  [...store.table("names").keys({ prefix: `${fileKey(file)}/`, limit: 1 })].length > 0;

/**
 * Of the entries that are filled by segments the first at each place that makes a difference to a shard: the others want
 * the same segments, and are whole when it is. So there are no more than shards.
 */
export function* placesOf(store: Store, file: FileRef, { numShard }: Shard): Generator<Name, void, undefined> {
  const seen = new Set<number>();
  for (const name of namesOf(store, file)) {
    const place = segmentInLog(name.start, 0) % numShard;
    if (name.da || seen.has(place)) continue;
    yield name;
    if (seen.add(place).size === numShard) return;
  }
}

/** The shard, and the wider ones that it was cut from: each held for entries before `until`. */
export interface ShardHistory {
  readonly shard: Shard;
  readonly before: readonly { readonly shard: Shard; readonly until: number }[];
}

export const historyIn = (read: Read): ShardHistory | undefined => fromJson(read("meta", "shard"));
