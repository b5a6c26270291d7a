import { workerData } from "node:worker_threads";
import { type BatchFacts, checkBatch } from "../protocol/batchCheck.ts";
import { packRows, rowAt, unpackRows } from "../protocol/blob.ts";
import { batchCoefficients, blobCoefficients, rowCoefficients } from "../protocol/challenge.ts";
import { verifiedCells } from "../protocol/column.ts";
import { combination, firstNonCanonical } from "../protocol/combine.ts";
import { type RowDecoder, rowDecoder } from "../protocol/decode.ts";
import { type Verdict, verdictOf, ZgError } from "../protocol/errors.ts";
import type { BlobHeader } from "../protocol/header.ts";
import { bigToBytes, bytesToBig, concat, equalBytes, type Hex, toHex } from "../protocol/hex.ts";
import {
  CELL_BYTES,
  COLUMNS,
  DATA_COLUMNS,
  ELEMENTS_PER_CELL,
  ELEMENTS_PER_ROW,
  HASH_BYTES,
  POINT_BYTES,
  ROW_BYTES,
} from "../protocol/params.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../protocol/tree.ts";
import { firstStrayRow, redundancyRootsOf } from "../protocol/upload.ts";
import type { ColumnPiece, EncodedBlob, ExtendedRows, Gate, Opening, VerifiedBatch } from "./compute.ts";
import { handOver } from "./hand-over.ts";
import { openKzg } from "./kzg.ts";
import { combineCommitments, decodeCommitments } from "./points.ts";

// One thread of the compute pool. The setup is loaded when the thread starts, not when the first job comes.
const kzg = openKzg((workerData as { precompute: number }).precompute);

export const ready = (): boolean => true;

/**
 * Extends and hashes rows; a non-canonical element is refused by name before the library sees it. With a gate, rows that
 * cannot be the recorded ones are refused for a fifth of the price.
 */
export function extend({ rows, gate }: { rows: Uint8Array; gate?: Gate }): Verdict<ExtendedRows> {
  const bad = firstNonCanonical(rows);
  if (bad >= 0) {
    const fields = { row: Math.floor(bad / ELEMENTS_PER_ROW), element: bad % ELEMENTS_PER_ROW };
    return { ok: false, code: "NonCanonicalElement", fields };
  }
  if (gate !== undefined) {
    const row = firstStrayRow(rows, gate.redundancyRoots, gate.segmentRoots);
    if (row >= 0) return { ok: false, code: "SegmentRootMismatch", fields: { row } };
  }
  const extended = kzg.extend(rows);
  const cellRoots = cellRootsOf(extended);
  return handOver({ ok: true, extended, cellRoots, segmentRoots: segmentRootsOf(cellRoots) }, [extended, cellRoots]);
}

/** Roots only: what the encoder needs of a long blob before its challenge, and what uploads are accompanied by. */
export function rootsOf({ rows }: { rows: Uint8Array }): Gate {
  const cellRoots = cellRootsOf(kzg.extend(rows));
  return { segmentRoots: segmentRootsOf(cellRoots), redundancyRoots: redundancyRootsOf(cellRoots) };
}

/** A blob of few rows in one go. */
export function encode({ rows }: { rows: Uint8Array }): EncodedBlob {
  const { segmentRoots, redundancyRoots } = rootsOf({ rows });
  const dataRoot = toHex(dataRootOf(segmentRoots));
  const q = combine({ coefficients: rowCoefficients(dataRoot, rows.length / ROW_BYTES), rows });
  return { dataRoot, segmentRoots, redundancyRoots, commitment: commit({ row: q }), q };
}

/** Σ coefficient_i row_i over rows or other combinations. */
export function combine({ coefficients, rows }: { coefficients: readonly bigint[]; rows: Uint8Array }): Uint8Array {
  if (coefficients.length === 1 && coefficients[0] === 1n) return rows.slice();
  const sum = combination(ELEMENTS_PER_ROW);
  for (const [i, coefficient] of coefficients.entries()) sum.add(coefficient, rowAt(rows, i));
  return sum.result();
}

export function commit({ row }: { row: Uint8Array }): Hex {
  return toHex(kzg.commit(row));
}

export function prove({ row }: { row: Uint8Array }): Uint8Array {
  return kzg.prove(row);
}

export function openAt({ row, point }: { row: Uint8Array; point: Uint8Array }): Opening {
  const { value, proof } = kzg.open(row, point);
  return { value: toHex(value), proof: toHex(proof) };
}

export function openBatch({
  bytes,
  facts,
}: {
  bytes: Uint8Array;
  facts: BatchFacts;
}): Verdict<{ batch: VerifiedBatch }> {
  return verdictOf(() => {
    const metadata = checkBatch(bytes, facts);
    const { headers } = metadata;
    const points = decodeCommitments(headers);
    const combined = combineCommitments(points, blobCoefficients(facts.batchRoot, headers.length));
    const coefficients = concat(...batchCoefficients(headers, facts.batchRoot).map((c) => bigToBytes(c, HASH_BYTES)));
    return { batch: { batchRoot: facts.batchRoot, metadata, combined, coefficients } };
  });
}

/** Σ σ_b C_b over some headers of a batch: the claim that a part of its rows is held against. */
export function claim({ headers, sigma }: { headers: readonly BlobHeader[]; sigma: readonly bigint[] }): Hex {
  return toHex(combineCommitments(decodeCommitments(headers), sigma));
}

export function points({ headers }: { headers: readonly BlobHeader[] }): Verdict {
  return verdictOf(() => ({ count: decodeCommitments(headers).length }));
}

