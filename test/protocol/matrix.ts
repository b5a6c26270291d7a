import type { Compute } from "../../adapters/compute.ts";
import { rowCoefficients } from "../../protocol/challenge.ts";
import { frameRow } from "../../protocol/column.ts";
import { combination } from "../../protocol/combine.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import { concat, toHex } from "../../protocol/hex.ts";
import { CELL_BYTES, EXTENDED_ROW_BYTES, ROW_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../../protocol/tree.ts";
import { chunks } from "./naive.ts";
import { ACCOUNT, type SampleBlob, saltOf } from "./sample.ts";

/** Extended rows as an attacker may have them: any bytes, under a tree that is honest about them. */
export interface Matrix {
  readonly extended: Uint8Array;
  readonly cellRoots: Uint8Array;
  readonly segmentRoots: Uint8Array;
}

export function matrixOf(extended: Uint8Array): Matrix {
  const cellRoots = cellRootsOf(extended);
  return { extended, cellRoots, segmentRoots: segmentRootsOf(cellRoots) };
}

export function edit(
  extended: Uint8Array,
  row: number,
  column: number,
  change: (cell: Uint8Array) => void,
): Uint8Array {
  const copy = extended.slice();
  const at = row * EXTENDED_ROW_BYTES + column * CELL_BYTES;
  change(copy.subarray(at, at + CELL_BYTES));
  return copy;
}

export function cellAt(extended: Uint8Array, row: number, column: number): Uint8Array {
  const at = row * EXTENDED_ROW_BYTES + column * CELL_BYTES;
  return extended.slice(at, at + CELL_BYTES);
}

/** The data halves of extended rows, which need not belong to them. */
export function dataOf(extended: Uint8Array): Uint8Array {
  return concat(...chunks(extended, EXTENDED_ROW_BYTES).map((row) => row.slice(0, ROW_BYTES)));
}

/** Column j of the matrix as a node would serve it. */
export function frameOf(matrix: Matrix, column: number): Uint8Array {
  const rows = chunks(matrix.extended, EXTENDED_ROW_BYTES);
  const roots = chunks(matrix.cellRoots, 4096);
  return concat(...rows.map((row, i) => frameRow(row, roots[i]!, column)));
}

/** A blob over any matrix, whose commitment is honest about the combination of the data halves. */
export async function corruptBlob(
  compute: Compute,
  seed: string,
  matrix: Matrix,
  length: number,
): Promise<SampleBlob & { readonly matrix: Matrix }> {
  const rows = dataOf(matrix.extended);
  const dataRoot = toHex(dataRootOf(matrix.segmentRoots));
  const count = rows.length / ROW_BYTES;
  const sum = combination(4096);
  for (const [i, rho] of rowCoefficients(dataRoot, count).entries()) {
    sum.add(rho, rows.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES));
  }
  const q = sum.result();
  const { commitment } = await compute.encodeBlob(q);
  const header: BlobHeader = {
    version: 1,
    dataRoot,
    commitment,
    length,
    rows: count,
    account: ACCOUNT,
    salt: saltOf(seed),
  };
  return { payload: new Uint8Array(length), rows, header, segmentRoots: matrix.segmentRoots, q, matrix };
}
