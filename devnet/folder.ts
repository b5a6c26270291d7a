import { link, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ZgError } from "../protocol/errors.ts";
import { createFile } from "./files.ts";

/** Locks of this process: its id alone would let it take a folder twice. */
const held = new Set<string>();

/**
 * Takes a data folder for one network. A second network on it would replay the journal that the first one appends to.
 *
 * @returns what gives it back
 */
export async function takeFolder(data: string): Promise<() => Promise<void>> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const lock = join(resolve(data), "lock");
  await createFile(lock, String(process.pid));
  const owner = await ownerOf(lock);
  if (owner !== process.pid || held.has(lock)) {
    if (alive(owner)) throw new ZgError("DataFolderLocked", { data, pid: owner });
    await removeDead(lock, owner);
    return takeFolder(data);
  }
  held.add(lock);
  return async () => {
    held.delete(lock);
    await rm(lock, { force: true });
  };
}

/**
 * Its owner was killed. Of several that find this at once only one moves the file away, and if that was a new owner's
 * file already, it is put back.
 */
async function removeDead(lock: string, dead: number): Promise<void> {
  const aside = `${lock}.${process.pid}`;
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (moved && (await ownerOf(aside)) !== dead) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

async function ownerOf(lock: string): Promise<number> {
  return Number(await readFile(lock, "utf8").catch(() => "0"));
}

function alive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
