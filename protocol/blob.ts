import { ZgError } from "./errors.ts";
import {
  ELEMENT_BYTES,
  LENGTH_BYTES,
  MAX_BLOB_BYTES,
  PAYLOAD_PER_ELEMENT,
  PAYLOAD_PER_ROW,
  ROW_BYTES,
} from "./params.ts";

/** The fewest rows that hold `length` payload bytes and the length word. */
export function rowsFor(length: number): number {
  if (!Number.isInteger(length) || length < 1) throw new ZgError("EmptyBlob", { length });
  if (length > MAX_BLOB_BYTES) throw new ZgError("BlobTooLarge", { length, limit: MAX_BLOB_BYTES });
  return Math.ceil((length + LENGTH_BYTES) / PAYLOAD_PER_ROW);
}

/**
 * payload ‖ zeros ‖ length (4 bytes little-endian) as rows of canonical field elements, 31 bytes to an element.
 *
 * @returns rowsFor(payload.length) × 131,072 bytes
 */
export function packBlob(payload: Uint8Array): Uint8Array {
  const rows = rowsFor(payload.length);
  const packed = new Uint8Array(rows * ROW_BYTES);
  for (let from = 0, at = 1; from < payload.length; from += PAYLOAD_PER_ELEMENT, at += ELEMENT_BYTES) {
    packed.set(payload.subarray(from, from + PAYLOAD_PER_ELEMENT), at);
  }
  // The last four payload bytes lie in one element: they are the last four bytes of the last row.
  new DataView(packed.buffer).setUint32(packed.length - LENGTH_BYTES, payload.length, true);
  return packed;
}

/**
 * The first `length` payload bytes of packed rows. Top bytes, padding and the length word are not looked at: whether
 * they are right is decided by one comparison, of the root of `packBlob` of the result (docs/encoding.md 3).
 */
export function unpackBlob(rows: Uint8Array, length: number): Uint8Array {
  const expected = rowsFor(length) * ROW_BYTES;
  if (rows.length !== expected) throw new ZgError("LengthMismatch", { expected, actual: rows.length });
  const payload = new Uint8Array(length);
  for (let to = 0, at = 1; to < length; to += PAYLOAD_PER_ELEMENT, at += ELEMENT_BYTES) {
    payload.set(rows.subarray(at, at + Math.min(PAYLOAD_PER_ELEMENT, length - to)), to);
  }
  return payload;
}

/** Row `index` of packed rows, without copying. */
export function rowAt(rows: Uint8Array, index: number): Uint8Array {
  return rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES);
}
