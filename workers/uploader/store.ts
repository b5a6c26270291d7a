/** Where intents are kept: a file each, replaced whole; and how much of a file each node has acknowledged. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../adapters/errors.ts";
import { createFile, replaceFile } from "../../adapters/files.ts";
import { parseJson } from "../../adapters/json.ts";
import { takeLock } from "../../adapters/lock.ts";
import { pause } from "../../adapters/pause.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { type Intent, intentSchema, type Signed } from "./intent.ts";

export interface IntentStore {
  get(id: Hex): Promise<Intent | undefined>;
  put(intent: Intent): Promise<void>;
  /** Those of an account whose transaction may yet be mined. */
  signed(signer: Hex): Promise<Signed[]>;
  /** Segments that a node has acknowledged, a bit each; none of them if nothing is known. */
  acknowledged(file: FileKey, url: string): Promise<Uint8Array>;
  setAcknowledged(file: FileKey, url: string, bits: Uint8Array): Promise<void>;
  forgetAcknowledged(file: FileKey): Promise<void>;
  /** One process at a time signs for an account, and waits until what it signed is mined. */
  locked<T>(signer: Hex, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface FileKey {
  readonly root: Hex;
  readonly length: number;
}

const acknowledgedSchema = z.record(z.string(), z.base64());
const LOCK_POLL_MS = 100;

export const openIntents = async (folder: string): Promise<IntentStore> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (id: Hex): string => join(folder, `${id}.json`);
  /** Beside each signed record a name that says so: a long upload has thousands of records, and a few that are open. */
  const markOf = (signer: Hex): string => `open-${signer}-`;
  const sentPath = ({ root, length }: FileKey): string => join(folder, `sent-${root}-${length}.json`);

  const readSent = async (file: FileKey): Promise<Record<string, string>> => {
    const parsed = acknowledgedSchema.safeParse(parseJson((await readIfThere(sentPath(file))) ?? ""));
    // A hint: without it a segment is sent again, and the node has it already.
    return parsed.success ? parsed.data : {};
  };
  const get = async (id: Hex): Promise<Intent | undefined> => {
    const path = pathOf(id);
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const parsed = intentSchema.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.id !== id) throw new ZgError("IntentMismatch", { path, why: "not a record" });
    return parsed.data;
  };
  /** Nodes are served side by side, their progress is one file: one writer after the other. */
  let writing: Promise<unknown> = Promise.resolve();

  return {
    get,
    // Readable by its owner only: what is signed is money.
    put: async (intent) => {
      const mark = join(folder, `${markOf(intent.signer)}${intent.id}`);
      // Before the record, and away after it: a mark too many is looked at, one too few is money.
      if (intent.state === "signed") await createFile(mark, "", 0o600);
      await replaceFile(pathOf(intent.id), `${JSON.stringify(intentSchema.parse(intent))}\n`, 0o600);
      if (intent.state !== "signed") await rm(mark, { force: true });
    },
    signed: async (signer) => {
      const mark = markOf(signer);
      const names = (await readdir(folder))
        .filter((name) => name.startsWith(mark))
        .map((name) => name.slice(mark.length));
      const found: Signed[] = [];
      for (const id of names) {
        const intent = isHex(id, 32) ? await get(id) : undefined;
        if (intent?.state === "signed" && intent.signer === signer) found.push(intent);
      }
      return found;
    },
    acknowledged: async (file, url) => Buffer.from((await readSent(file))[url] ?? "", "base64"),
    setAcknowledged: (file, url, bits) => {
      const written = writing.then(async () => {
        const all = { ...(await readSent(file)), [url]: Buffer.from(bits).toString("base64") };
        await replaceFile(sentPath(file), JSON.stringify(all));
      });
      writing = written.catch(() => undefined);
      return written;
    },
    forgetAcknowledged: (file) => rm(sentPath(file), { force: true }),
    locked: async (signer, signal, work) => {
      for (;;) {
        signal.throwIfAborted();
        const lock = await takeLock(join(folder, `${signer}.lock`));
        if (lock.taken) return work().finally(lock.release);
        await pause(LOCK_POLL_MS, signal);
      }
    },
  };
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
};
