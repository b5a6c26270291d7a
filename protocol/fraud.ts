/**
 * What is wrong with a certified blob, found in one of its columns and made into the cheapest proof for the chain. Twin of
 * contracts/libraries/{FraudLib,PointEvaluation}.sol; why these proofs catch every corrupt blob and no other is in
 * docs/encoding.md 6.
 */
import { rowCoefficients } from "./challenge.ts";
import { checkColumn, parseFrame } from "./column.ts";
import { combination } from "./combine.ts";
import { rowDecoder } from "./decode.ts";
import { ZgError } from "./errors.ts";
import type { BlobHeader } from "./header.ts";
import { bytesToBig, concat, type Hex, toHex } from "./hex.ts";
import { keccakEach } from "./keccak.ts";
import {
  CELL_BYTES,
  CELL_LEVEL,
  COLUMNS,
  DATA_COLUMNS,
  ELEMENT_BYTES,
  ELEMENTS_PER_CELL,
  ELEMENTS_PER_ROW,
  FIELD_ORDER,
  HASH_BYTES,
  PAYLOAD_PER_ELEMENT,
  SECTOR_BYTES,
  SECTORS_PER_CELL,
  SECTORS_PER_SEGMENT,
  SEGMENT_LEVEL,
} from "./params.ts";
import { cellRootsOf, dataRootOf, paddedPath, rootFromPath, rowPathLength } from "./tree.ts";

/** Elements of an extended row: where a commitment can be opened. */
export const POSITIONS = COLUMNS * ELEMENTS_PER_CELL; // 8,192
/** A primitive 8192nd root of unity. */
const OMEGA = power(7n, (FIELD_ORDER - 1n) / BigInt(POSITIONS));
/** Rows of 576 bytes that fit, with all else, into the 128 KiB that nodes take in one transaction. */
export const ROWS_PER_CALL = 220;

/** One column of one blob, as validators keep it and nodes serve it: cell ‖ 7 siblings for each of its rows. */
export interface BlobColumn {
  readonly header: BlobHeader;
  readonly column: number;
  /** rows × 2,272 bytes */
  readonly frames: Uint8Array;
}

/** An element that no encoding of a payload of the header's length has. */
export interface Malformed {
  readonly kind: "malformed";
  readonly row: number;
  readonly position: number;
}
/** A position at which the rows do not agree with the commitment. */
export interface Corrupt {
  readonly kind: "corrupt";
  readonly position: number;
}

/**
 * The cheapest thing to prove against a blob in this column, if there is one: a malformed element takes one sector, a
 * disagreement one sector of each row.
 *
 * @param expected what the header's commitment opens to at the column's 64 positions, if that is known
 */
export function findFraud(blob: BlobColumn, expected?: Uint8Array): Malformed | Corrupt | undefined {
  const { header, column } = blob;
  const cells = cellsOf(blob);
  for (const [row, cell] of cells.entries()) {
    for (let i = 0; i < ELEMENTS_PER_CELL; i++) {
      const position = column * ELEMENTS_PER_CELL + i;
      if (isMalformed(elementOf(cell, i), row, position, header)) return { kind: "malformed", row, position };
    }
  }
  if (expected === undefined) return undefined;
  if (expected.length !== CELL_BYTES) {
    throw new ZgError("LengthMismatch", { expected: CELL_BYTES, actual: expected.length });
  }
  const sums = combinedCell(blob);
  for (let i = 0; i < ELEMENTS_PER_CELL; i++) {
    if (elementOf(sums, i) !== elementOf(expected, i)) {
      return { kind: "corrupt", position: column * ELEMENTS_PER_CELL + i };
    }
  }
  return undefined;
}

/** Can the encoding of a payload of the header's length not have `value` there? `position` counts in the extended row. */
export function isMalformed(value: bigint, row: number, position: number, { length, rows }: BlobHeader): boolean {
  if (value >= FIELD_ORDER) return true;
  if (position >= DATA_COLUMNS * ELEMENTS_PER_CELL) return false;
  if (value >> BigInt(8 * PAYLOAD_PER_ELEMENT) !== 0n) return true;
  const index = row * ELEMENTS_PER_ROW + position;
  const start = index * PAYLOAD_PER_ELEMENT;
  const padding = start + PAYLOAD_PER_ELEMENT - Math.max(length, start);
  if (padding <= 0) return false;
  const required = index === rows * ELEMENTS_PER_ROW - 1 ? littleEndian(length) : 0n;
  return (value & ((1n << BigInt(8 * padding)) - 1n)) !== required;
}

/** Where the polynomial of a row is evaluated to give its element at `position`: ω^brp(position), EIP-7594's order. */
export function pointOf(position: number): bigint {
  checkPosition(position);
  let exponent = 0;
  for (let bit = 0; 2 ** bit < POSITIONS; bit++) exponent = 2 * exponent + (Math.floor(position / 2 ** bit) % 2);
  return power(OMEGA, BigInt(exponent));
}

