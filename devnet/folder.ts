import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ZgError } from "../protocol/errors.ts";
import { createFile } from "./files.ts";

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
  if (owner !== process.pid) {
    if (alive(owner)) throw new ZgError("DataFolderLocked", { data, pid: owner });
    // Its owner was killed. Of two that find this at once, one creates the file again and the other sees it.
    await rm(lock, { force: true });
    return takeFolder(data);
  }
  return () => rm(lock, { force: true });
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
