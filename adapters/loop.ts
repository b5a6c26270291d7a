/**
 * A step that runs again and again, never twice at once: by its interval, or at once when poked. After a failure the
 * interval doubles up to a few seconds; the same failure again and again is logged once, then at every hundredth.
 */
import { messageOf } from "./errors.ts";
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

const MAX_PAUSE_MS = 5_000;
const LOG_EVERY = 100;

/** How long to wait after so many failures in a row. */
export const pauseAfter = (everyMs: number, failures: number): number =>
  failures === 0 ? everyMs : Math.max(everyMs, Math.min(everyMs * 2 ** failures, MAX_PAUSE_MS));

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export const startLoop = ({ name, everyMs, log, run }: LoopOptions): Loop => {
  const controller = new AbortController();
  let waiters: Waiter[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let lastFailure = "";

  const report = (error: unknown): void => {
    const text = messageOf(error);
    failures = text === lastFailure ? failures + 1 : 1;
    lastFailure = text;
    if (failures % LOG_EVERY === 1) log.warn({ error, loop: name, failures }, "loop step failed");
  };

  const turn = async (): Promise<void> => {
    clearTimeout(timer);
    const served = waiters;
    waiters = [];
    try {
      await run(controller.signal);
      if (failures > 0) log.info({ loop: name, failures }, "loop step works again");
      failures = 0;
      lastFailure = "";
      for (const { resolve } of served) resolve();
    } catch (error) {
      if (!controller.signal.aborted) report(error);
      for (const { reject } of served) reject(error);
    }
  };

  const start = (): void => {
    if (running !== undefined || controller.signal.aborted) return;
    running = turn().finally(() => {
      running = undefined;
      if (controller.signal.aborted) return;
      if (waiters.length > 0) start();
      else timer = setTimeout(start, pauseAfter(everyMs, failures));
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
