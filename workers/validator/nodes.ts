/**
 * Asks storage nodes, trusting none. Each thing is asked of the nodes in an order of its own, drawn at random, so that
 * no node knows whom else we would ask; one that is slow is overtaken, one that lies is passed over, and all are named.
 */
import { randomInt } from "node:crypto";
import { asZgError } from "../../adapters/errors.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { FRAME_ROW_BYTES } from "../../protocol/params.ts";
import { type Complaint, type Fault, faultOf } from "./judge.ts";

export interface NodesOptions {
  readonly client: HttpClient;
  readonly urls: readonly string[];
  /** A node that has not answered after this many ms gets competition. */
  readonly hedgeMs: number;
  /** And after this many (more for long answers) it is given up. */
  readonly deadlineMs: number;
  readonly shuffle?: <T>(items: readonly T[]) => T[];
}

export interface Nodes {
  metadata<T>(batchId: Hex, bytes: number, ask: Ask<T>): Promise<T>;
  column<T>(batchId: Hex, column: number, rows: number, ask: Ask<T>): Promise<T>;
  /** Faults of each node since the start, by kind. */
  faults(): Record<string, Partial<Record<Fault, number>>>;
}

export interface Ask<T> {
  /** Throws a ZgError when the answer is not good: then another node is asked. */
  readonly check: (bytes: Uint8Array) => Promise<T>;
  readonly complain: (complaint: Complaint) => void;
  /** Told what each attempt cost on the wire, bytes. */
  readonly onTraffic?: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Slowest link that is waited for, bytes a second. */
const SLOWEST_LINK = 256 * 1024;

export const createNodes = ({ client, urls, hedgeMs, deadlineMs, shuffle = shuffled }: NodesOptions): Nodes => {
  const faults = new Map<string, Map<Fault, number>>();
  const count = (who: string, fault: Fault): void => {
    const own = faults.get(who) ?? new Map<Fault, number>();
    faults.set(who, own.set(fault, (own.get(fault) ?? 0) + 1));
  };

  const ask = async <T>(path: string, what: string, bytes: number, options: Ask<T>): Promise<T> => {
    const { check, complain, onTraffic, signal } = options;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const attempt = async (url: string): Promise<T> => {
      try {
        const deadline = deadlineMs + Math.ceil((bytes * 1000) / SLOWEST_LINK);
        const base = url.replace(/\/+$/, "");
        const answer = await client.bytes(`${base}${path}`, {
          ...{ maxBytes: bytes, deadlineMs: deadline, onTraffic, signal: either },
        });
        if (answer.length !== bytes) throw new ZgError("LengthMismatch", { expected: bytes, actual: answer.length });
        return await check(answer);
      } catch (error) {
        const named = asZgError(error);
        if (!either.aborted && !(error instanceof Verdict)) {
          const fault = faultOf(named.code);
          count(url, fault);
          complain({ who: url, fault, code: named.code, what });
        }
        throw error;
      }
    };
    try {
      return await overtake(shuffle(urls), attempt, hedgeMs, either);
    } finally {
      done.abort();
    }
  };

  return {
    metadata: (batchId, bytes, options) => ask(`/batches/${batchId}/metadata`, "metadata", bytes, options),
    column: (batchId, column, rows, options) =>
      ask(
        `/batches/${batchId}/columns/${column}?rows=0-${rows - 1}`,
        `column ${column}`,
        rows * FRAME_ROW_BYTES,
        options,
      ),
    faults: () => Object.fromEntries([...faults].map(([who, own]) => [who, Object.fromEntries(own)])),
  };
};

/** Thrown by a check when the batch, not the peer, is bad: no other node needs to be asked. */
export class Verdict extends Error {
  readonly error: ZgError;
  constructor(code: ErrorCode, fields: ZgError["fields"]) {
    super(code);
    this.error = new ZgError(code, fields);
  }
}

/** The first good answer; the next one is asked when the last failed, or has not answered for `hedgeMs`. */
const overtake = <U, T>(
  candidates: readonly U[],
  attempt: (candidate: U) => Promise<T>,
  hedgeMs: number,
  signal: AbortSignal,
): Promise<T> =>
  new Promise((resolve, reject) => {
    let [next, open] = [0, 0];
    let timer: NodeJS.Timeout | undefined;
    let failure: unknown = new ZgError("NodeDown", { why: "there is no storage node to ask" });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      settle();
    };
    const abort = (): void => finish(() => reject(new ZgError("Stopping", {})));
    const start = (): void => {
      clearTimeout(timer);
      if (next >= candidates.length) {
        if (open === 0) finish(() => reject(failure));
        return;
      }
      const candidate = candidates[next++] as U;
      open += 1;
      attempt(candidate).then(
        (value) => finish(() => resolve(value)),
        (error: unknown) => {
          open -= 1;
          failure = error;
          if (error instanceof Verdict) finish(() => reject(error));
          else start();
        },
      );
      if (next < candidates.length) timer = setTimeout(start, hedgeMs);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    start();
  });

const shuffled = <T>(items: readonly T[]): T[] => {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
};
