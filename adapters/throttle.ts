/**
 * A limit in bytes per second: a bucket that fills at this rate and holds one second's worth. Who takes more than it
 * holds waits until the debt is paid, in the order of asking, so a limit below one piece slows down and never stops.
 */
import { ZgError } from "../protocol/errors.ts";

export interface Throttle {
  /** Resolves when the bytes may be moved; rejects with `Stopping` when the signal aborts. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

export interface ThrottleClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back after so many milliseconds; returns how to call it off. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: ThrottleClock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export const unlimited: Throttle = { take: async () => undefined };

export const createThrottle = (bytesPerSecond: number, clock: ThrottleClock = systemClock): Throttle => {
  if (!(bytesPerSecond > 0)) throw new ZgError("BadConfig", { field: "bytesPerSecond", value: bytesPerSecond });
  /** What may be moved now; negative: what was moved on credit. */
  let level = bytesPerSecond;
  let filled = clock.now();

  const fill = (): void => {
    const now = clock.now();
    level = Math.min(bytesPerSecond, level + ((now - filled) * bytesPerSecond) / 1000);
    filled = now;
  };

  return {
    take: async (bytes, signal) => {
      if (signal?.aborted === true) throw new ZgError("Stopping", { what: "throttle" });
      fill();
      level -= bytes;
      if (level >= 0) return;
      const waitMs = (-level * 1000) / bytesPerSecond;
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          cancel();
          // What is not moved is not owed; those behind it keep their times, which are only too late.
          level += bytes;
          reject(new ZgError("Stopping", { what: "throttle" }));
        };
        const cancel = clock.after(waitMs, () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
  };
};
