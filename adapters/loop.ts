/**
 * A step that runs again and again, never twice at once: by its interval, or at once when poked. Errors are logged and
 * the next run tries again; a step that must end everything calls `stop` itself.
 */
import type { Log } from "./log.ts";

export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly log: Log;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface Loop {
  /** Resolves after a run that began after this call; rejects with that run's error. */
  poke(): Promise<void>;
  /** Aborts the run in progress and waits for it. */
  stop(): Promise<void>;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export const startLoop = ({ name, everyMs, log, run }: LoopOptions): Loop => {
  const controller = new AbortController();
  let waiters: Waiter[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const turn = async (): Promise<void> => {
    clearTimeout(timer);
    const served = waiters;
    waiters = [];
    try {
      await run(controller.signal);
      for (const { resolve } of served) resolve();
    } catch (error) {
      if (!controller.signal.aborted) log.warn({ error, loop: name }, "loop step failed");
      for (const { reject } of served) reject(error);
    }
  };

  const start = (): void => {
    if (running !== undefined || controller.signal.aborted) return;
    running = turn().finally(() => {
      running = undefined;
      if (controller.signal.aborted) return;
      if (waiters.length > 0) start();
      else timer = setTimeout(start, everyMs);
    });
  };

  start();
  return {
    poke: () =>
      new Promise((resolve, reject) => {
        if (controller.signal.aborted) {
          reject(new Error(`${name} is stopped`));
          return;
        }
        waiters.push({ resolve, reject });
        start();
      }),
    stop: async () => {
      controller.abort(new Error(`${name} stops`));
      clearTimeout(timer);
      await running;
      for (const { reject } of waiters) reject(new Error(`${name} is stopped`));
      waiters = [];
    },
  };
};