export interface ColumnTask {
  readonly column: number;
  readonly frame: Uint8Array;
  readonly segmentRoots: Uint8Array;
}

export function cells({ column, frame, segmentRoots }: ColumnTask): Verdict<{ cells: Uint8Array }> {
  return verdictOf(() => ({ cells: verifiedCells(column, frame, segmentRoots) }));
}

/** Paths, then elements, then the published proof of the column: in this order a refusal says what is wrong. */
export function column(
  task: ColumnTask & { coefficients: Uint8Array; combined: Uint8Array; proof: Uint8Array },
): Verdict<{ cells: Uint8Array }> {
  return verdictOf(() => {
    const own = verifiedCells(task.column, task.frame, task.segmentRoots);
    const bad = firstNonCanonical(own);
    if (bad >= 0) {
      const row = Math.floor(bad / ELEMENTS_PER_CELL);
      throw new ZgError("NonCanonicalElement", { column: task.column, row, element: bad % ELEMENTS_PER_CELL });
    }
    const y = combination(ELEMENTS_PER_CELL);
    for (let row = 0; row * CELL_BYTES < own.length; row++) {
      const coefficient = bytesToBig(task.coefficients.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES));
      y.add(coefficient, own.subarray(row * CELL_BYTES, (row + 1) * CELL_BYTES));
    }
    if (!kzg.verify([task.combined], [task.column], [y.result()], [task.proof])) {
      throw new ZgError("ColumnProofMismatch", { column: task.column });
    }
    return { cells: own };
  });
}

/** P against C_P and the 128 published proofs. `committed: false` leaves it to the caller to find the blob. */
export function polynomial(task: { p: Uint8Array; combined: Uint8Array; proofs: Uint8Array }): {
  committed: boolean;
  badColumn: number;
} {
  if (!equalBytes(kzg.commit(task.p), task.combined)) return { committed: false, badColumn: -1 };
  const extended = kzg.extend(task.p);
  const hold = (columns: readonly number[]): boolean => {
    const cells = columns.map((j) => extended.subarray(j * CELL_BYTES, (j + 1) * CELL_BYTES));
    const proofs = columns.map((j) => task.proofs.subarray(j * POINT_BYTES, (j + 1) * POINT_BYTES));
    const verdict = verdictOf(() => ({
      valid: kzg.verify(
        columns.map(() => task.combined),
        columns,
        cells,
        proofs,
      ),
    }));
    return verdict.ok && verdict.valid;
  };
  const columns = Array.from({ length: COLUMNS }, (_, j) => j);
  if (hold(columns)) return { committed: true, badColumn: -1 };
  return { committed: true, badColumn: columns.findIndex((j) => !hold([j])) };
}

export interface DecodeTask {
  readonly pieces: readonly ColumnPiece[];
  readonly firstRow: number;
  readonly rows: number;
  readonly length: number;
}

/** Some rows of a blob: decoded, reduced to payload, encoded again. The roots decide, in the caller. */
export function decode(task: DecodeTask): Verdict<{ payload: Uint8Array; segmentRoots: Uint8Array }> {
  const verdict = verdictOf(() => {
    const data = new Uint8Array(task.rows * ROW_BYTES);
    for (let i = 0; i < task.rows; ) i += decodeRun(task, i, data);
    const payload = unpackRows(data, task.firstRow, task.length);
    const { segmentRoots } = rootsOf({ rows: packRows(payload, task.firstRow, task.length) });
    return { payload, segmentRoots };
  });
  return verdict.ok ? handOver(verdict, [verdict.payload]) : verdict;
}

let decoder: RowDecoder | undefined;

/** Decodes the rows from `at` on that are known by the same columns, and returns how many they were. */
function decodeRun(task: DecodeTask, at: number, data: Uint8Array): number {
  const chosen = chooseColumns(task, at);
  const columns = chosen.map((piece) => piece.column);
  let rows = 1;
  while (
    at + rows < task.rows &&
    columns.join() ===
      chooseColumns(task, at + rows)
        .map((p) => p.column)
        .join()
  )
    rows++;
  if (decoder?.columns.join() !== columns.join()) decoder = rowDecoder(columns);
  const known = columns.map((column) => {
    const cells = new Uint8Array(rows * CELL_BYTES);
    for (let i = 0; i < rows; i++) {
      const row = task.firstRow + at + i;
      const piece = task.pieces.find((p) => p.column === column && holds(p, row)) as ColumnPiece;
      const from = (row - piece.firstRow) * CELL_BYTES;
      cells.set(piece.cells.subarray(from, from + CELL_BYTES), i * CELL_BYTES);
    }
    return cells;
  });
  data.set(decoder.decode(known, rows), at * ROW_BYTES);
  return rows;
}

/** 64 columns that hold a row, the systematic half first: with all of it, decoding is copying. */
function chooseColumns(task: DecodeTask, at: number): ColumnPiece[] {
  const row = task.firstRow + at;
  const known = new Map<number, ColumnPiece>();
  for (const piece of task.pieces) if (holds(piece, row)) known.set(piece.column, piece);
  if (known.size < DATA_COLUMNS) throw new ZgError("TooFewCells", { row, known: known.size, needed: DATA_COLUMNS });
  return [...known.values()].sort((a, b) => a.column - b.column).slice(0, DATA_COLUMNS);
}

function holds(piece: ColumnPiece, row: number): boolean {
  return row >= piece.firstRow && row < piece.firstRow + piece.cells.length / CELL_BYTES;
}
