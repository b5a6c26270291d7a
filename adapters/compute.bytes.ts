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

/** The same bytes where every thread can read them. */
export function share(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
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
