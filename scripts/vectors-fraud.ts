import type { Compute, Opening } from "../adapters/compute.ts";
import { batchRootOf, batchTree } from "../protocol/batch.ts";
import { type BlobColumn, findFraud, pointOf, proveCorrupt, proveMalformed, type RowsPart } from "../protocol/fraud.ts";
import type { BlobHeader } from "../protocol/header.ts";
import { bigToBytes, bytesToBig, type Hex, toHex } from "../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, ELEMENTS_PER_CELL, FIELD_ORDER, PAYLOAD_PER_ROW } from "../protocol/params.ts";
import { corruptBlob, edit, frameOf, type Matrix, matrixOf } from "../test/protocol/matrix.ts";
import { encodeRows, sampleBlob } from "../test/protocol/sample.ts";

/** A blob with what an attacker, or an honest node, holds of it. */
interface Held {
  readonly header: BlobHeader;
  readonly q: Uint8Array;
  readonly matrix: Matrix;
}

/** (0, 2) is on the curve and of order 3: no commitment of anything. */
const SMALL_ORDER: Hex = `0x80${"00".repeat(47)}`;
const full = (rows: number) => rows * PAYLOAD_PER_ROW - 4;

/**
 * Honest blobs, corrupt ones and malformed ones in one batch, with the proofs that TypeScript makes of them: for
 * test/contracts/da/DAEntranceFraud.t.sol, and the gas of them for test/contracts/snapshots.
 */
export async function fraudVectors(compute: Compute) {
  const honest = async (seed: string, length: number): Promise<Held> => {
    const blob = await sampleBlob(compute, seed, length);
    return { ...blob, matrix: await compute.extendRows(blob.rows) };
  };
  /** One cell of a good matrix changed, under an honest tree and an honest commitment to the data halves. */
  const changed = async (seed: string, rows: number, at: { row: number; column: number }, change: typeof addOne) => {
    const good = await sampleBlob(compute, seed, full(rows));
    const { extended } = await compute.extendRows(good.rows);
    return corruptBlob(compute, seed, matrixOf(edit(extended, at.row, at.column, change)), full(rows));
  };
  /** Rows that are no packing of a payload, everything else as it should be. */
  const unpacked = async (seed: string, length: number, change: (rows: Uint8Array) => void): Promise<Held> => {
    const { rows, payload } = await sampleBlob(compute, seed, length);
    const other = rows.slice();
    change(other);
    const blob = await encodeRows(compute, seed, other, payload);
    return { ...blob, matrix: await compute.extendRows(other) };
  };
  const one = await honest("fraud: one row", 1000);
  const blobs: Held[] = [
    one,
    await honest("fraud: three rows", full(3)),
    await changed("fraud: one row, redundancy", 1, { row: 0, column: 100 }, addOne),
    await changed("fraud: three rows, redundancy", 3, { row: 2, column: 127 }, addOne),
    await changed("fraud: five rows, data", 5, { row: 4, column: 3 }, addOne),
    await unpacked("fraud: top byte", full(2), (rows) => rows.set([0x11], 131_072 + 32 * 77)),
    await unpacked("fraud: trailer", 5000, (rows) => rows.set([1], rows.length - 1)),
    await unpacked("fraud: padding", 5000, (rows) => rows.set([1], rows.length - 5)),
    await changed("fraud: not canonical", 2, { row: 1, column: 127 }, addOrder),
    { ...one, header: { ...one.header, commitment: SMALL_ORDER } },
    await changed("fraud: sixty-four rows", 64, { row: 63, column: 64 }, addOne),
  ];
  const columnOf = (b: number, column: number): BlobColumn => {
    const { header, matrix } = blobs[b] as Held;
    return { header, column, frames: frameOf(matrix, column) };
  };
  const opened = (b: number, position: number) => compute.openBlob((blobs[b] as Held).q, position);
  const corruptAt = async (b: number, position: number, rowsPerCall?: number) => {
    const parts = proveCorrupt(columnOf(b, Math.floor(position / ELEMENTS_PER_CELL)), position, rowsPerCall);
    return corruptVector(b, position, parts, await opened(b, position));
  };
  /** As whoever has one column, and what the commitment opens to there, finds it. */
  const found = async (b: number, column: number, rowsPerCall?: number) => {
    const { extended } = await compute.extendRows((blobs[b] as Held).q);
    const fraud = findFraud(columnOf(b, column), extended.slice(column * CELL_BYTES, (column + 1) * CELL_BYTES));
    if (fraud?.kind !== "corrupt") throw new Error(`no corrupt column: ${b}`);
    return corruptAt(b, fraud.position, rowsPerCall);
  };
  const malformed = (b: number) => {
    for (let column = 0; column < COLUMNS; column++) {
      const blob = columnOf(b, column);
      const fraud = findFraud(blob);
      if (fraud?.kind !== "malformed") continue;
      return { blob: b, ...proveMalformed(blob, fraud) };
    }
    throw new Error(`not malformed: ${b}`);
  };
  const headers = blobs.map(({ header }) => header);
  const tree = batchTree(headers);
  const positions = [0, 1, 63, 64, 777, 4095, 4096, 5000, 8191];
  return {
    batchRoot: batchRootOf(headers),
    blobCount: headers.length,
    rowCount: headers.reduce((sum, { rows }) => sum + rows, 0),
    blobs: headers.map((header, i) => ({
      ...header,
      commitmentHi: header.commitment.slice(0, 66),
      commitmentLo: `0x${header.commitment.slice(66)}`,
      path: wordsOf(tree.path(i)),
    })),
    points: positions.map((position) => ({ position, point: toHex(bigToBytes(pointOf(position), 32)) })),
    corrupt: [
      await found(2, 100),
      await found(3, 127),
      await found(3, 127, 2),
      await found(4, 64),
      await found(4, 64, 2),
      await found(4, 127, 4),
      await found(10, 64),
    ],
    // Of the last the element is the right one, but for its writing: the rows agree with the commitment, and yet.
    malformed: [5, 6, 7, 8].map(malformed),
    honest: await Promise.all([0, 1].flatMap((b) => positions.map((position) => corruptAt(b, position)))),
    /** Of the blob whose commitment is no point of the group, opened as if it were the honest one's. */
    smallOrder: { ...(await corruptAt(0, 777)), blob: 9 },
  };
}

const wordsOf = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => toHex(bytes.slice(i * 32, (i + 1) * 32)));

/** Rows are flat: eight words of the sector, ten siblings, row after row. */
function corruptVector(blob: number, position: number, parts: readonly RowsPart[], opening: Opening) {
  const flat = parts.map(({ height, rows, path }) => ({
    height,
    rows: rows.flatMap((row) => [...row.sector, ...row.path]),
    path,
  }));
  return { blob, position, parts: flat, opening };
}

/** The sixth element of the cell, by one more: canonical, and another. */
function addOne(cell: Uint8Array): void {
  add(cell, 1n);
}

/** The same element of the field, written with r added. */
function addOrder(cell: Uint8Array): void {
  add(cell, FIELD_ORDER);
}

function add(cell: Uint8Array, by: bigint): void {
  const element = cell.subarray(5 * 32, 6 * 32);
  element.set(bigToBytes(bytesToBig(element.slice()) + by, 32));
}
