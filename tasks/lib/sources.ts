import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { errnoOf, messageOf } from "../../adapters/errors.ts";
import { bytesSource, openFileSource } from "../../adapters/file-source.ts";
import { ZgError } from "../../protocol/errors.ts";
import { rootOfSegments } from "../../protocol/file.ts";
import { encodeManifest, MAX_MANIFEST_FILES, type ManifestFile } from "../../protocol/manifest.ts";
import type { Uploadable } from "../../workers/uploader/index.ts";

/** A file of a folder, by its path there. */
export interface Listed {
  readonly path: string;
  readonly file: string;
  readonly length: number;
}

export const fileAt = (file: string, name = file): Uploadable => ({ name, open: () => openFileSource(file) });
export const bytesAs = (name: string, bytes: Uint8Array): Uploadable => ({
  name,
  open: async () => bytesSource(bytes),
});

/** Is it a folder? Anything that is neither that nor a file, or is empty, is refused. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (found.isDirectory()) return true;
  if (!found.isFile()) throw new ZgError("FileUnreadable", { file: path, why: "neither a file nor a folder" });
  if (found.size === 0) throw new ZgError("EmptyFile", { file: path });
  return false;
}

/**
 * Every file below a folder. Links are refused: what they lead to is not in the folder. The data folder of the network,
 * which changes all the time, is left out.
 */
export async function listFolder(folder: string, without: string): Promise<Listed[]> {
  const base = resolve(folder);
  const left = resolve(without);
  const listed: Listed[] = [];
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(at, error);
    });
    for (const entry of entries) {
      const file = join(at, entry.name);
      if (file === left) continue;
      if (entry.isDirectory()) await walk(file);
      else listed.push(await listedAs(base, file, entry));
      if (listed.length > MAX_MANIFEST_FILES) throw new ZgError("BadManifest", { folder, limit: MAX_MANIFEST_FILES });
    }
  };
  await walk(base);
  if (listed.length === 0) throw new ZgError("EmptyFile", { folder, why: "no files in it" });
  return listed;
}

async function listedAs(base: string, file: string, entry: Dirent): Promise<Listed> {
  if (!entry.isFile()) {
    const why = entry.isSymbolicLink() ? "a link" : "neither a file nor a folder";
    throw new ZgError("FileUnreadable", { file, why });
  }
  const { size } = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  return { path: relative(base, file).split(sep).join("/"), file, length: size };
}

/** Hashes them all: the manifest that names them, and the files as they are uploaded, not to be hashed again. */
export async function hashFolder(
  listed: readonly Listed[],
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ readonly manifest: Uint8Array; readonly files: readonly Uploadable[] }> {
  const named: ManifestFile[] = [];
  const files: Uploadable[] = [];
  let before = 0;
  for (const { path, file, length } of listed) {
    if (length === 0) {
      named.push({ path, length, root: null });
      continue;
    }
    const source = await openFileSource(file);
    try {
      const { shape } = source;
      const roots = await source.roots((bytes) => onBytes(before + bytes), signal);
      named.push({ path, length: shape.length, root: rootOfSegments(roots, shape) });
      files.push({ ...fileAt(file, path), hashed: { length: shape.length, roots } });
      before += shape.length;
    } finally {
      await source.close();
    }
  }
  return { manifest: encodeManifest(named), files };
}

function unreadable(file: string, error: unknown): ZgError {
  const missing = errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
  if (missing) return new ZgError("FileNotFound", { file });
  return new ZgError("FileUnreadable", { file, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
}
