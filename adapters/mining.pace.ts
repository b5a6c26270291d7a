import { pause } from "./pause.ts";

/** Keeps a thread's CPU time at a share of the time that passes. */
export interface Pace {
  /** Waits until the next piece of work is due; false: the signal was given. */
  next(signal: AbortSignal): Promise<boolean>;
  /** What the last piece has cost. */
  spent(cpuMs: number): void;
}

/** How much a thread that could not run catches up on: not a burst after each time the machine was busy. */
const CREDIT_MS = 100;

/** A timer takes no more: some 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export const createPace = (share: number, now: () => number = () => performance.now(), wait = pause): Pace => {
  let due = share === 0 ? Number.POSITIVE_INFINITY : now();
  return {
    next: async (signal) => {
      for (let ms = due - now(); ms > 0 && !signal.aborted; ms = due - now()) {
        // An end by the signal is told below.
        await wait(Math.min(ms, LONGEST_MS), signal).catch(() => undefined);
      }
      return !signal.aborted;
    },
    spent: (cpuMs) => {
      due = Math.max(due, now() - CREDIT_MS) + cpuMs / share;
    },
  };
};