/**
 * The polynomial that the header's commitment commits to, as a row of 131,072 bytes: from any 64 columns that agree with
 * it, which of all columns that pass sampling any 64 do. For those who cannot read it from the bucket.
 */
export function committedRow(columns: readonly BlobColumn[]): Uint8Array {
  const ascending = [...columns].sort((a, b) => a.column - b.column);
  return rowDecoder(ascending.map(({ column }) => column)).decode(ascending.map(combinedCell), 1);
}

/** What `DAEntrance.proveMalformed` takes beside the blob's place in the batch. */
export interface MalformedProof {
  readonly sectorIndex: number;
  readonly sector: readonly Hex[];
  readonly element: number;
  readonly path: readonly Hex[];
}

export function proveMalformed(
  blob: BlobColumn,
  { row, position }: Pick<Malformed, "row" | "position">,
): MalformedProof {
  const roots = segmentRootsUnder(blob);
  const { sector, path, index } = sectorOf(blob, row, position);
  return {
    sectorIndex: row * SECTORS_PER_SEGMENT + index,
    sector,
    element: position % (SECTOR_BYTES / ELEMENT_BYTES),
    path: [...path, ...words(paddedPath(roots, SEGMENT_LEVEL, row))],
  };
}

/** Rows for `DAEntrance.sumRows` and `proveCorrupt`. */
export interface RowsPart {
  readonly height: number;
  readonly rows: readonly { readonly sector: readonly Hex[]; readonly path: readonly Hex[] }[];
  readonly path: readonly Hex[];
}

/** All rows of the blob in as many parts as calls are needed: the last is for `proveCorrupt`, those before for `sumRows`. */
export function proveCorrupt(blob: BlobColumn, position: number, rowsPerCall = ROWS_PER_CALL): RowsPart[] {
  const { rows } = blob.header;
  const roots = segmentRootsUnder(blob);
  const depth = rowPathLength(rows);
  let height = depth;
  while (Math.min(2 ** height, rows) > rowsPerCall) height--;
  return Array.from({ length: Math.ceil(rows / 2 ** height) }, (_, part) => {
    const first = part * 2 ** height;
    const count = Math.min(2 ** height, rows - first);
    const shown = Array.from({ length: count }, (_, i) => sectorOf(blob, first + i, position));
    const path = words(paddedPath(roots, SEGMENT_LEVEL, first)).slice(height);
    return { height, rows: shown.map(({ sector, path }) => ({ sector, path })), path };
  });
}

/** The sector that holds an element of a row, with its 10 siblings up to the row: three in the cell, seven in the frame. */
function sectorOf(blob: BlobColumn, row: number, position: number) {
  checkPosition(position);
  if (Math.floor(position / ELEMENTS_PER_CELL) !== blob.column) {
    throw new ZgError("BadRequest", { position, column: blob.column });
  }
  const frame = parseFrame(blob.frames, blob.header.rows)[row];
  if (frame === undefined) throw new ZgError("BadRequest", { row, rows: blob.header.rows });
  const index = Math.floor((position * ELEMENT_BYTES) / SECTOR_BYTES);
  const within = index % SECTORS_PER_CELL;
  const leaves = keccakEach(frame.cell, SECTOR_BYTES);
  return {
    index,
    sector: words(frame.cell.slice(within * SECTOR_BYTES, (within + 1) * SECTOR_BYTES)),
    path: [...words(paddedPath(leaves, 0, within)), ...words(frame.path)],
  };
}

/** Roots of the blob's rows from its column; refuses frames that do not lead to the header's dataRoot. */
function segmentRootsUnder({ header, column, frames }: BlobColumn): Uint8Array {
  checkColumn(column);
  const roots = concat(
    ...parseFrame(frames, header.rows).map(({ cell, path }) =>
      rootFromPath(cellRootsOf(cell), column, path, SEGMENT_LEVEL - CELL_LEVEL),
    ),
  );
  const actual = toHex(dataRootOf(roots));
  if (actual !== header.dataRoot) throw new ZgError("DataRootMismatch", { dataRoot: header.dataRoot, actual });
  return roots;
}

const cellsOf = ({ header, column, frames }: BlobColumn): Uint8Array[] => {
  checkColumn(column);
  return parseFrame(frames, header.rows).map(({ cell }) => cell);
};

/** Σ ρ_i cell_i, 2048 bytes. */
const combinedCell = (blob: BlobColumn): Uint8Array => {
  const sum = combination(ELEMENTS_PER_CELL);
  const rho = rowCoefficients(blob.header.dataRoot, blob.header.rows);
  for (const [row, cell] of cellsOf(blob).entries()) sum.add(rho[row] as bigint, cell);
  return sum.result();
};

const elementOf = (cell: Uint8Array, i: number): bigint =>
  bytesToBig(cell.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES));

const words = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => toHex(bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)));

function littleEndian(length: number): bigint {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytesToBig(bytes);
}

function checkPosition(position: number) {
  if (!Number.isInteger(position) || position < 0 || position >= POSITIONS) {
    throw new ZgError("BadRequest", { position, positions: POSITIONS });
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}
