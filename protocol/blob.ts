import { ZgError } from "./errors.ts";
import { concat } from "./hex.ts";
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
  return packRows(payload, 0, payload.length);
}

/** `packBlob` of a payload that comes in pieces: what `add` and `end` return, back to back, are the rows. */
export interface Packer {
  /** As many whole elements as there are by now; memory is taken for bytes that came, never for bytes to come. */
  add(piece: Uint8Array): Uint8Array;
  /** The last elements, the padding and the length. */
  end(): Uint8Array;
}

export function createPacker(): Packer {
  let length = 0;
  /** Payload bytes of the element that is not full yet. */
  let rest: Uint8Array = new Uint8Array(0);
  return {
    add(piece) {
      length += piece.length;
      const fill = Math.min(piece.length, PAYLOAD_PER_ELEMENT - rest.length);
      const first = concat(rest, piece.subarray(0, fill));
      if (first.length < PAYLOAD_PER_ELEMENT) {
        rest = first;
        return new Uint8Array(0);
      }
      const whole = Math.floor((piece.length - fill) / PAYLOAD_PER_ELEMENT);
      const used = fill + whole * PAYLOAD_PER_ELEMENT;
      const packed = Buffer.alloc((1 + whole) * ELEMENT_BYTES);
      packed.set(first, 1);
      packElements(piece.subarray(fill, used), packed.subarray(ELEMENT_BYTES));
      rest = piece.slice(used);
      return packed;
    },
    end() {
      const packed = Buffer.alloc(
        rowsFor(length) * ROW_BYTES - Math.floor(length / PAYLOAD_PER_ELEMENT) * ELEMENT_BYTES,
      );
      packed.set(rest, 1);
      packed.writeUInt32LE(length, packed.length - LENGTH_BYTES);
      return packed;
    },
  };
}

/** 31 payload bytes behind the zero byte of each element. */
function packElements(payload: Uint8Array, packed: Buffer): void {
  const source = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  for (let from = 0, at = 1; from < payload.length; from += PAYLOAD_PER_ELEMENT, at += ELEMENT_BYTES) {
    source.copy(packed, at, from, from + PAYLOAD_PER_ELEMENT);
  }
}

/**
 * Some rows of a blob from their part of its payload, so that threads can share a blob.
 *
 * @param part payload bytes from row `firstRow` on, as many as its rows hold
 * @param length payload bytes of the whole blob
 */
export function packRows(part: Uint8Array, firstRow: number, length: number): Uint8Array {
  const last = firstRow * PAYLOAD_PER_ROW + part.length === length;
  const rows = last ? rowsFor(length) - firstRow : part.length / PAYLOAD_PER_ROW;
  const packed = Buffer.alloc(rows * ROW_BYTES);
  packElements(part, packed);
  // The last four payload bytes lie in one element: they are the last four bytes of the last row.
  if (last) packed.writeUInt32LE(length, packed.length - LENGTH_BYTES);
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}

/**
 * The first `length` payload bytes of packed rows. Top bytes, padding and the length word are not looked at: whether
 * they are right is decided by one comparison, of the root of `packBlob` of the result (docs/encoding.md 3).
 */
export function unpackBlob(rows: Uint8Array, length: number): Uint8Array {
  const expected = rowsFor(length) * ROW_BYTES;
  if (rows.length !== expected) throw new ZgError("LengthMismatch", { expected, actual: rows.length });
  return unpackRows(rows, 0, length);
}

/** The payload bytes that some rows of a blob of `length` bytes hold, the first of them being row `firstRow`. */
export function unpackRows(rows: Uint8Array, firstRow: number, length: number): Uint8Array {
  const capacity = (rows.length / ROW_BYTES) * PAYLOAD_PER_ROW;
  const part = new Uint8Array(Math.min(capacity, length - firstRow * PAYLOAD_PER_ROW));
  const source = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  for (let to = 0, at = 1; to < part.length; to += PAYLOAD_PER_ELEMENT, at += ELEMENT_BYTES) {
    source.copy(part, to, at, at + Math.min(PAYLOAD_PER_ELEMENT, part.length - to));
  }
  return part;
}

/** Row `index` of packed rows, without copying. */
export function rowAt(rows: Uint8Array, index: number): Uint8Array {
  return rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES);
}
