/** What of a batch travels in tests; free of mocha and of the compute pool, so that child processes can use it. */
import { concat } from "../../protocol/hex.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { frameOf, type Matrix } from "../protocol/matrix.ts";
import type { SampleBatch } from "../protocol/sample.ts";

/** A batch with what an honest node would hold of it. */
export interface Stored {
  readonly batch: SampleBatch;
  readonly matrix: Matrix;
}

export const frame = ({ matrix }: Stored, column: number): Uint8Array => frameOf(matrix, column);

/** Data halves of some rows of a batch, as a batcher sends them. */
export const halves = ({ batch }: Stored, first: number, count: number): Uint8Array =>
  batch.rows.slice(first * ROW_BYTES, (first + count) * ROW_BYTES);

export const allHalves = (stored: Stored): Uint8Array => concat(halves(stored, 0, stored.batch.facts.rowCount));
