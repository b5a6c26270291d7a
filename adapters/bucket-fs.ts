/**
 * A folder as a bucket. An object is one file: body, then a line with its sha256, so that a torn or rotten file is found
 * on read and no second file can be lost. Written to a temporary name, fsynced, then renamed (or linked, for `once`:
 * link() fails if the name exists, whoever races), then the folder is fsynced.
 */
import { createHash, randomUUID } from "node:crypto";
import { constants, type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ZgError } from "../protocol/errors.ts";
import type { Body, ListOptions, ObjectStore, PutOptions, Stored } from "./bucket.ts";
import { digestOf, stepsOf } from "./bucket-digest.ts";
import { checkKey, checkPrefix } from "./bucket-key.ts";
import { errnoOf, messageOf } from "./errors.ts";
import { syncFolder } from "./fsync.ts";

const TRAILER = /^\nsha256:([0-9a-f]{64})\n$/;
/** "\nsha256:" + 64 hex digits + "\n" */
const TRAILER_LENGTH = 8 + 64 + 1;
/** Begins with a dot, which no key segment does. */
const TEMPORARY = ".incoming";

const isMissing = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");

export const openFsBucket = async (url: URL): Promise<ObjectStore> => {
  const root = fileURLToPath(url);
  const temporary = join(root, TEMPORARY);
  await mkdir(temporary, { recursive: true });
  await syncFolder(dirname(root));
  // What a crash left half written was never acknowledged, and other processes' files are younger than an hour.
  await sweep(temporary, 3_600_000);
  return new FsBucket(root, temporary);
};

const sweep = async (folder: string, olderThanMs: number): Promise<void> => {
  const limit = Date.now() - olderThanMs;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && info.mtimeMs < limit) await unlink(path).catch(() => undefined);
  }
};

class FsBucket implements ObjectStore {
  readonly #root: string;
  readonly #temporary: string;
  /** Folders known to exist and to be fsynced into their parents. */
  readonly #folders = new Set<string>();

  constructor(root: string, temporary: string) {
    this.#root = root;
    this.#temporary = temporary;
    this.#folders.add(root);
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<Stored> {
    const path = join(this.#root, checkKey(key));
    if (options.once === true && (await exists(path))) return this.#existing(path);
    const temporary = join(this.#temporary, randomUUID());
    try {
      await writeDurably(temporary, body);
      await this.#makeFolder(dirname(path));
      try {
        await (options.once === true ? link(temporary, path) : rename(temporary, path));
      } catch (error) {
        if (options.once === true && errnoOf(error) === "EEXIST") return this.#existing(path);
        throw error;
      }
      await syncFolder(dirname(path));
      return "stored";
    } catch (error) {
      if (error instanceof ZgError) throw error;
      throw new ZgError("BucketUnavailable", { key, why: messageOf(error) }, { cause: error });
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const path = join(this.#root, checkKey(key));
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_RDONLY);
    } catch (error) {
      if (isMissing(error)) return null;
      throw new ZgError("BucketUnavailable", { key, why: messageOf(error) }, { cause: error });
    }
    try {
      const file = await handle.readFile();
      const length = file.length - TRAILER_LENGTH;
      const recorded = length < 0 ? undefined : TRAILER.exec(file.toString("latin1", length))?.[1];
      const body = new Uint8Array(file.buffer, file.byteOffset, Math.max(length, 0));
      if (recorded === undefined || recorded !== (await digestOf(body)).toString("hex"))
        throw new ZgError("CorruptObject", { key });
      return body;
    } finally {
      await handle.close();
    }
  }

  has(key: string): Promise<boolean> {
    return exists(join(this.#root, checkKey(key)));
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<string> {
    checkPrefix(prefix);
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf("/") + 1), prefix, options.after ?? "");
  }

  async delete(key: string): Promise<void> {
    const path = join(this.#root, checkKey(key));
    try {
      await unlink(path);
    } catch (error) {
      if (isMissing(error)) return;
      throw new ZgError("BucketUnavailable", { key, why: messageOf(error) }, { cause: error });
    }
    await syncFolder(dirname(path));
  }

  async close(): Promise<void> {}

  /** Whoever is told "exists" relies on it, perhaps before the winner has made its name durable. */
  async #existing(path: string): Promise<Stored> {
    await syncFolder(dirname(path));
    return "exists";
  }

  /** Depth first in the order of whole keys: a folder "a" sorts as "a/", so "a-b" comes before "a/x" as on S3. */
  async *#walk(folder: string, prefix: string, after: string): AsyncIterable<string> {
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    const keys = entries
      .filter((entry) => !entry.name.startsWith("."))
      .map((entry) => folder + (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort((a, b) => (a < b ? -1 : 1));
    for (const key of keys) {
      if (!key.startsWith(prefix)) continue;
      // A folder that sorts before `after` without holding it has nothing after it.
      if (key.endsWith("/") && (key > after || after.startsWith(key))) yield* this.#walk(key, prefix, after);
      else if (!key.endsWith("/") && key > after) yield key;
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await this.#makeFolder(dirname(folder));
    await mkdir(folder, { recursive: true });
    await syncFolder(dirname(folder));
    this.#folders.add(folder);
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

const writeDurably = async (path: string, body: Body): Promise<void> => {
  const handle = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  try {
    for (const step of stepsOf(body)) {
      hash.update(step);
      await writeAll(handle, step);
    }
    await writeAll(handle, Buffer.from(`\nsha256:${hash.digest("hex")}\n`));
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** write(2) may be short. */
const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
};
