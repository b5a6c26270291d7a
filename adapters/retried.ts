import { asZgError } from "./errors.ts";
import { pause } from "./pause.ts";

export interface Patience {
  readonly signal: AbortSignal;
  /** How long nothing may get better. */
  readonly patienceMs: number;
  /** The first pause; each is twice the one before it, up to two seconds. */
  readonly firstWaitMs: number;
}

const MAX_WAIT_MS = 2_000;

/** Again while the error says that it makes sense, for as long as patience lasts; then that error, as a ZgError. */
export const retried = async <T>({ signal, patienceMs, firstWaitMs }: Patience, work: () => Promise<T>): Promise<T> => {
  const end = performance.now() + patienceMs;
  for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      const error = asZgError(thrown);
      if (!error.retryable || performance.now() > end) throw error;
      await pause(wait, signal);
    }
  }
};
