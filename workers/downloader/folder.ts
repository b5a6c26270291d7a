/** A folder from its manifest: every file to its path, none outside. */
import { mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { each } from "../../adapters/each.ts";
import { openFileSource } from "../../adapters/file-source.ts";
import { ZgError } from "../../protocol/errors.ts";
import { rootOfSegments } from "../../protocol/file.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { ManifestFile } from "../../protocol/manifest.ts";
import { naming } from "./part.ts";

export interface RestoreOptions {
  readonly files: readonly ManifestFile[];
  readonly folder: string;
  /** Files on their way at once. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
  readonly fetch: (
    file: { readonly root: Hex; readonly length: number },
    path: string,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Bytes of a file that was there already. */
  readonly onHeld: (bytes: number) => void;
}

/** What is there already and is what it should be, is left; everything else of the same name is replaced. */
export const restore = async ({ files, folder, atOnce, signal, fetch, onHeld }: RestoreOptions): Promise<void> => {
  await naming(folder, () => mkdir(folder, { recursive: true }));
  const base = await realpath(folder);
  await each(files, atOnce, signal, async ({ path, length, root }, either) => {
    const target = join(base, path);
    await inside(base, target);
    if (root === null) await naming(target, () => writeFile(target, ""));
    else if (await isThere(target, root, length, either)) onHeld(length);
    else await fetch({ root, length }, target, either);
  });
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
