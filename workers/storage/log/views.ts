/** What the node says of entries and files. */
import { shapeOf } from "../../../protocol/file.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { segmentCountIn } from "../../../protocol/shard.ts";
import type { Core } from "./core.ts";
import type { Entries } from "./entries.ts";
import type { Reader } from "./read.ts";
import { indexesIn, missingOf } from "./segments.ts";
import { entryAt, fileKey, fileOf, fromJson, isCached, lastSeq, recordOf, type StoredEntry, seqKey } from "./tables.ts";
import type { Entry, EntryInfo, FileInfo, FileRef, HeldSegment } from "./types.ts";
import { MAX_ENTRIES_LISTED } from "./types.ts";

/** Names that are gone through for a list of those that count. */
const MAX_SCANNED = 1000;
/** Rows of 64 segments to a page of `held`. */
const ROWS = 64;

export const createViews = (core: Core, entries: Entries, reader: Reader) => {
  const { store, read } = core;
  const entry = (txSeq: number): StoredEntry | undefined =>
    Number.isSafeInteger(txSeq) && txSeq >= 0 ? entryAt(read, txSeq) : undefined;
  const isReady = (txSeq: number): boolean => read("pending", seqKey(txSeq)) === undefined;

  const infoOf = (found: StoredEntry): EntryInfo => {
    const [at, { flowRoot }] = [plain(found), found];
    const { shard, before } = core.history();
    const { segments } = shapeOf(at.length);
    const [da, ready] = [core.isDa(at), isReady(at.txSeq)];
    const wanted = segmentCountIn(shard, at.start, segments);
    const had = before.some((old) => at.txSeq < old.until && segmentCountIn(old.shard, at.start, segments) > wanted);
    return {
      ...{ entry: at, state: ready ? "finalized" : "pending", segments, wanted, da, flowRoot },
      held: ready ? wanted : da ? 0 : heldOf(at, segments, wanted),
      pruned: had && (da ? ready : true),
      batch: (da && core.da.part(at.txSeq)) || null,
    };
  };

  const heldOf = (at: Entry, segments: number, wanted: number): number => {
    const { held } = recordOf(read, at);
    const shard = core.shard();
    if (held === 0 || shard.numShard === 1) return held;
    let missing = 0;
    for (const _ of missingOf(read, at, { shard, start: at.start, segments })) missing += 1;
    return wanted - missing;
  };

  const info = (txSeq: number): EntryInfo | undefined => {
    const found = entry(txSeq);
    return found && infoOf(found);
  };

  const txSeqsOf = (root: Hex, length?: number): number[] => {
    const prefix = length === undefined ? `${root}/` : `${fileKey({ root, length })}/`;
    const found = [...store.table("names").keys({ prefix, limit: MAX_SCANNED })].map(lastSeq);
    return found.sort((a, b) => a - b).slice(0, MAX_ENTRIES_LISTED);
  };

  /** The lowest that is finalized, else the lowest. */
  const bestOf = (root: Hex, length: number | undefined): number | undefined => {
    for (const { key, value } of store.table("ready").range({ prefix: `${root}/`, limit: MAX_SCANNED })) {
      if (length === undefined || fromJson<number>(value) === length) return lastSeq(key);
    }
    return txSeqsOf(root, length)[0];
  };

  const cachedLength = (root: Hex): number | undefined => {
    for (const key of store.table("cache").keys({ prefix: `${root}/`, limit: 1 })) return fileOf(key).length;
    return undefined;
  };

  return {
    entry: (txSeq: number): Entry | undefined => {
      const found = entry(txSeq);
      return found && plain(found);
    },
    info,
    infos: (from: number, limit: number): EntryInfo[] => {
      const found: EntryInfo[] = [];
      const end = Math.min(entries.tip().nextTxSeq, from + limit);
      for (let txSeq = from; txSeq < end; txSeq++) found.push(...[info(txSeq) ?? []].flat());
      return found;
    },
    txSeqsOf,
    file: (root: Hex, length?: number): FileInfo | undefined => {
      const txSeq = bestOf(root, length);
      const best = txSeq === undefined ? undefined : info(txSeq);
      const found = best?.entry.length ?? length ?? cachedLength(root);
      if (found === undefined) return undefined;
      const file: FileRef = { root, length: found };
      const record = recordOf(read, file);
      const cached = isCached(read, file);
      if (best === undefined && !cached) return undefined;
      const { padded, segments, paddedSegments } = shapeOf(found);
      const da = best?.batch != null;
      return {
        ...{ ...file, best, sectors: padded, segments, cached: best === undefined },
        txSeqs: txSeqsOf(root, found),
        held: da && record.held === 0 ? (best?.held ?? 0) : record.held,
        hasRoots: paddedSegments === 1 || record.roots === segments || da,
      };
    },
    txSeqOfFlowRoot: (root: Hex): number | undefined => fromJson(read("flowRoots", root)),
    pending: (from: number, limit: number): number[] =>
      [...store.table("pending").keys({ start: seqKey(from), limit })].map(Number),
    missing: (txSeq: number, from: number, limit: number): number[] => {
      const found = entry(txSeq);
      if (found === undefined || core.isDa(found) || isReady(txSeq)) return [];
      const { segments } = shapeOf(found.length);
      const missing: number[] = [];
      for (const index of missingOf(read, found, { shard: core.shard(), start: found.start, segments }, from)) {
        if (missing.length >= limit) break;
        missing.push(index);
      }
      return missing;
    },
    held: (cursor: string, limit: number): { segments: HeldSegment[]; next: string | undefined } => {
      const segments: HeldSegment[] = [];
      let rows = 0;
      for (const { key, value } of store.table("segments").range({ start: cursor, end: "~", limit: ROWS })) {
        rows += 1;
        segments.push(...indexesIn(key, value).map((index) => ({ ...fileOf(key), index })));
        if (segments.length >= limit || rows === ROWS) return { segments, next: `${key}~` };
      }
      return { segments, next: undefined };
    },
    isKnown: reader.isKnown,
  };
};

const plain = ({ flowRoot: _, ...entry }: StoredEntry): Entry => entry;
