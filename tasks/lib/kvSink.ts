import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errnoOf, messageOf } from "../../adapters/errors.ts";
import { ZgError } from "../../protocol/errors.ts";
import { concat } from "../../protocol/hex.ts";

/** Where a value goes: into memory to be shown, or into a file, whole or not at all. */
export interface Sink {
  readonly path: string | undefined;
  expect(size: number): void;
  write(data: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
  /** undefined: it is in the file. */
  bytes(): Uint8Array | undefined;
}

/** More than a terminal is for. */
const MAX_SHOWN_BYTES = 1 << 20;

export function openSink(out: string | undefined): Sink {
  return out === undefined || out === "" ? memorySink() : fileSink(resolve(out));
}

function memorySink(): Sink {
  const parts: Uint8Array[] = [];
  return {
    path: undefined,
    expect: (size) => {
      if (size <= MAX_SHOWN_BYTES) return;
      throw new ZgError("BadRequest", { option: "--out", why: "a value of this size goes into a file", bytes: size });
    },
    write: async (data) => void parts.push(data),
    finish: async () => undefined,
    discard: async () => undefined,
    bytes: () => concat(...parts),
  };
}

function fileSink(path: string): Sink {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
  let handle: FileHandle | undefined;
  const naming = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new ZgError("FileUnwritable", { file: path, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
    }
  };
  return {
    path,
    expect: () => undefined,
    write: (data) =>
      naming(async () => {
        if (handle === undefined) {
          await mkdir(dirname(path), { recursive: true });
          handle = await open(temporary, "wx");
        }
        await handle.writeFile(data);
      }),
    finish: () =>
      naming(async () => {
        await handle?.sync();
        await handle?.close();
        await rename(temporary, path);
      }),
    discard: async () => {
      await handle?.close().catch(() => undefined);
      await rm(temporary, { force: true });
    },
    bytes: () => undefined,
  };
}
