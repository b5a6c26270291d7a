/**
 * Stops a process in order: what was started last stops first, each part within the deadline. A part that hangs is
 * named and left behind: crash-safety does not depend on a clean stop, politeness does.
 */
import type { Log } from "./log.ts";

export interface Shutdown {
  /** Aborted at the first moment of the stop; long waits take it. */
  readonly signal: AbortSignal;
  add(name: string, stop: () => Promise<void> | void): void;
  /** Idempotent; resolves to the names of the parts that failed or did not stop in time. */
  stop(reason?: string): Promise<string[]>;
  /** Stops on SIGINT and SIGTERM; a second signal ends the process at once. */
  onSignals(): Promise<void>;
}

export interface ShutdownOptions {
  readonly log: Log;
  /** For each part. */
  readonly deadlineMs?: number;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export const createShutdown = ({ log, deadlineMs = 10_000 }: ShutdownOptions): Shutdown => {
  const parts: { name: string; stop: () => Promise<void> | void }[] = [];
  const controller = new AbortController();
  let stopping: Promise<string[]> | undefined;

  const stopAll = async (reason: string): Promise<string[]> => {
    log.debug({ reason }, "stopping");
    controller.abort(new Error(reason));
    const left: string[] = [];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const { name, stop } = part;
      try {
        await withDeadline(Promise.resolve(stop()), deadlineMs, `${name} did not stop within ${deadlineMs} ms`);
      } catch (error) {
        left.push(name);
        log.warn({ error, part: name }, "not stopped");
      }
    }
    return left;
  };

  const stop = (reason = "stop"): Promise<string[]> => {
    stopping ??= stopAll(reason);
    return stopping;
  };

  return {
    signal: controller.signal,
    add: (name, stopPart) => {
      parts.push({ name, stop: stopPart });
    },
    stop,
    onSignals: () =>
      new Promise((resolve) => {
        let first = true;
        const onSignal = (signal: NodeJS.Signals): void => {
          if (!first) process.exit(128 + (signal === "SIGINT" ? 2 : 15));
          first = false;
          void stop(signal).then(() => {
            for (const name of SIGNALS) process.off(name, onSignal);
            resolve();
          });
        };
        for (const name of SIGNALS) process.on(name, onSignal);
      }),
  };
};

/** Rejects with `message` when the promise takes longer; the promise itself is left to run. */
export const withDeadline = async <T>(promise: Promise<T>, ms: number, message: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
