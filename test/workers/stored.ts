/** What of a batch travels in tests; free of mocha and of the compute pool, so that child processes can use it. */
import { HASH_BYTES, ROW_BYTES } from "../../protocol/params.ts";
import { encodeUpload, redundancyRootsOf } from "../../protocol/upload.ts";
import { frameOf, type Matrix } from "../protocol/matrix.ts";
import type { SampleBatch } from "../protocol/sample.ts";

/** A batch with what an honest node would hold of it. */
export interface Stored {
  readonly batch: SampleBatch;
  readonly matrix: Matrix;
}

export const frame = ({ matrix }: Stored, column: number): Uint8Array => frameOf(matrix, column);

/** Data halves of some rows of a batch, and the roots of what a node will add to them, as a batcher sends them. */
export const halves = ({ batch, matrix }: Stored, first: number, count: number): Uint8Array =>
  encodeUpload({
    rows: batch.rows.slice(first * ROW_BYTES, (first + count) * ROW_BYTES),
    redundancyRoots: redundancyRootsOf(matrix.cellRoots).slice(first * HASH_BYTES, (first + count) * HASH_BYTES),
  });

export const allHalves = (stored: Stored): Uint8Array => halves(stored, 0, stored.batch.facts.rowCount);
