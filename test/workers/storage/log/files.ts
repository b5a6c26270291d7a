/** A log store in a folder of its own, and files to put into it. */
import { createHash } from "node:crypto";
import { silentLog } from "../../../../adapters/log.ts";
import { openStore, type Store } from "../../../../adapters/store.ts";
import {
  type FileShape,
  fileNodesOf,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
} from "../../../../protocol/file.ts";
import { type FlowNode, identityOf, placeFile } from "../../../../protocol/flow.ts";
import { concat, type Hex, toHex } from "../../../../protocol/hex.ts";
import { SEGMENT_BYTES } from "../../../../protocol/params.ts";
import type { Entry } from "../../../../workers/chain-entry.ts";
import type { DaFiles } from "../../../../workers/storage/log/da.ts";
import { LOG_TABLES, type LogOptions, type NodeLog, openLog } from "../../../../workers/storage/log/index.ts";

export const ENTRANCE: Hex = `0x${"da".repeat(20)}`;
export const USER: Hex = `0x${"11".repeat(20)}`;
export const NO_BATCHES: DaFiles = {
  part: () => undefined,
  roots: () => undefined,
  segment: () => undefined,
  rows: () => 0,
  stagedRows: () => 0,
};

export interface TestFile {
  readonly root: Hex;
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly shape: FileShape;
  readonly roots: Uint8Array;
  readonly nodes: readonly FlowNode[];
  /** Data segment in whole sectors. */
  segment(index: number): Uint8Array;
}

/** Pseudo-random bytes of a seed. */
export const bytesOf = (length: number, seed: string | number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0, i = 0; at < length; i++) {
    const digest = createHash("shake256", { outputLength: Math.min(65_536, length - at) })
      .update(`${seed}/${i}`)
      .digest();
    bytes.set(digest, at);
    at += digest.length;
  }
  return bytes;
};

export const fileOf = (bytes: Uint8Array): TestFile => {
  const shape = shapeOf(bytes.length);
  const segment = (index: number): Uint8Array => {
    const whole = new Uint8Array(segmentBytes(shape, index));
    whole.set(bytes.subarray(index * SEGMENT_BYTES, (index + 1) * SEGMENT_BYTES));
    return whole;
  };
  const roots = concat(
    ...Array.from({ length: shape.paddedSegments }, (_, index) =>
      segmentRootOf(index < shape.segments ? segment(index) : new Uint8Array(), segmentSectors(shape, index)),
    ),
  );
  const nodes = fileNodesOf(shape, roots, segment(shape.segments - 1));
  return { root: rootOfSegments(roots, shape), length: bytes.length, bytes, shape, roots, nodes, segment };
};

export const randomFile = (length: number, seed: string | number): TestFile => fileOf(bytesOf(length, seed));

export const hashOf = (text: string): Hex => toHex(createHash("sha256").update(text).digest());

/** The entry that `Flow` would make of a file in a log of `length` sectors. */
export const entryFor = (
  file: Pick<TestFile, "root" | "length" | "nodes">,
  at: { readonly nextTxSeq: number; readonly length: number },
  { block = 1, sender = USER, fork = "a" }: { block?: number; sender?: Hex; fork?: string } = {},
): Entry => {
  const { placed } = placeFile(at.length, file.nodes);
  return {
    txSeq: at.nextTxSeq,
    sender,
    identity: identityOf(file.nodes),
    root: file.root,
    start: placed[0]?.start ?? 0,
    sectors: file.nodes.reduce((sum, { height }) => sum + 2 ** height, 0),
    length: file.length,
    tags: "0x",
    nodes: file.nodes,
    block: { number: block, hash: hashOf(`${fork}/${block}`) },
    transactionHash: hashOf(`${fork}/${at.nextTxSeq}`),
  };
};

export interface TestLog {
  readonly store: Store;
  readonly log: NodeLog;
  /** Appends one entry for each file, all of one block. */
  add(files: readonly TestFile[], options?: Parameters<typeof entryFor>[2]): Promise<Entry[]>;
  close(): Promise<void>;
}

export const openTestLog = async (dir: string, options: Partial<LogOptions> = {}): Promise<TestLog> => {
  const store = await openStore(dir, { tables: LOG_TABLES.concat("log" as never) });
  const log = await openLog({
    ...{ store, dir, da: NO_BATCHES, entrance: ENTRANCE, log: silentLog },
    ...options,
  });
  return {
    store,
    log,
    add: async (files, how) => {
      const entries: Entry[] = [];
      let at: { nextTxSeq: number; length: number } = log.tip();
      for (const file of files) {
        const entry = entryFor(file, at, how);
        entries.push(entry);
        at = { nextTxSeq: at.nextTxSeq + 1, length: entry.start + entry.sectors };
      }
      await log.append(entries);
      return entries;
    },
    close: async () => {
      await log.close();
      await store.close();
    },
  };
};

/** Roots, then all data segments at once. */
export const putAll = async (log: NodeLog, file: TestFile, indexes?: readonly number[]): Promise<void> => {
  await log.putRoots(file, file.roots);
  const all = indexes ?? Array.from({ length: file.shape.segments }, (_, index) => index);
  await Promise.all(all.map((index) => log.putSegment(file, index, file.segment(index))));
};

/** What lies in the slots, by the store alone: throws where its tables do not agree. */
export const audit = ({ store, log }: Pick<TestLog, "store" | "log">): { readonly slots: number } => {
  const named = new Set<number>();
  const held = new Map<string, number>();
  let used = 0;
  for (const { key, value } of store.table("segments").range()) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    for (let at = 0; at < value.length; at += 4) {
      const word = view.getUint32(at, true);
      if (word === 0) continue;
      if (named.has(word - 1)) throw new Error(`slot ${word - 1} is named twice`);
      named.add(word - 1);
      const file = key.slice(0, key.lastIndexOf("/"));
      const index = Number(key.slice(file.length + 1)) * 64 + at / 4;
      const bytes = Math.min(SEGMENT_BYTES, Number(file.slice(67)) - index * SEGMENT_BYTES);
      if (store.table("cache").get(file) === undefined) used += 16 * Math.ceil(bytes / 4096);
      held.set(file, (held.get(file) ?? 0) + 1);
    }
  }
  const taken = new Set<number>();
  for (const { key, value } of store.table("space").range()) {
    for (let bit = 0; bit < 8 * value.length; bit++) {
      if ((((value[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1) taken.add(Number(key) * 4096 + bit);
    }
  }
  if (taken.size !== named.size || [...named].some((slot) => !taken.has(slot))) throw new Error("slots leak");
  if (log.usage().segments !== named.size) throw new Error(`${log.usage().segments} taken, ${named.size} named`);
  for (const { key, value } of store.table("files").range()) {
    const record = JSON.parse(Buffer.from(value).toString()) as { held: number };
    if (record.held !== (held.get(key) ?? 0)) throw new Error(`${key} says ${record.held}, has ${held.get(key)}`);
    held.delete(key);
  }
  if (held.size > 0) throw new Error("segments of files without a record");
  let cached = 0;
  for (const { key, value } of store.table("cache").range()) {
    cached += (JSON.parse(Buffer.from(value).toString()) as { segments: number }).segments;
    if (store.table("files").get(key) === undefined) throw new Error(`${key} is cached and has no record`);
  }
  if (log.usage().cached !== cached) throw new Error(`${log.usage().cached} cached, but ${cached}`);
  const { sectors, rows } = log.usage();
  if (sectors !== used + 1024 * rows) throw new Error(`${sectors} sectors count, but ${used} and ${rows} rows`);
  return { slots: named.size };
};
