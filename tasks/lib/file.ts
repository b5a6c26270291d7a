import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errnoOf, messageOf } from "../../adapters/errors.ts";
import { rowsFor } from "../../protocol/blob.ts";
import { ZgError } from "../../protocol/errors.ts";

/** The bytes of a file that can be a blob. Its size is looked at before it is read. */
export async function readPayload(path: string): Promise<Uint8Array> {
  const file = resolve(path);
  const before = await stat(file).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!before.isFile()) throw new ZgError("FileUnreadable", { file: path, why: "not a regular file" });
  rowsFor(before.size);
  const payload = await readFile(file).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  // It may have grown in between.
  rowsFor(payload.length);
  return payload;
}

function unreadable(file: string, error: unknown): ZgError {
  const missing = errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
  return missing
    ? new ZgError("FileNotFound", { file })
    : new ZgError("FileUnreadable", { file, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
}

/** Whole or not at all, durable: a failed write leaves neither half a file nor a temporary one. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<string> {
  const file = resolve(path);
  const temporary = `${file}.${randomBytes(4).toString("hex")}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ZgError("FileUnwritable", { file: path, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
  }
  return file;
}
