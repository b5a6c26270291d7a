/** A file that one living process holds; what a killed one left behind is taken over. */
import { link, readFile, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { createFile } from "./files.ts";

/** Locks of this process: its id alone would let it take one twice. */
const held = new Set<string>();

export type Taken =
  | { readonly taken: true; readonly release: () => Promise<void> }
  | { readonly taken: false; readonly owner: number };

/** Takes the lock, or says which process has it. Its folder must exist. */
export const takeLock = async (path: string): Promise<Taken> => {
  const lock = resolve(path);
  await createFile(lock, String(process.pid));
  const owner = await ownerOf(lock);
  if (owner !== process.pid || held.has(lock)) {
    if (alive(owner)) return { taken: false, owner };
    await removeDead(lock, owner);
    return takeLock(lock);
  }
  held.add(lock);
  const release = async (): Promise<void> => {
    held.delete(lock);
    await rm(lock, { force: true });
  };
  return { taken: true, release };
};

/**
 * Its owner was killed. Of several that find this at once only one moves the file away, and if that was a new owner's
 * file already, it is put back.
 */
const removeDead = async (lock: string, dead: number): Promise<void> => {
  const aside = `${lock}.${process.pid}`;
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (moved && (await ownerOf(aside)) !== dead) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
};

const ownerOf = async (lock: string): Promise<number> => Number(await readFile(lock, "utf8").catch(() => "0"));

const alive = (pid: number): boolean => {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
