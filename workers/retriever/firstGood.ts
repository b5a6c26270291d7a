import { ZgError } from "../../protocol/errors.ts";

export interface FirstGoodOptions<C, T> {
  /** In order of preference. */
  readonly candidates: readonly C[];
  readonly attempt: (candidate: C, signal: AbortSignal) => Promise<T>;
  /** An answer that takes longer does not hold up the next candidate; it may still win. */
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
  readonly onFailure?: (candidate: C, error: unknown) => void;
  readonly onSlow?: (candidate: C) => void;
}

/** The first good answer. Rejects with the last error once every candidate has failed. */
export async function firstGood<C, T>(options: FirstGoodOptions<C, T>): Promise<T> {
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const open = new Set<Promise<{ value: T } | { error: unknown }>>();
  let last: unknown = new ZgError("NotFound", { why: "nobody to ask" });
  const rest = [...options.candidates];
  try {
    while (rest.length > 0 || open.size > 0) {
      const candidate = rest.shift();
      if (candidate !== undefined) {
        const answer = options
          .attempt(candidate, signal)
          .then((value) => ({ value }))
          .catch((error: unknown) => {
            if (!signal.aborted) options.onFailure?.(candidate, error);
            return { error };
          })
          .finally(() => open.delete(answer));
        open.add(answer);
      }
      const outcome = await Promise.race([...open, ...(rest.length > 0 ? [pause(options.hedgeMs, signal)] : [])]);
      options.signal.throwIfAborted();
      if (outcome === undefined) {
        if (candidate !== undefined) options.onSlow?.(candidate);
      } else if ("value" in outcome) return outcome.value;
      else last = outcome.error;
    }
    throw last;
  } finally {
    done.abort();
  }
}

/** Resolves after `ms`, or when the signal aborts; leaves no timer behind that keeps a process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
