/**
 * When an entry that lacks data is looked at again. Whoever submitted it is probably bringing the data: peers are asked
 * only when it is still missing after a while, and ever more rarely as long as nobody has it. Memory; no clock.
 */
import type { ErrorCode } from "../../../protocol/errors.ts";

export interface WaitsOptions {
  /** Before the first look, and after the first failure, ms. */
  readonly pauseMs: number;
  readonly now: () => number;
}

export interface Waits {
  /** The entry is new. */
  begin(txSeq: number): void;
  /** Whether the entry may be looked at now. What is not waited for has waited long enough. */
  due(txSeq: number): boolean;
  /** Nothing came of it; `from`: segment at which the next look begins. */
  failed(txSeq: number, code: ErrorCode, from: number): void;
  /** Something came, and more may. */
  progressed(txSeq: number, from: number): void;
  /** Nothing is missing (any more), or everything is new. */
  forget(txSeq: number): void;
  /** Entries from this one on are others now. */
  forgetFrom(txSeq: number): void;
  startOf(txSeq: number): number;
  /** How many wait for data, by the reason of the last failure. */
  counts(): Record<string, number>;
}

interface Wait {
  readonly failures: number;
  readonly until: number;
  readonly from: number;
  readonly code: ErrorCode | undefined;
}

const MAX_PAUSE_MS = 300_000;
/** What is forgotten is only looked at sooner. Entries that nobody ever brings cost their submitter a fee each. */
const MAX_WAITS = 65_536;

export const pauseAfter = (failures: number, pauseMs: number): number =>
  Math.min(pauseMs * 2 ** failures, Math.max(pauseMs, MAX_PAUSE_MS));

export const createWaits = ({ pauseMs, now }: WaitsOptions): Waits => {
  const waits = new Map<number, Wait>();
  const put = (txSeq: number, wait: Wait): void => {
    waits.delete(txSeq);
    waits.set(txSeq, wait);
    if (waits.size > MAX_WAITS) waits.delete(waits.keys().next().value ?? txSeq);
  };
  return {
    begin: (txSeq) => put(txSeq, { failures: 0, until: now() + pauseMs, from: 0, code: undefined }),
    due: (txSeq) => now() >= (waits.get(txSeq)?.until ?? Number.NEGATIVE_INFINITY),
    failed: (txSeq, code, from) => {
      const failures = (waits.get(txSeq)?.failures ?? 0) + 1;
      put(txSeq, { failures, until: now() + pauseAfter(failures - 1, pauseMs), from, code });
    },
    progressed: (txSeq, from) => put(txSeq, { failures: 0, until: now(), from, code: undefined }),
    forget: (txSeq) => void waits.delete(txSeq),
    forgetFrom: (txSeq) => {
      for (const known of waits.keys()) if (known >= txSeq) waits.delete(known);
    },
    startOf: (txSeq) => waits.get(txSeq)?.from ?? 0,
    counts: () => {
      const counts: Record<string, number> = {};
      for (const { code = "new" } of waits.values()) counts[code] = (counts[code] ?? 0) + 1;
      return counts;
    },
  };
};
