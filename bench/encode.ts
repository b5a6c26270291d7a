import { createRequire } from "node:module";
import type * as CKzg from "c-kzg";
import { openKzg } from "../adapters/kzg.ts";
import { packBlob } from "../protocol/blob.ts";
import { rowCoefficients } from "../protocol/challenge.ts";
import { combination } from "../protocol/combine.ts";
import { toHex } from "../protocol/hex.ts";
import { ROW_BYTES } from "../protocol/params.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../protocol/tree.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { cpuTime, median, report } from "./measure.ts";

// One core, one row of a 64-row blob in a 68-row batch: commitment and the 128 proofs are shared by its rows.
const BLOB_ROWS = 64;
const BATCH_ROWS = 68;
const PRECOMPUTE = 8;
const kzg = openKzg(PRECOMPUTE);
// The same library with the same setup: EIP-7594 as it is.
const plain = createRequire(import.meta.url)("c-kzg") as typeof CKzg;

const rows = packBlob(payloadOf("bench", BLOB_ROWS * 126_976 - 4));
const rowOf = (i: number) => rows.slice(i * ROW_BYTES, (i + 1) * ROW_BYTES);
const parts = { extend: [] as number[], hash: [] as number[], combine: [] as number[] };
const timed = <T>(list: number[], run: () => T): T => {
  const start = cpuTime();
  const result = run();
  list.push(cpuTime() - start);
  return result;
};

const perRow: number[] = [];
for (let i = 0; i < 12; i++) {
  const start = cpuTime();
  plain.computeCellsAndKzgProofs(rowOf(i));
  plain.blobToKzgCommitment(rowOf(i));
  perRow.push(cpuTime() - start);
}

const totals: number[] = [];
let [commit, prove] = [0, 0];
for (let round = 0; round < 3; round++) {
  const start = cpuTime();
  const roots: Uint8Array[] = [];
  for (let i = 0; i < BLOB_ROWS; i++) {
    const extended = timed(parts.extend, () => kzg.extend(rowOf(i)));
    roots.push(timed(parts.hash, () => segmentRootsOf(cellRootsOf(extended))));
  }
  const rho = rowCoefficients(toHex(dataRootOf(Buffer.concat(roots))), BLOB_ROWS);
  const sum = combination(4096);
  for (const [i, coefficient] of rho.entries()) timed(parts.combine, () => sum.add(coefficient, rowOf(i)));
  const q = sum.result();
  const before = cpuTime();
  kzg.commit(q);
  const between = cpuTime();
  kzg.prove(q);
  [commit, prove] = [between - before, cpuTime() - between];
  totals.push((before - start + commit) / BLOB_ROWS + prove / BATCH_ROWS);
}

report(
  "encode",
  "one row, all in (64-row blob in a 68-row batch), on one core at precompute 8",
  { what: "extend, hash, combine; one commitment a blob, 128 proofs a batch", run: () => null },
  { what: "cells, 128 proofs and a commitment for every row (EIP-7594 as is, no tree)", run: () => null },
  { ours: median(totals), peer: median(perRow) },
  {
    extendMs: median(parts.extend).toFixed(2),
    hashMs: median(parts.hash).toFixed(2),
    combineMs: median(parts.combine).toFixed(2),
    commitMs: commit.toFixed(1),
    proveMs: prove.toFixed(1),
  },
);
