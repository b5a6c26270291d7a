/** A folder from its manifest: every file to its path, none outside. */
import { mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { each } from "../../adapters/each.ts";
import { openFileSource } from "../../adapters/file-source.ts";
import { ZgError } from "../../protocol/errors.ts";
import { rootOfSegments } from "../../protocol/file.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { ManifestFile } from "../../protocol/manifest.ts";
import { naming, type Paths } from "./part.ts";

export interface RestoreOptions {
  /** Of the manifest. */
  readonly root: Hex;
  readonly files: readonly ManifestFile[];
  readonly folder: string;
  /** Files on their way at once. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
  readonly fetch: (
    file: { readonly root: Hex; readonly length: number },
    paths: Paths,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Bytes of a file that was there already. */
  readonly onHeld: (bytes: number) => void;
}

/**
 * What is there already and is what it should be, is left; everything else of the same name is replaced. What is under
 * way has a folder of its own, with a name that no file of the manifest has: any other could be one of theirs.
 */
export const restore = async (options: RestoreOptions): Promise<void> => {
  const { files, root: manifest, folder, atOnce, signal, fetch, onHeld } = options;
  const own = `.zerog-${manifest}`;
  for (const { path } of files) {
    // Some systems take names that differ in their letters' case only for one.
    if (path.split("/")[0]?.toLowerCase() === own) throw new ZgError("BadManifest", { path, why: "a name of ours" });
  }
  await naming(folder, () => mkdir(folder, { recursive: true }));
  const base = await realpath(folder);
  const parts = join(base, own);
  await inside(base, join(parts, "0"));
  await each(numbered(files), atOnce, signal, async ([number, { path, length, root }], either) => {
    const target = join(base, path);
    const part = join(parts, String(number));
    await inside(base, target);
    if (root === null) await naming(target, () => replaceByEmpty(target, part));
    else if (await isThere(target, root, length, either)) onHeld(length);
    else await fetch({ root, length }, { path: target, part }, either);
  });
  await naming(parts, () => rm(parts, { recursive: true, force: true }));
};

/** One folder has one manifest, so a file has the same number in the next run. */
const numbered = (files: readonly ManifestFile[]): (readonly [number, ManifestFile])[] =>
  files.map((file, number) => [number, file] as const);

/** A link of that name is replaced, and not followed: what it leads to is not in the folder. */
const replaceByEmpty = async (target: string, part: string): Promise<void> => {
  await rm(part, { force: true });
  await writeFile(part, "", { flag: "wx" });
  await rename(part, target);
};

/** A link in the target folder could lead anywhere, whatever the manifest says. */
const inside = async (base: string, target: string): Promise<void> => {
  const folder = dirname(target);
  await naming(folder, () => mkdir(folder, { recursive: true }));
  const real = await realpath(folder);
  if (real !== folder || !(real === base || real.startsWith(base + sep))) {
    throw new ZgError("FileUnwritable", { file: target, why: "a link leads out of the folder" });
  }
};

const isThere = async (path: string, root: Hex, length: number, signal: AbortSignal): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size !== length) return false;
  const source = await openFileSource(path);
  try {
    return rootOfSegments(await source.roots(undefined, signal), source.shape) === root;
  } finally {
    await source.close();
  }
};
