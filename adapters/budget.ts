/**
 * Bytes that strangers make a process hold, under one limit. Who finds no room waits, and the oldest goes first. Many bodies
 * that have all begun to arrive would wait for each other for ever: so one of those that wait, the oldest, may go over the
 * limit, for a short time; and while anybody waits, or is told to come back, whoever has stopped sending is cut off.
 */
import { ZgError } from "../protocol/errors.ts";

export interface Budget {
  /** @param evict called when others wait and this lease takes nothing, or is over the limit for too long */
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
  /** How long one may take nothing while others wait. */
  readonly idleMs?: number;
}

interface Waiter {
  readonly age: number;
  readonly bytes: number;
  readonly go: () => void;
  readonly end: (error: ZgError) => void;
}

interface Open {
  readonly evict: () => void;
  taken: number;
  /** When, the last of them. */
  at: number;
  settled: boolean;
}

export const createBudget = (
  limit: number,
  { waitMs = 0, overMs = 5_000, idleMs = 2_000 }: BudgetOptions = {},
): Budget => {
  const waiters: Waiter[] = [];
  const leases = new Map<number, Open>();
  let [held, ages] = [0, 0];
  let over: { readonly age: number; readonly since: number } | undefined;
  let watch: NodeJS.Timeout | undefined;

  /** Runs while somebody waits, and when somebody is sent away. */
  const look = (except?: number): void => {
    const now = performance.now();
    const waiting = new Set(waiters.map(({ age }) => age));
    for (const [age, { evict, taken, at, settled }] of leases) {
      if (settled || taken === 0 || age === except || waiting.has(age)) continue;
      if (now - at > idleMs || (over?.age === age && now - over.since > overMs)) evict();
    }
  };
  const watchOrRest = (): void => {
    if (waiters.length === 0) watch = void clearInterval(watch);
    else watch ??= setInterval(() => look(), Math.min(idleMs, overMs) / 4).unref();
  };
  const wake = (): void => {
    for (let head = waiters[0]; head !== undefined; head = waiters[0]) {
      if (held + head.bytes > limit) {
        if (over !== undefined) break;
        over = { age: head.age, since: performance.now() };
      }
      waiters.shift();
      held += head.bytes;
      head.go();
    }
    watchOrRest();
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
    const lease: Open = { evict, taken: 0, at: 0, settled: false };
    leases.set(age, lease);
    let waited = 0;
    const granted = (bytes: number): void => {
      lease.taken += bytes;
      lease.at = performance.now();
      lease.settled = false;
    };
    return {
      take: async (bytes) => {
        if (!leases.has(age)) throw new ZgError("Stopping", { what: "a lease" });
        const first = waiters[0] === undefined || waiters[0].age > age;
        if (over?.age === age || (first && held + bytes <= limit)) {
          held += bytes;
          granted(bytes);
          return;
        }
        if (waited >= waitMs) {
          look(age);
          throw new ZgError("Busy", { held, limit, waitedMs: waited });
        }
        const since = performance.now();
        await wait(age, bytes, waitMs - waited, () => granted(bytes));
        waited += performance.now() - since;
      },
      settle: () => {
        lease.settled = true;
      },
      close: () => {
        if (!leases.delete(age)) return;
        for (const waiter of waiters.filter((waiter) => waiter.age === age))
          waiter.end(new ZgError("Stopping", { what: "a lease" }));
        held -= lease.taken;
        if (over?.age === age) over = undefined;
        wake();
      },
    };
  };
  return { open, held: () => held, waiting: () => waiters.length };
};
