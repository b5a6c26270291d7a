/**
 * Files from storage nodes that are not trusted: from any peer that has them, verified segment by segment against the
 * file's root. What is only said and cannot be checked here (which entries name a file) is called a claim.
 */
import type { HttpClient } from "../adapters/http-client.ts";
import type { Log } from "../adapters/log.ts";
import type { EntryView, FileView } from "../adapters/node-client.ts";
import { type Throttle, unlimited } from "../adapters/throttle.ts";
import { ZgError } from "../protocol/errors.ts";
import {
  type FileShape,
  fileIdOf,
  MAX_ROOTS_BYTES,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
} from "../protocol/file.ts";
import { fileRootOf, identityOf } from "../protocol/flow.ts";
import { equalBytes, fromHex, type Hex } from "../protocol/hex.ts";
import { HASH_BYTES, SEGMENT_BYTES } from "../protocol/params.ts";
import { holds, segmentInLog } from "../protocol/shard.ts";
import { createAsker, type Question } from "./peer-ask.ts";
import { openBook, type PeerReport } from "./peer-book.ts";

export type { Question } from "./peer-ask.ts";
export { isLie, type PeerReport } from "./peer-book.ts";

/** A file by its root and its length: a root alone does not say what it is the root of. */
export interface FileRef {
  readonly root: Hex;
  /** Bytes. */
  readonly length: number;
}
/** And where it lies in the log: that decides which shard holds which segment. Without it anyone may hold any. */
export interface PlacedFile extends FileRef {
  readonly start?: number | null;
}

export interface PeersOptions {
  readonly client: HttpClient;
  readonly urls: readonly string[];
  readonly log: Log;
  /** Requests in flight to one peer. */
  readonly maxPerPeer?: number;
  /** After this a peer is given up (longer answers get more). */
  readonly deadlineMs?: number;
  /** After this a peer that has not answered gets competition. */
  readonly hedgeMs?: number;
  /** Of what is asked for, in bytes. */
  readonly throttle?: Throttle;
  readonly now?: () => number;
}

