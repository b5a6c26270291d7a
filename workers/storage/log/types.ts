/**
 * The log store of a storage node: entries as `Flow` ordered them, the files they name, and the segments of its shard.
 *
 * A file is named by root and length, and its bytes lie under that name, whatever entries bear it: a file submitted
 * again, taken back by a reorg or sent before its entry was seen is stored once. What has resolved is durable.
 */
import type { FileProof } from "../../../protocol/file.ts";
import type { SectorProof } from "../../../protocol/flowTree.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { Shard } from "../../../protocol/shard.ts";
import type { Entry } from "../../chain-entry.ts";

export type { Entry } from "../../chain-entry.ts";

/** A file as clients name it: the root alone does not say how much of the last sectors is padding. */
export interface FileRef {
  readonly root: Hex;
  readonly length: number;
}

/**
 * pending: segments of this shard are missing · finalized: all of them are verified and durable. An entry whose declared
 * padding is not empty stays pending for ever: there is no data that fits it.
 */
export type EntryState = "pending" | "finalized";

export interface EntryInfo {
  readonly entry: Entry;
  readonly state: EntryState;
  /** Segments with data, of all shards. */
  readonly segments: number;
  /** Segments with data that are of this node's shard, by their place in the log; and how many of them are here. */
  readonly wanted: number;
  readonly held: number;
  /** Segments of it belonged to this node's shard once and were given up when it was halved. */
  readonly pruned: boolean;
  /** Root of the log up to and including this entry: `Flow.getFlowRootByTxSeq`. */
  readonly flowRoot: Hex;
  /** Not taken as segments: what DAEntrance submitted comes by its batch. Known once the batch is settled. */
  readonly batch: BatchPart | null;
  /** DAEntrance submitted it. */
  readonly da: boolean;
}

export interface BatchPart {
  readonly kind: "rows" | "metadata";
  readonly batchId: Hex;
}

/** A file that entries name, or that waits for one. */
export interface FileInfo extends FileRef {
  /** The entry that stands for it: the lowest that is finalized, else the lowest. undefined: no entry names it yet. */
  readonly best: EntryInfo | undefined;
  /** Ascending; at most MAX_ENTRIES_LISTED. */
  readonly txSeqs: readonly number[];
  /** Sectors after padding. */
  readonly sectors: number;
  /** With data. */
  readonly segments: number;
  /** Segments with data that are here. */
  readonly held: number;
  /** Roots of all segments are known. */
  readonly hasRoots: boolean;
  /** No entry names it: it is kept for a while only. */
  readonly cached: boolean;
}

export const MAX_ENTRIES_LISTED = 100;

export interface Tip {
  /** Entries in the log = number of the next. */
  readonly nextTxSeq: number;
  /** Sectors, the first (empty) one included. */
  readonly length: number;
  readonly root: Hex;
}

export interface Usage {
  /** Segments on disk, of files with entries and without. */
  readonly segments: number;
  /** Of these: of files that no entry names. */
  readonly cached: number;
  /** Extended rows of DA batches. */
  readonly rows: number;
  /** What counts against the quota: sectors on disk of files with entries, and 1024 for each row. */
  readonly sectors: number;
  readonly quota: number | null;
}

export type LogEvent =
  | { readonly type: "entry"; readonly txSeq: number }
  | { readonly type: "finalized"; readonly txSeq: number }
  /** A segment is gone (its disk forgot a bit): the entry is pending again. */
  | { readonly type: "lost"; readonly txSeq: number; readonly segment: number }
  /** Entries from this one on are not of the chain any more. */
  | { readonly type: "reverted"; readonly from: number }
  | { readonly type: "shard"; readonly shard: Shard };

/** A segment on disk, for those who look after it. */
export interface HeldSegment extends FileRef {
  readonly index: number;
}

