/**
 * One big file of slots of one size, for what is too big for the store: its map would count as memory, and its pages
 * would be copied on every change. Which slot holds what, and which are taken, is in the store: a slot that no
 * transaction names is free, whatever is in it.
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { ZgError } from "../protocol/errors.ts";
import { messageOf } from "./errors.ts";
import { syncFolder } from "./fsync.ts";

export interface SlotsOptions {
  readonly slotBytes: number;
  /** Bit i (from the lowest of byte 0): slot i is named in the store. */
  readonly taken: Uint8Array;
}

export interface Slots {
  /** The lowest free slot; it is the caller's until `free`, or until the next start if no transaction names it. */
  take(): number;
  free(slot: number): void;
  /** Slots taken. */
  used(): number;
  /** At most `slotBytes`. Durable when it resolves; writes at the same time share one flush. */
  write(slot: number, bytes: Uint8Array): Promise<void>;
  /** The first `length` bytes; fewer if the file ends there. */
  read(slot: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const openSlots = async (path: string, { slotBytes, taken }: SlotsOptions): Promise<Slots> => {
  const file = await openFile(path);
  await syncFolder(dirname(path));
  const map = new SlotMap(taken);
  // What was given up at the end of the file goes back to the disk, while nobody writes.
  if ((await file.stat()).size > map.end() * slotBytes) await file.truncate(map.end() * slotBytes);
  const flush = createFlush(file);
  let closed = false;
  const busy = new Set<Promise<unknown>>();

  /** `close` waits for what is under way: a descriptor that is closed meanwhile may be another file's. */
  const tracked = <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) return Promise.reject(new ZgError("Stopping", { what: "slots" }));
    const running = work().catch((error: unknown) => {
      if (error instanceof ZgError) throw error;
      throw new ZgError("StoreUnavailable", { why: messageOf(error) }, { cause: error });
    });
    busy.add(running);
    const done = (): void => void busy.delete(running);
    running.then(done, done);
    return running;
  };

  return {
    take: () => map.take(),
    free: (slot) => map.free(slot),
    used: () => map.used,
    write: async (slot, bytes) => {
      if (bytes.length > slotBytes) throw new ZgError("LengthMismatch", { expected: slotBytes, actual: bytes.length });
      return tracked(() => flush(() => writeAll(file, bytes, slot * slotBytes)));
    },
    read: (slot, length) => tracked(() => readUpTo(file, slot * slotBytes, Math.min(length, slotBytes))),
    close: async () => {
      closed = true;
      await Promise.allSettled(busy);
      await file.close();
    },
  };
};

/** Which slots are taken, a bit each: 512 KiB for a TiB. */
class SlotMap {
  #bits: Uint8Array;
  /** All slots below are taken. */
  #low = 0;
  used = 0;

  constructor(taken: Uint8Array) {
    this.#bits = taken.slice();
    for (const byte of taken) this.used += bitCount(byte);
  }

  take(): number {
    let at = this.#low >> 3;
    while (at < this.#bits.length && this.#bits[at] === 0xff) at += 1;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(64, 2 * this.#bits.length));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const byte = this.#bits[at] ?? 0;
    const bit = Math.log2(~byte & (byte + 1));
    this.#bits[at] = byte | (1 << bit);
    this.#low = 8 * at + bit + 1;
    this.used += 1;
    return 8 * at + bit;
  }

  free(slot: number): void {
    const [at, bit] = [slot >> 3, 1 << (slot & 7)];
    const byte = this.#bits[at] ?? 0;
    if ((byte & bit) === 0) throw new ZgError("Internal", { what: "a free slot was freed", slot });
    this.#bits[at] = byte & ~bit;
    this.#low = Math.min(this.#low, slot);
    this.used -= 1;
  }

  /** One past the last taken slot. */
  end(): number {
    const at = this.#bits.findLastIndex((byte) => byte !== 0);
    return at < 0 ? 0 : 8 * at + 32 - Math.clz32(this.#bits[at] ?? 0);
  }
}

const bitCount = (byte: number): number => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
};

/**
 * Runs a write and flushes after it. A flush that began before the write ended does not count; all that wait for the
 * next one share it. A disk that failed to flush may have forgotten any write that was not flushed yet, and may say so
 * only once: whatever was under way then fails.
 */
const createFlush = (file: FileHandle) => {
  let failures = 0;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    running = file.datasync().finally(() => {
      running = undefined;
    });
    running.catch(() => {
      failures += 1;
    });
    return running;
  };
  const after = (): Promise<void> => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
  return async (write: () => Promise<void>): Promise<void> => {
    const before = failures;
    await write();
    await after();
    if (failures !== before) throw new ZgError("StoreUnavailable", { why: "the disk failed to flush" });
  };
};

const openFile = async (path: string): Promise<FileHandle> => {
  try {
    // Neither truncated nor appended to: written at places.
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return open(path, "wx+", 0o600);
  }
};

const writeAll = async (file: FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
};

const readUpTo = async (file: FileHandle, position: number, length: number): Promise<Uint8Array> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
};
