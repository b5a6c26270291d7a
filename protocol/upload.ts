/**
 * Rows on their way to a storage node: k data halves, then for each the root of its redundancy half. These 32 bytes are
 * a gate and nothing else: with them a row that is not the recorded one is found out by hashing what was sent, before a
 * node spends an extension on it. What a node keeps it has extended and compared in full, whatever the gate said.
 */
import { ZgError } from "./errors.ts";
import { concat, equalBytes } from "./hex.ts";
import { keccakEach } from "./keccak.ts";
import { CELL_LEVEL, HASH_BYTES, ROW_BYTES, SEGMENT_LEVEL, UPLOAD_ROW_BYTES } from "./params.ts";
import { cellRootsOf } from "./tree.ts";

/** From cells to the two halves that a segment root is the hash of. */
function halfRootsOf(cellRoots: Uint8Array): Uint8Array {
  let nodes = cellRoots;
  for (let level = CELL_LEVEL; level < SEGMENT_LEVEL - 1; level++) nodes = keccakEach(nodes, 2 * HASH_BYTES);
  return nodes;
}

/**
 * Roots over cells 64 to 127 of each row.
 *
 * @param cellRoots n × 128 × 32 bytes
 * @returns n × 32 bytes
 */
export function redundancyRootsOf(cellRoots: Uint8Array): Uint8Array {
  const halves = halfRootsOf(cellRoots);
  const roots = new Uint8Array(halves.length / 2);
  for (let at = 0; at < roots.length; at += HASH_BYTES) {
    roots.set(halves.subarray(2 * at + HASH_BYTES, 2 * at + 2 * HASH_BYTES), at);
  }
  return roots;
}

/**
 * The first row whose data half and claimed redundancy root do not give its segment root; -1: all do.
 *
 * @param rows n × 131,072 bytes
 * @param redundancyRoots n × 32 bytes
 * @param segmentRoots n × 32 bytes
 */
export function firstStrayRow(rows: Uint8Array, redundancyRoots: Uint8Array, segmentRoots: Uint8Array): number {
  const count = rows.length / ROW_BYTES;
  for (const roots of [redundancyRoots, segmentRoots]) {
    if (roots.length !== count * HASH_BYTES) {
      throw new ZgError("LengthMismatch", { expected: count * HASH_BYTES, actual: roots.length });
    }
  }
  const dataRoots = halfRootsOf(cellRootsOf(rows));
  const pairs = new Uint8Array(2 * dataRoots.length);
  for (let at = 0; at < dataRoots.length; at += HASH_BYTES) {
    pairs.set(dataRoots.subarray(at, at + HASH_BYTES), 2 * at);
    pairs.set(redundancyRoots.subarray(at, at + HASH_BYTES), 2 * at + HASH_BYTES);
  }
  const actual = keccakEach(pairs, 2 * HASH_BYTES);
  for (let row = 0; row < count; row++) {
    const [from, to] = [row * HASH_BYTES, (row + 1) * HASH_BYTES];
    if (!equalBytes(actual.subarray(from, to), segmentRoots.subarray(from, to))) return row;
  }
  return -1;
}

export interface UploadedRows {
  /** k × 131,072 bytes */
  readonly rows: Uint8Array;
  /** k × 32 bytes */
  readonly redundancyRoots: Uint8Array;
}

/** The body of one request. */
export function encodeUpload({ rows, redundancyRoots }: UploadedRows): Uint8Array {
  return concat(rows, redundancyRoots);
}

export function decodeUpload(body: Uint8Array): UploadedRows {
  const count = body.length / UPLOAD_ROW_BYTES;
  if (!Number.isInteger(count) || count === 0) {
    throw new ZgError("LengthMismatch", { expected: `n × ${UPLOAD_ROW_BYTES}`, actual: body.length });
  }
  return { rows: body.subarray(0, count * ROW_BYTES), redundancyRoots: body.subarray(count * ROW_BYTES) };
}
