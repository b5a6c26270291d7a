import { setImmediate } from "node:timers/promises";
import { ZgError } from "../protocol/errors.ts";
import { bytesToBig, concat } from "../protocol/hex.ts";
import { HASH_BYTES, ROW_BYTES } from "../protocol/params.ts";
import type { ExtendedRows, VerifiedBatch } from "./compute.types.ts";

/** Rows of one job: enough to hide the cost of a message, few enough to share a blob between threads. */
export const CHUNK = 16;

export function coefficientOf(batch: VerifiedBatch, row: number): bigint {
  return bytesToBig(batch.coefficients.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES));
}

/** Coefficients of a plain sum. */
export function ones(parts: readonly unknown[]): bigint[] {
  return parts.map(() => 1n);
}

/** A view that a message carries without its neighbours: shared memory as it is, anything else cut out. */
export function slice(bytes: Uint8Array, from: number, count: number, unit: number): Uint8Array {
  const [start, end] = [from * unit, (from + count) * unit];
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.subarray(start, end) : bytes.slice(start, end);
}

/** Copied between two breaths of the event loop: about a millisecond, most of it for pages that are new. */
const STEP = 1 << 20;

/** Copies `bytes` to `at`, in steps between which others have their turn. */
export async function copyGently(to: Uint8Array, bytes: Uint8Array, at = 0): Promise<void> {
  for (let from = 0; from < bytes.length; from += STEP) {
    to.set(bytes.subarray(from, from + STEP), at + from);
    await setImmediate();
  }
}

/** Room that every thread can read. */
export function room(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** The same bytes where every thread can read them. */
export async function share(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = room(bytes.length);
  await copyGently(shared, bytes);
  return shared;
}

/** What `concat` gives, in steps. */
export async function joinGently(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    await copyGently(joined, part, at);
    at += part.length;
  }
  return joined;
}

export function rowCountOf(rows: Uint8Array): number {
  if (rows.length === 0 || rows.length % ROW_BYTES !== 0) {
    throw new ZgError("LengthMismatch", { expected: `n × ${ROW_BYTES}`, actual: rows.length });
  }
  return rows.length / ROW_BYTES;
}

export function joinRows(parts: readonly ExtendedRows[]): ExtendedRows {
  return {
    extended: concat(...parts.map((part) => part.extended)),
    cellRoots: concat(...parts.map((part) => part.cellRoots)),
    segmentRoots: concat(...parts.map((part) => part.segmentRoots)),
  };
}
