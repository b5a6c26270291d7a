import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { takeLock } from "../adapters/lock.ts";
import { ZgError } from "../protocol/errors.ts";

/**
 * Takes a data folder for one network. A second network on it would replay the journal that the first one appends to.
 *
 * @returns what gives it back
 */
export async function takeFolder(data: string): Promise<() => Promise<void>> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const lock = await takeLock(join(data, "lock"));
  if (!lock.taken) throw new ZgError("DataFolderLocked", { data, pid: lock.owner });
  return lock.release;
}
