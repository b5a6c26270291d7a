import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Body } from "./bucket.ts";

/** About half a millisecond of hashing: what the event loop may be kept for at a time. */
const STEP_BYTES = 1 << 20;

/** A body in pieces of at most 1 MiB, none of them copied. */
export function* stepsOf(body: Body): Iterable<Uint8Array> {
  for (const piece of body instanceof Uint8Array ? [body] : body) {
    for (let at = 0; at < piece.length; at += STEP_BYTES) yield piece.subarray(at, at + STEP_BYTES);
  }
}

/** sha256 of a body, with a breath of the event loop after every MiB. */
export const digestOf = async (body: Body): Promise<Buffer> => {
  const hash = createHash("sha256");
  let since = 0;
  for (const step of stepsOf(body)) {
    if (since + step.length > STEP_BYTES) {
      await setImmediate();
      since = 0;
    }
    hash.update(step);
    since += step.length;
  }
  return hash.digest();
};