export interface LogStore {
  // ---- the log (synchronous reads) --------------------------------------------------------------------------------
  tip(): Tip;
  entry(txSeq: number): Entry | undefined;
  info(txSeq: number): EntryInfo | undefined;
  /** Ascending from `from`; at most `limit`. */
  infos(from: number, limit: number): EntryInfo[];
  /** Entries with this file root, ascending; of this length, if given. At most MAX_ENTRIES_LISTED. */
  txSeqsOf(root: Hex, length?: number): number[];
  /**
   * The file of that root; without `length` that of the lowest finalized entry, else of the lowest entry, else a cached
   * one. undefined: unknown here.
   */
  file(root: Hex, length?: number): FileInfo | undefined;
  /** The last entry of the log that has this root (getFlowRootByTxSeq backwards). */
  txSeqOfFlowRoot(root: Hex): number | undefined;

  // ---- following the chain (the follower only) --------------------------------------------------------------------
  /** Consecutive; those that are known already are skipped. Throws `CorruptObject` when the chain's places are not ours. */
  append(entries: readonly Entry[]): Promise<void>;
  /** Takes back what came from blocks above `ancestor`. */
  revert(ancestor: number): Promise<void>;

  // ---- taking data ------------------------------------------------------------------------------------------------
  /**
   * Throws what `putSegment` would say of this file whatever the bytes, before they are read: `LengthMismatch` (index or
   * `bytes`), `NotInShard`, `AlreadyFinalized` (all of the file is here), `TooLargeToCache`, `CacheFull`,
   * `QuotaExceeded`, `BadRequest` (a file of DAEntrance).
   */
  open(file: FileRef, index?: number, bytes?: number): void;
  /** All padded segments' roots, n × 32 bytes. Throws `BadProof`, `PaddingNotEmpty`, `LengthMismatch`, and as `open`. */
  putRoots(file: FileRef, roots: Uint8Array): Promise<void>;
  /**
   * One segment's whole sectors, verified against its roots (`NotStored` while they are unknown), or by `proof`. Resolves
   * when it is durable; false: it was here already. Throws `BadProof`, `PaddingNotEmpty`, and as `open` says; of a
   * finalized file further copies of a segment are taken silently.
   */
  putSegment(file: FileRef, index: number, data: Uint8Array, proof?: FileProof): Promise<boolean>;

  // ---- giving data ------------------------------------------------------------------------------------------------
  /**
   * Data segment `index` in whole sectors, verified on its way out. Throws `UnknownFile`, `NotStored`, `NotInShard`,
   * `Pruned`, `BadRequest` (no such segment), `CorruptObject` (it rotted, and is missing from now on).
   */
  segment(file: FileRef, index: number): Promise<Uint8Array>;
  /** n × 32 bytes, padding included; `UnknownFile`, `NotStored`. */
  roots(file: FileRef): Uint8Array;
  /** Of segment `index` in the file, padding included; `UnknownFile`, `NotStored`. */
  proof(file: FileRef, index: number): FileProof;
  /** Of any sector of the log, in the log up to and including entry `txSeq` (default: the last). */
  sectorProof(sector: number, txSeq?: number): Promise<SectorProof>;

  // ---- sync and repair --------------------------------------------------------------------------------------------
  /** txSeqs ≥ `from` that are pending, ascending, DA entries included (`info().da`); at most `limit`. */
  pending(from: number, limit: number): number[];
  /** Segments of this shard that entry `txSeq` still lacks, ascending from index `from`; at most `limit`. */
  missing(txSeq: number, from: number, limit: number): number[];
  /**
   * Segments on disk, page by page in an order that stays while it is walked; start with "" and go on with `next` until
   * it is undefined.
   */
  held(cursor: string, limit: number): { readonly segments: readonly HeldSegment[]; readonly next: string | undefined };
  /** Reads a segment and hashes it. False: it has rotted, is dropped, and its entries are pending again. */
  check(segment: HeldSegment): Promise<boolean>;

  // ---- the node ---------------------------------------------------------------------------------------------------
  on(listener: (event: LogEvent) => void): () => void;
  shard(): Shard;
  usage(): Usage;
  /** Takes one half of the shard, by a random bit, and gives up the other's segments in the background. */
  halve(): Promise<Shard>;
  /** Forgets what no entry named in time. Returns the files forgotten. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}
