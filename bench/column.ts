import { createRequire } from "node:module";
import type * as CKzg from "c-kzg";
import { openCompute } from "../adapters/compute.ts";
import { openKzg } from "../adapters/kzg.ts";
import { frameRow } from "../protocol/column.ts";
import { accepted } from "../protocol/errors.ts";
import { concat } from "../protocol/hex.ts";
import { CELL_BYTES, POINT_BYTES, ROW_BYTES } from "../protocol/params.ts";
import { type SampleBlob, sampleBatch, sampleBlob } from "../test/protocol/sample.ts";
import { compare, cpuTime, report } from "./measure.ts";

// A validator's work: one column of a batch of 256 one-row blobs, paths, elements and proof, once C_P is known.
const ROWS = 256;
const COLUMN = 77;
const compute = await openCompute({ threads: 1 });
const blobs: SampleBlob[] = [];
for (let i = 0; i < ROWS; i++) blobs.push(await sampleBlob(compute, `column ${i}`, 1_000 + i));
const batch = await sampleBatch(compute, blobs);

const opened = cpuTime();
const { batch: verified } = accepted(await compute.verifyBatch(batch.bytes, batch.facts));
const onceMs = cpuTime() - opened;

const frames: Uint8Array[] = [];
const firstCells: Uint8Array[] = [];
for (const { rows } of blobs) {
  const { extended, cellRoots } = await compute.extendRows(rows);
  frames.push(frameRow(extended, cellRoots, COLUMN));
  firstCells.push(extended.slice(COLUMN * CELL_BYTES, (COLUMN + 1) * CELL_BYTES));
}
const frame = concat(...frames);

// The peer has a commitment and a proof per row. Making all of them takes a minute: eight rows, 32 times each, which
// spares it most of its decompressions.
const DISTINCT = 8;
const kzg = openKzg(0);
const plain = createRequire(import.meta.url)("c-kzg") as typeof CKzg;
const own = Array.from({ length: DISTINCT }, (_, i) => {
  const row = (blobs[i] as SampleBlob).rows.slice(0, ROW_BYTES);
  const proof = kzg.prove(row).slice(COLUMN * POINT_BYTES, (COLUMN + 1) * POINT_BYTES);
  return { commitment: kzg.commit(row), proof, cell: firstCells[i] as Uint8Array };
});
const rowsOf = Array.from({ length: ROWS }, (_, i) => own[i % DISTINCT] as (typeof own)[number]);

const ours = {
  what: "256 paths, 16,384 elements, one proof",
  run: async () => accepted(await compute.verifyColumn(verified, COLUMN, frame)),
};
const peer = {
  what: "c-kzg on 256 cells with a proof each, no paths",
  run: () => {
    const columns = rowsOf.map(() => COLUMN);
    const [commitments, cells, proofs] = [
      rowsOf.map(({ commitment }) => commitment),
      rowsOf.map(({ cell }) => cell),
      rowsOf.map(({ proof }) => proof),
    ];
    if (!plain.verifyCellKzgProofBatch(commitments, columns, cells, proofs)) throw new Error("refused its own cells");
  },
};
const times = await compare(ours, peer, 9);
report("column", "one column of a 256-row batch, C_P at hand", ours, peer, times, {
  onceForTheBatchMs: Math.round(onceMs),
});
await compute.close();
