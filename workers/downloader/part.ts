/**
 * A download that is under way: a file where every segment has its place already, and beside it NAME.json, which says
 * which of them were written. Segments are looked at again when a download goes on: a claim of ours is none. What stands
 * there without a record is somebody's, and is not touched.
 */
import { constants, type FileHandle, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { errnoOf, messageOf } from "../../adapters/errors.ts";
import { replaceFile } from "../../adapters/files.ts";
import { syncFolder } from "../../adapters/fsync.ts";
import { parseJson } from "../../adapters/json.ts";
import { hasBit, setBit } from "../../protocol/bits.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type FileShape, segmentBytes, segmentRootOf, segmentSectors } from "../../protocol/file.ts";
import { equalBytes, type Hex } from "../../protocol/hex.ts";
import { HASH_BYTES, SEGMENT_BYTES } from "../../protocol/params.ts";

export interface Part {
  /** Bytes of the file that are there. */
  readonly held: number;
  missing(): Generator<number>;
  /** A segment that was verified; without the padding of its last sector. */
  write(index: number, data: Uint8Array): Promise<void>;
  /** Everything written is durable, and on record. */
  save(): Promise<void>;
  /** The whole file takes its name. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const stateSchema = z.object({ root: z.string(), length: z.number(), written: z.base64() });

export interface Paths {
  /** What the file is to be called. */
  readonly path: string;
  /** What it is called until then. */
  readonly part: string;
}

export const openPart = async (paths: Paths, root: Hex, shape: FileShape, roots: Uint8Array): Promise<Part> => {
  const { path, part } = paths;
  const state = `${part}.json`;
  const { length, segments } = shape;
  const bits = new Uint8Array(Math.ceil(segments / 8));
  const sizeOf = (index: number): number => Math.min(segmentBytes(shape, index), length - index * SEGMENT_BYTES);
  const isThere = async (file: FileHandle, index: number): Promise<boolean> => {
    const data = Buffer.alloc(sizeOf(index));
    const { bytesRead } = await file.read(data, 0, data.length, index * SEGMENT_BYTES);
    if (bytesRead !== data.length) return false;
    const expected = roots.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    return equalBytes(segmentRootOf(data, segmentSectors(shape, index)), expected);
  };
  const handle = await naming(part, async () => {
    await mkdir(dirname(path), { recursive: true });
    const known = await recordAt(state, part);
    const same = known?.root === root && known.length === length;
    if (!same) {
      // The record is there before the file: what is found without one is not ours.
      if (known !== undefined) await rm(part, { force: true });
      await replaceFile(state, JSON.stringify({ root, length, written: "" }));
    }
    const file = await openAt(part);
    if (!same) return file;
    const claimed = Buffer.from(known.written, "base64");
    for (let index = 0; index < segments; index++) {
      if (hasBit(claimed, index) && (await isThere(file, index))) setBit(bits, index);
    }
    return file;
  });

  let held = 0;
  for (let index = 0; index < segments; index++) if (hasBit(bits, index)) held += sizeOf(index);

  const save = (): Promise<void> =>
    naming(part, async () => {
      const written = Buffer.from(bits).toString("base64");
      await handle.datasync();
      await replaceFile(state, JSON.stringify({ root, length, written }));
    });

  return {
    held,
    *missing() {
      for (let index = 0; index < segments; index++) if (!hasBit(bits, index)) yield index;
    },
    write: (index, data) =>
      naming(part, async () => {
        const size = sizeOf(index);
        for (let at = 0; at < size; ) {
          at += (await handle.write(data, at, size - at, index * SEGMENT_BYTES + at)).bytesWritten;
        }
        setBit(bits, index);
      }),
    save,
    finish: () =>
      naming(path, async () => {
        await handle.truncate(length);
        await handle.sync();
        await mustBe(handle, part);
        await rename(part, path);
        await rm(state, { force: true });
        await syncFolder(dirname(path));
      }),
    close: () => handle.close(),
  };
};

/** What another download left under this name, whatever it is of. */
const recordAt = async (state: string, part: string): Promise<z.infer<typeof stateSchema> | undefined> => {
  const text = await ifThere(readFile(state, "utf8"));
  const known = stateSchema.safeParse(parseJson(text ?? ""));
  if (known.success) return known.data;
  const there = text !== undefined ? state : (await ifThere(lstat(part))) && part;
  if (there !== undefined) throw unwritable(there, "it is there already, and no download's");
  return undefined;
};

/** No link is followed: it could lead to any file. */
const openAt = async (part: string): Promise<FileHandle> =>
  (await ifThere(open(part, constants.O_RDWR | constants.O_NOFOLLOW))) ?? open(part, "wx+");

/** Only what was written here takes the name. */
const mustBe = async (handle: FileHandle, part: string): Promise<void> => {
  const [written, named] = [await handle.stat(), await lstat(part)];
  if (written.dev !== named.dev || written.ino !== named.ino) throw unwritable(part, "another file took its place");
};

const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
};

const unwritable = (file: string, why: string): ZgError => new ZgError("FileUnwritable", { file, why });

export const naming = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ZgError) throw error;
    throw new ZgError("FileUnwritable", { file, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
  }
};
