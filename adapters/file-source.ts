/** A file of 0G Storage on its way in: read by segments, hashed as it is read, never in memory as a whole. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { ZgError } from "../protocol/errors.ts";
import { emptyRootOf, type FileShape, segmentBytes, segmentRootOf, segmentSectors, shapeOf } from "../protocol/file.ts";
import { HASH_BYTES, SECTOR_BYTES, SEGMENT_BYTES } from "../protocol/params.ts";
import { errnoOf, messageOf } from "./errors.ts";

export interface FileSource {
  readonly shape: FileShape;
  /**
   * Roots of all padded segments, paddedSegments × 32 bytes.
   *
   * @param onProgress bytes of the file hashed so far
   */
  roots(onProgress?: (bytes: number) => void, signal?: AbortSignal): Promise<Uint8Array>;
  /** Data segment `index` in whole sectors; the caller's to keep. */
  segment(index: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Segments of one read: while 1 MiB is hashed (some 3 ms) the next is being read. */
const SEGMENTS_PER_READ = 4;

/**
 * Opens a regular file. Throws `FileNotFound`, `FileUnreadable`, `EmptyFile`. One that becomes shorter is
 * `FileUnreadable` when it is noticed; other changes are for whoever compares roots.
 */
export const openFileSource = async (path: string): Promise<FileSource> => {
  // Not waiting for the other end of a pipe, which is refused below.
  const handle = await naming(path, () => open(resolve(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const { size } = await naming(path, async () => {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new ZgError("FileUnreadable", { file: path, why: "not a regular file" });
      return stats;
    });
    if (size === 0) throw new ZgError("EmptyFile", { file: path });
    const read = (into: Uint8Array, at: number) => naming(path, () => readWhole(handle, into, at, path));
    return sourceOf(shapeOf(size), read, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** The same of bytes in memory, which must not change meanwhile. */
export const bytesSource = (bytes: Uint8Array): FileSource =>
  sourceOf(
    shapeOf(bytes.length),
    async (into, at) => into.set(bytes.subarray(at, at + into.length)),
    async () => undefined,
  );

/** Fills all of `into` from the file's byte `at` on. */
type Read = (into: Uint8Array, at: number) => Promise<void>;

const sourceOf = (shape: FileShape, read: Read, close: () => Promise<void>): FileSource => {
  /** Segments from `from` on into `into`, which is their length in whole sectors; zeros fill up the last one. */
  const fill = async (into: Uint8Array, from: number): Promise<Uint8Array> => {
    const at = from * SEGMENT_BYTES;
    const data = Math.min(into.length, shape.length - at);
    into.fill(0, data);
    await read(into.subarray(0, data), at);
    return into;
  };
  return {
    shape,
    async roots(onProgress, signal) {
      const roots = new Uint8Array(shape.paddedSegments * HASH_BYTES);
      const most = Math.min(SEGMENTS_PER_READ * SEGMENT_BYTES, shape.sectors * SECTOR_BYTES);
      let [idle, other] = [new Uint8Array(most), new Uint8Array(most)];
      const next = (from: number): Promise<Uint8Array> | undefined => {
        if (from >= shape.segments) return undefined;
        const length = Math.min(most, shape.sectors * SECTOR_BYTES - from * SEGMENT_BYTES);
        const reading = fill(idle.subarray(0, length), from);
        [idle, other] = [other, idle];
        return reading;
      };
      let reading = next(0);
      for (let from = 0; reading !== undefined; from += SEGMENTS_PER_READ) {
        const bytes = await reading;
        signal?.throwIfAborted();
        reading = next(from + SEGMENTS_PER_READ);
        // Awaited in the next round; should this one fail first, nobody is left to be told.
        reading?.catch(() => undefined);
        for (let i = 0; i * SEGMENT_BYTES < bytes.length; i++) {
          const data = bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES);
          roots.set(segmentRootOf(data, segmentSectors(shape, from + i)), (from + i) * HASH_BYTES);
        }
        onProgress?.(Math.min(from * SEGMENT_BYTES + bytes.length, shape.length));
      }
      for (let index = shape.segments; index < shape.paddedSegments; index++) {
        roots.set(emptyRootOf(shape, index), index * HASH_BYTES);
      }
      return roots;
    },
    async segment(index) {
      return fill(new Uint8Array(segmentBytes(shape, index)), index);
    },
    close,
  };
};

const readWhole = async (handle: FileHandle, into: Uint8Array, at: number, path: string): Promise<void> => {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) throw new ZgError("FileUnreadable", { file: path, why: "it has become shorter" });
    done += bytesRead;
  }
};

const naming = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ZgError) throw error;
    const missing = errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
    if (missing) throw new ZgError("FileNotFound", { file });
    throw new ZgError("FileUnreadable", { file, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
  }
};
