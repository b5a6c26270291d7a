/** Files that are written whole or not at all, by one process or several. */
import { randomUUID } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./fsync.ts";

/** Creates the file whole or not at all; one that exists is left as it is. */
export async function createFile(path: string, text: string, mode = 0o644): Promise<void> {
  await viaTemporary(path, text, mode, async (temporary) => {
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  });
}

/** Replaces the file whole or not at all; durable when it resolves. */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  await viaTemporary(path, text, mode, (temporary) => rename(temporary, path));
  await syncFolder(dirname(path));
}

async function viaTemporary(
  path: string,
  text: string,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
