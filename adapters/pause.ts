import { setTimeout as sleep } from "node:timers/promises";
import { ZgError } from "../protocol/errors.ts";

/** Waits, or ends with the reason why the signal was given. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal?.reason instanceof ZgError ? signal.reason : new ZgError("Stopping", {}, { cause: error });
  }
};
