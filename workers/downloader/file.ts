/** One file from whoever has it, to one path: segments in any order, each verified before it is written. */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { each } from "../../adapters/each.ts";
import { retried } from "../../adapters/retried.ts";
import { type FileShape, segmentBytes, shapeOf } from "../../protocol/file.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import type { Peers, PlacedFile } from "../peers.ts";
import { openPart, type Part, type Paths } from "./part.ts";

export interface FetchOptions extends Paths {
  readonly peers: Pick<Peers, "roots" | "segment">;
  readonly file: PlacedFile;
  /** Segments on their way at once. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  /** Bytes of the file that are there, this much more. */
  readonly onBytes?: (bytes: number) => void;
  /** How long nothing may come. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 100;
/** Written segments after which they are put on record: 64 MiB. */
const SAVE_EVERY = 256;

export const fetchFile = async (options: FetchOptions): Promise<void> => {
  const { peers, file, signal, onBytes } = options;
  const shape = shapeOf(file.length);
  const roots = await waiting(options, () => peers.roots(file, signal));
  const part = await openPart(options, file.root, shape, roots);
  try {
    onBytes?.(part.held);
    await fetchMissing(options, part, shape, roots);
    crashpoint("download-whole");
    await part.finish();
  } catch (error) {
    // What is there stays, for the next run; the reason why it is not all there is what is told.
    await part.save().catch(() => undefined);
    throw error;
  } finally {
    await part.close();
  }
};

const fetchMissing = async (options: FetchOptions, part: Part, shape: FileShape, roots: Uint8Array): Promise<void> => {
  const { peers, file, parallel, onBytes } = options;
  let written = 0;
  await each(part.missing(), parallel, options.signal, async (index, signal) => {
    const data = await waiting({ ...options, signal }, () => peers.segment(file, index, roots, signal));
    await part.write(index, data);
    written += 1;
    if (written % SAVE_EVERY === 0) await part.save();
    crashpoint("download-segment");
    onBytes?.(Math.min(segmentBytes(shape, index), file.length - index * SEGMENT_BYTES));
  });
};

/** A node that is busy, behind or starting again is waited for. */
const waiting = <T>({ signal, patienceMs = PATIENCE_MS }: FetchOptions, work: () => Promise<T>): Promise<T> =>
  retried({ signal, patienceMs, firstWaitMs: FIRST_WAIT_MS }, work);
