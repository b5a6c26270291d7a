import { ZgError } from "./errors.ts";
import { concat, equalBytes, fromHex, type Hex, word } from "./hex.ts";
import { keccak } from "./keccak.ts";
import { CELL_BYTES, CELL_PATH, COLUMNS, FRAME_ROW_BYTES, HASH_BYTES } from "./params.ts";
import { cellPath, cellRootsOf, rootsFromPaths } from "./tree.ts";

/** One row of a column as it travels: the cell and its 7 siblings. */
export interface FrameRow {
  readonly cell: Uint8Array;
  readonly path: Uint8Array;
}

/** cell ‖ siblings of one row of column `column`; a column range is these, row after row. */
export function frameRow(extended: Uint8Array, cellRoots: Uint8Array, column: number): Uint8Array {
  checkColumn(column);
  return concat(extended.subarray(column * CELL_BYTES, (column + 1) * CELL_BYTES), cellPath(cellRoots, column));
}

/** The rows of a column range, without copying. */
export function parseFrame(frame: Uint8Array, rows: number): FrameRow[] {
  if (frame.length !== rows * FRAME_ROW_BYTES) {
    throw new ZgError("LengthMismatch", { expected: rows * FRAME_ROW_BYTES, actual: frame.length });
  }
  return Array.from({ length: rows }, (_, row) => {
    const at = row * FRAME_ROW_BYTES;
    return {
      cell: frame.subarray(at, at + CELL_BYTES),
      path: frame.subarray(at + CELL_BYTES, at + FRAME_ROW_BYTES),
    };
  });
}

/**
 * The cells of a frame whose merkle paths lead to the given segment roots: rows × 2048 bytes. This is all a reader
 * needs; a validator also checks the elements and the column's proof.
 */
export function verifiedCells(column: number, frame: Uint8Array, segmentRoots: Uint8Array): Uint8Array {
  checkColumn(column);
  const rows = segmentRoots.length / HASH_BYTES;
  const cells = new Uint8Array(rows * CELL_BYTES);
  const paths = new Uint8Array(rows * CELL_PATH * HASH_BYTES);
  for (const [row, { cell, path }] of parseFrame(frame, rows).entries()) {
    cells.set(cell, row * CELL_BYTES);
    paths.set(path, row * CELL_PATH * HASH_BYTES);
  }
  const roots = rootsFromPaths(cellRootsOf(cells), column, paths, CELL_PATH);
  if (equalBytes(roots, segmentRoots)) return cells;
  const wrong = roots.findIndex((byte, i) => byte !== segmentRoots[i]);
  throw new ZgError("CellPathMismatch", { column, row: Math.floor(wrong / HASH_BYTES) });
}

/** The first `samples` distinct columns of keccak(signature ‖ i) mod 128: private until the signature is out. */
export function drawColumns(signature: Uint8Array | Hex, samples: number): number[] {
  if (!Number.isInteger(samples) || samples < 0 || samples > COLUMNS) throw new ZgError("BadRequest", { samples });
  const seed = typeof signature === "string" ? fromHex(signature) : signature;
  const drawn = new Set<number>();
  for (let i = 0; drawn.size < samples; i++) {
    drawn.add((keccak(concat(seed, word(i)))[HASH_BYTES - 1] as number) % COLUMNS);
  }
  return [...drawn];
}

export function checkColumn(column: number): void {
  if (!Number.isInteger(column) || column < 0 || column >= COLUMNS) throw new ZgError("BadRequest", { column });
}