export interface Peers {
  /** The best claim about a file over all peers, and undefined if none knows it. */
  file(root: Hex, length: number | undefined, signal: AbortSignal): Promise<FileView | undefined>;
  /** Each peer's claim: who holds what. */
  files(
    root: Hex,
    length: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly url: string; readonly value: FileView }[]>;
  /** A claim, consistent in itself: its nodes give its root and identity. Undefined if no peer knows the entry. */
  entry(txSeq: number, signal: AbortSignal): Promise<EntryView | undefined>;
  /** All segment roots of the padded file, which give its root: paddedSegments × 32 bytes. */
  roots(file: FileRef, signal: AbortSignal): Promise<Uint8Array>;
  /** The bytes of data segment `index`, which hash to its root. */
  segment(file: PlacedFile, index: number, roots: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** The whole file in order, without its padding; some segments ahead, never more. */
  read(file: PlacedFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Anything else that one right answer settles. */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<T>;
  report(): PeerReport[];
}

const MAX_PER_PEER = 4;
const DEADLINE_MS = 10_000;
const HEDGE_MS = 1_000;
/** Segments that `read` holds ahead of its reader. */
const MAX_AHEAD = 16;

export const openPeers = (options: PeersOptions): Peers => {
  const { client, urls, log, throttle = unlimited, now = () => performance.now() } = options;
  const { maxPerPeer = MAX_PER_PEER, deadlineMs = DEADLINE_MS, hedgeMs = HEDGE_MS } = options;
  const book = openBook({ client, urls, log, maxPerPeer, now });
  const asker = createAsker({ book, throttle, deadlineMs, hedgeMs, now });

  const files: Peers["files"] = (root, length, signal) =>
    asker.all(
      {
        ...{ what: `file ${root}`, about: root, bytes: 0 },
        ask: async (node, call) => checkView(await node.file(root, length, call), root, length),
      },
      signal,
    );

  const roots: Peers["roots"] = async ({ root, length }, signal) => {
    const shape = shapeOf(length);
    if (shape.paddedSegments === 1) return fromHex(root, HASH_BYTES);
    const bytes = shape.paddedSegments * HASH_BYTES;
    if (bytes > MAX_ROOTS_BYTES)
      throw new ZgError("BadRequest", { what: "roots", root, length, limit: MAX_ROOTS_BYTES });
    const about = fileIdOf(root, shape.padded);
    return asker.ask(
      {
        ...{ what: `roots of ${root}`, about, bytes },
        ask: async (node, call) => {
          const found = await node.roots(root, length, shape.paddedSegments, call);
          const actual = rootOfSegments(found, shape);
          if (actual !== root) throw new ZgError("BadProof", { root, actual });
          return found;
        },
      },
      signal,
    );
  };

  const segmentOf = (file: PlacedFile, shape: FileShape, index: number, roots: Uint8Array, signal: AbortSignal) => {
    const { root, length, start } = file;
    const bytes = segmentBytes(shape, index);
    const inLog = start === undefined || start === null ? undefined : segmentInLog(start, index);
    const expected = roots.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    return asker.ask(
      {
        ...{ what: `segment ${index} of ${root}`, about: fileIdOf(root, shape.padded), bytes },
        ...(inLog !== undefined && { heldBy: (shard) => holds(shard, inLog) }),
        ask: async (node, call) => {
          const data = await node.segment(root, length, index, bytes, call);
          if (equalBytes(segmentRootOf(data, segmentSectors(shape, index)), expected)) return data;
          throw new ZgError("SegmentRootMismatch", { root, segment: index });
        },
      },
      signal,
    );
  };

  async function* read(file: PlacedFile, outer: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const done = new AbortController();
    const signal = AbortSignal.any([outer, done.signal]);
    const shape = shapeOf(file.length);
    const known = await roots(file, signal);
    const ahead = Math.min(MAX_AHEAD, Math.max(1, maxPerPeer * urls.length));
    const coming: Promise<Uint8Array>[] = [];
    let asked = 0;
    try {
      for (let index = 0; index < shape.segments; index++) {
        for (; asked < shape.segments && asked < index + ahead; asked++) {
          const segment = segmentOf(file, shape, asked, known, signal);
          // Whoever reads it hears of a failure; nobody does when an earlier one has ended the reading.
          segment.catch(() => undefined);
          coming.push(segment);
        }
        const data = await (coming.shift() as Promise<Uint8Array>);
        yield data.subarray(0, Math.min(data.length, file.length - index * SEGMENT_BYTES));
      }
    } finally {
      done.abort();
    }
  }

  return {
    files,
    file: async (root, length, signal) => bestOf((await files(root, length, signal)).map(({ value }) => value)),
    entry: (txSeq, signal) =>
      asker
        .ask(
          {
            ...{ what: `entry ${txSeq}`, about: `entry ${txSeq}`, bytes: 0 },
            ask: async (node, call) => checkEntry(await node.entry(txSeq, call), txSeq),
          },
          signal,
        )
        .catch((error: unknown) => {
          if (error instanceof ZgError && error.code === "UnknownEntry") return undefined;
          throw error;
        }),
    roots,
    segment: (file, index, known, signal) => segmentOf(file, shapeOf(file.length), index, known, signal),
    read,
    ask: asker.ask,
    report: book.report,
  };
};

const badClaim = (fields: ZgError["fields"]): ZgError =>
  new ZgError("BadResponse", { why: "a false claim", ...fields });

const checkView = (view: FileView, root: Hex, length: number | undefined): FileView => {
  const { padded, segments } = shapeOf(view.length);
  const right =
    view.root === root &&
    (length === undefined || view.length === length) &&
    view.sectors === padded &&
    view.segments === segments &&
    view.uploaded <= segments;
  if (!right) throw badClaim({ root, length: view.length, sectors: view.sectors, segments: view.segments });
  return view;
};

const checkEntry = (entry: EntryView, txSeq: number): EntryView => {
  const sectors = entry.nodes.reduce((sum, { height }) => sum + 2 ** height, 0);
  const right =
    entry.txSeq === txSeq &&
    entry.sectors === sectors &&
    entry.root === fileRootOf(entry.nodes) &&
    entry.identity === identityOf(entry.nodes);
  if (!right) throw badClaim({ txSeq, root: entry.root, sectors: entry.sectors });
  return entry;
};

/** A whole file before a part of it, an entry before the cache; of equals the one that says most is there. */
const bestOf = (views: readonly FileView[]): FileView | undefined => {
  const value = ({ finalized, pruned, txSeq, uploaded }: FileView): number =>
    (finalized ? 8 : 0) + (pruned ? 0 : 4) + (txSeq === null ? 0 : 2) + uploaded / (uploaded + 1);
  return [...views].sort((a, b) => value(b) - value(a))[0];
};
