/**
 * Why the batcher submits nothing at present: one object in the bucket, there as long as it is so. Written by the
 * batcher, shown by the disperser, of every blob that waits behind it.
 */
import { z } from "zod";
import { getJson, type ObjectStore, putJson } from "../adapters/bucket.ts";
import { ERRORS, type ErrorCode, type ZgError } from "../protocol/errors.ts";

export const Held = z.object({
  code: z.custom<ErrorCode>((value) => typeof value === "string" && value in ERRORS, "a known error code"),
  /** The contract's or the node's own words. */
  why: z.string(),
  /** Milliseconds since 1970. */
  since: z.int().nonnegative(),
});
export type Held = z.infer<typeof Held>;

const KEY = "cursor/held.json";
const MAX_WHY = 200;

export const readHeld = (bucket: ObjectStore): Promise<Held | null> => getJson(bucket, KEY, Held);

/** Keeps the time at which the same reason was first met. */
export const hold = async (bucket: ObjectStore, error: ZgError, now: number): Promise<void> => {
  const known = await readHeld(bucket);
  const { code, why } = reasonOf(error);
  if (known?.code === code && known.why === why) return;
  await putJson(bucket, KEY, { code, why, since: known?.code === code ? known.since : now });
};

export const release = async (bucket: ObjectStore): Promise<void> => {
  if (await bucket.has(KEY)) await bucket.delete(KEY);
};

const reasonOf = ({ code, message, fields }: ZgError): Omit<Held, "since"> => {
  if (code !== "ChainReverted") return { code, why: String(fields.why ?? message).slice(0, MAX_WHY) };
  const { error, ...args } = fields;
  const known = error === "NoValidators" ? error : code;
  const given = Object.entries(args).map(([name, value]) => `${name} ${value}`);
  return { code: known, why: `${error}(${given.join(", ")})`.slice(0, MAX_WHY) };
};
