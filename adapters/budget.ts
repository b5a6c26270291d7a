/**
 * Bytes that strangers make a process hold, under one limit. Who finds no room waits, and the oldest goes first: many
 * bodies that have all begun to arrive would otherwise wait for each other. So that they cannot, one of those that wait,
 * the oldest, may go over the limit, for a short time.
 */
import { ZgError } from "../protocol/errors.ts";

export interface Budget {
  /** @param evict called when this lease went over the limit and did not come to an end in time */
  open(evict?: () => void): Lease;
  held(): number;
  /** Leases that wait for room. */
  waiting(): number;
}

export interface Lease {
  /** Room for so many bytes more; `Busy` when there is none in time, `Stopping` when it is closed while it waits. */
  take(bytes: number): Promise<void>;
  /** Everything it will take has been taken: what it holds is now the work's, which ends by itself. */
  settle(): void;
  /** Gives everything back. */
  close(): void;
}

export interface BudgetOptions {
  /** How long a lease waits for room, all in all; default: not at all. */
  readonly waitMs?: number;
  /** How long one may stay over the limit while it still takes. */
  readonly overMs?: number;
}

interface Waiter {
  readonly age: number;
  readonly bytes: number;
  readonly go: () => void;
  readonly end: (error: ZgError) => void;
}

export const createBudget = (limit: number, { waitMs = 0, overMs = 5_000 }: BudgetOptions = {}): Budget => {
  const waiters: Waiter[] = [];
  let [held, ages] = [0, 0];
  let over: { readonly age: number; readonly timer: NodeJS.Timeout } | undefined;
  const evictions = new Map<number, () => void>();

  const goOver = (age: number): void => {
    over = { age, timer: setTimeout(() => evictions.get(age)?.(), overMs).unref() };
  };
  const wake = (): void => {
    for (let head = waiters[0]; head !== undefined; head = waiters[0]) {
      if (held + head.bytes > limit) {
        if (over !== undefined) return;
        goOver(head.age);
      }
      waiters.shift();
      held += head.bytes;
      head.go();
    }
  };
  const wait = (age: number, bytes: number, forMs: number, granted: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (error: ZgError): void => {
        clearTimeout(timer);
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(error);
        wake();
      };
      const timer = setTimeout(() => end(new ZgError("Busy", { held, limit, waitedMs: waitMs })), forMs).unref();
      const go = (): void => {
        clearTimeout(timer);
        granted();
        resolve();
      };
      const waiter: Waiter = { age, bytes, go, end };
      const younger = waiters.findIndex((other) => other.age > age);
      waiters.splice(younger === -1 ? waiters.length : younger, 0, waiter);
      wake();
    });

  const open = (evict: () => void = () => undefined): Lease => {
    const age = ages++;
    let [taken, waited, open] = [0, 0, true];
    evictions.set(age, evict);
    const take = async (bytes: number): Promise<void> => {
      if (!open) throw new ZgError("Stopping", { what: "a lease" });
      const first = waiters[0] === undefined || waiters[0].age > age;
      if (over?.age === age || (first && held + bytes <= limit)) {
        held += bytes;
        taken += bytes;
        return;
      }
      if (waited >= waitMs) throw new ZgError("Busy", { held, limit, waitedMs: waited });
      const since = performance.now();
      await wait(age, bytes, waitMs - waited, () => {
        taken += bytes;
      });
      waited += performance.now() - since;
    };
    return {
      take,
      settle: () => {
        if (over?.age === age) clearTimeout(over.timer);
      },
      close: () => {
        if (!open) return;
        open = false;
        evictions.delete(age);
        for (const waiter of waiters.filter((waiter) => waiter.age === age))
          waiter.end(new ZgError("Stopping", { what: "a lease" }));
        held -= taken;
        if (over?.age === age) {
          clearTimeout(over.timer);
          over = undefined;
        }
        wake();
      },
    };
  };
  return { open, held: () => held, waiting: () => waiters.length };
};
