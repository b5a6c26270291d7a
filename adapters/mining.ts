import { randomBytes } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { ZgError } from "../protocol/errors.ts";
import { toHex } from "../protocol/hex.ts";
import { checkSealing, type SealTask } from "../protocol/sealing.ts";
import { inputOf, NONCE_PREFIX_BYTES } from "../protocol/search.ts";
import { asZgError, messageOf } from "./errors.ts";
import { createPace } from "./mining.pace.ts";
import type { Mined, Slice } from "./mining.thread.ts";
import type { MineTask, Mining, MiningOptions } from "./mining.types.ts";

export type * from "./mining.types.ts";

/** Short enough that mining ends at once and a seal need not wait, long enough that the message costs nothing. */
const SLICE_MS = 20;
const MAX_HITS = 16;
/** More than a slice can try, so that no two try the same. */
const NONCES_PER_SLICE = 1 << 20;

export const openMining = async ({ threads = 1, share = 1 }: MiningOptions = {}): Promise<Mining> => {
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new ZgError("BadConfig", { field: "threads", value: threads });
  if (!(share >= 0 && share <= 1)) throw new ZgError("BadConfig", { field: "share", value: share });
  const pool = new Piscina({
    filename: fileURLToPath(new URL("./mining.thread.ts", import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const closing = new AbortController();
  const counts = { trials: 0, read: 0, tickets: 0, hits: 0, cpuMs: 0 };
  let running: Promise<void> | undefined;

  const checkOpen = (job: string): void => {
    if (closing.signal.aborted) throw new ZgError("Stopping", { job });
  };
  /** Copied once: threads give back the memory they were given. */
  const inThread = async (name: "seal" | "unseal", data: Uint8Array, task: SealTask): Promise<Uint8Array> => {
    checkOpen(name);
    checkSealing(data, task);
    const bytes = data.slice();
    return (await pool.run({ bytes, task }, { name, transferList: [bytes.buffer] })).bytes;
  };

  const search = async (task: MineTask, onHit: Parameters<Mining["mine"]>[1], signal: AbortSignal): Promise<void> => {
    const nonces = task.nonces ?? toHex(randomBytes(NONCE_PREFIX_BYTES));
    inputOf(task.work, nonces);
    const file = await openFile(task.path);
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, closing.signal, failed.signal]);
    const { work, target } = task;
    let from = 0;
    let left = task.trials ?? Number.POSITIVE_INFINITY;

    const slice = async (): Promise<Mined> => {
      const most = Math.min(left, NONCES_PER_SLICE);
      left -= most;
      const job: Slice = {
        ...{ work, target, nonces, from, most, forMs: SLICE_MS, maxHits: MAX_HITS },
        ...{ file: file.fd, table: task.loads.table() },
      };
      from += NONCES_PER_SLICE;
      const mined: Mined = await pool.run(job, { name: "mine" }).catch((error: unknown) => {
        throw new ZgError("StoreUnavailable", { why: messageOf(error) }, { cause: error });
      });
      left += most - mined.trials;
      return mined;
    };
    const lane = async (): Promise<void> => {
      const pace = createPace(share);
      while (left > 0 && (await pace.next(ended))) {
        const { hits, ...rest } = await slice();
        pace.spent(rest.cpuMs);
        for (const key of ["trials", "read", "tickets", "cpuMs"] as const) counts[key] += rest[key];
        counts.hits += hits.length;
        for (const hit of hits) onHit(hit);
      }
    };

    try {
      const lanes = Array.from({ length: threads }, () =>
        lane().catch((error: unknown) => {
          failed.abort();
          throw asZgError(error);
        }),
      );
      await Promise.allSettled(lanes);
      await Promise.all(lanes);
    } finally {
      await file.close();
    }
  };

  // Threads load while their owner does something else; one that cannot says so to the first job.
  for (let i = 0; i < threads; i++) pool.run(undefined, { name: "ready" }).catch(() => undefined);
  return {
    seal: (data, task) => inThread("seal", data, task),
    unseal: (sealed, task) => inThread("unseal", sealed, task),
    mine: async (task, onHit, signal) => {
      checkOpen("mine");
      if (running !== undefined) throw new ZgError("BadRequest", { what: "another task is being mined" });
      running = search(task, onHit, signal);
      try {
        await running;
      } finally {
        running = undefined;
      }
    },
    counts: () => ({ ...counts }),
    close: async () => {
      closing.abort();
      await Promise.allSettled([running]);
      await pool.close().catch(() => pool.destroy());
    },
  };
};

const openFile = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, "r");
  } catch (error) {
    throw new ZgError("StoreUnavailable", { why: messageOf(error) }, { cause: error });
  }
};
