/** One file's data to one storage node: what it lacks of its shard, several segments at once, each when it is asked for. */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { each } from "../../adapters/each.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { EntryView, NodeClient } from "../../adapters/node-client.ts";
import { retried } from "../../adapters/retried.ts";
import { hasBit, setBit } from "../../protocol/bits.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import type { FileShape } from "../../protocol/file.ts";
import type { Hex } from "../../protocol/hex.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import { segmentsOf } from "../../protocol/shard.ts";
import type { IntentStore } from "./store.ts";

export interface PushedFile {
  readonly root: Hex;
  readonly shape: FileShape;
  /** Our entry: the node may have all of another one's of the same file, and little of ours. */
  readonly txSeq: number;
  /** First sector in the log. */
  readonly start: number;
  /** paddedSegments × 32 bytes. */
  readonly roots: Uint8Array;
  segment(index: number): Promise<Uint8Array>;
}

export interface PushOptions {
  readonly node: NodeClient;
  readonly file: PushedFile;
  readonly store: Pick<IntentStore, "acknowledged" | "setAcknowledged">;
  /** Segments on their way at once. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  /** Bytes of the file that the node has acknowledged, this much more. */
  readonly onBytes?: (bytes: number) => void;
  /** How long nothing may get better. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 120_000;
const FIRST_WAIT_MS = 50;
/** Acknowledged segments after which it is written down: 64 MiB. */
const NOTE_EVERY = 256;

/** Resolves when the node says that it has all of its shard, durably. */
export const pushFile = async (options: PushOptions): Promise<void> => {
  const { node, file } = options;
  const { root, shape } = file;
  if (isWhole(await waiting(options, () => entryOf(options)))) return;
  await waiting(options, () => put(node.putRoots(root, shape.length, file.roots, { signal: options.signal })));
  crashpoint("upload-roots");
  await pushSegments(options, await options.store.acknowledged(keyOf(file), node.url));
  if (isWhole(await entryOf(options))) return;
  // It has less than it once acknowledged: everything again, once.
  await pushSegments(options, new Uint8Array());
  if (!isWhole(await entryOf(options))) throw new ZgError("NotStored", { node: node.url, root });
};

const keyOf = ({ root, shape }: PushedFile) => ({ root, length: shape.length });

const isWhole = ({ state }: EntryView): boolean => state === "finalized";

/** The node follows the chain at its own pace: it may not have the entry yet, or one that a reorg has taken back. */
const entryOf = async ({ node, file, signal }: PushOptions): Promise<EntryView> => {
  const { txSeq, root, start, shape } = file;
  const entry = await node.entry(txSeq, { signal });
  if (entry.root === root && entry.start === start && entry.length === shape.length) return entry;
  throw new ZgError("UnknownEntry", { txSeq, why: "the node has another one there" });
};

const pushSegments = async (options: PushOptions, before: Uint8Array): Promise<void> => {
  const { node, file, store, parallel, onBytes } = options;
  const { root, shape, start } = file;
  const shard = await waiting(options, () => node.shard({ signal: options.signal }));
  const bits = new Uint8Array(Math.ceil(shape.segments / 8));
  bits.set(before.subarray(0, bits.length));
  let noted = 0;
  const note = (): Promise<void> => store.setAcknowledged(keyOf(file), node.url, bits);
  try {
    await each(segmentsOf(shard, start, shape.segments), parallel, options.signal, async (index, signal) => {
      if (!hasBit(bits, index)) {
        const data = await file.segment(index);
        await waiting({ ...options, signal }, () => put(node.putSegment(root, shape.length, index, data, { signal })));
        crashpoint("upload-segment");
        setBit(bits, index);
        noted += 1;
        if (noted % NOTE_EVERY === 0) await note();
      }
      onBytes?.(bytesOf(shape, index));
    });
  } finally {
    if (noted > 0) await note();
  }
};

/** Without the padding of the last sector. */
const bytesOf = (shape: FileShape, index: number): number =>
  Math.min(SEGMENT_BYTES, shape.length - index * SEGMENT_BYTES);

/** The node has it already, or has halved its shard meanwhile: there is nothing left to send. */
const DONE: ReadonlySet<string> = new Set<ErrorCode>(["AlreadyFinalized", "NotInShard"]);
const put = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (!(error instanceof ZgError) || !DONE.has(error.code)) throw error;
  });
/** The node holds the bytes against the roots that it took from us before: the file is not what it was. */
const CHANGED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["BadProof", "SegmentRootMismatch"]);

/** A node that is busy, behind or starting again is waited for; what it says in the end is told with its name. */
const waiting = async <T>(options: PushOptions, work: () => Promise<T>): Promise<T> => {
  const { signal, patienceMs = PATIENCE_MS, node } = options;
  try {
    return await retried({ signal, patienceMs, firstWaitMs: FIRST_WAIT_MS }, work);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const error = asZgError(thrown);
    if (CHANGED.has(error.code)) {
      const why = "changed while it was uploaded";
      throw new ZgError("FileUnreadable", { why, ...error.fields, node: node.url }, { cause: error });
    }
    throw new ZgError(error.code, { ...error.fields, node: node.url }, { cause: error });
  }
};
