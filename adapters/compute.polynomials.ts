import { blobCoefficients } from "../protocol/challenge.ts";
import type { Verdict } from "../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../protocol/header.ts";
import { concat } from "../protocol/hex.ts";
import { rowOffsets } from "../protocol/metadata.ts";
import { CHUNK, coefficientOf, ones } from "./compute.bytes.ts";
import type { VerifiedBatch } from "./compute.types.ts";

export type Thread = typeof import("./compute.thread.ts");
export type Out<Name extends keyof Thread> = ReturnType<Thread[Name]>;
export interface Pool {
  readonly threads: number;
  run<Name extends keyof Thread>(name: Name, ...task: Parameters<Thread[Name]>): Promise<Out<Name>>;
}
type ReadRows = (firstRow: number, count: number) => Promise<Uint8Array>;

/**
 * Every commitment of a batch against its rows, and the 128 proofs. One commitment, of P, stands for all: a wrong C_b
 * survives the random combination with probability 1/r (docs/encoding.md 4).
 */
export async function checkPolynomials(pool: Pool, batch: VerifiedBatch, read: ReadRows): Promise<Verdict> {
  const { headers, proofs } = batch.metadata;
  const p = await combineRead(pool, batch, read, 0, headers.length);
  const { committed, badColumn } = await pool.run("polynomial", { p, combined: batch.combined, proofs });
  if (!committed) {
    const index = await culprit(pool, batch, read);
    const blobKey = blobKeyOf(headers[index] as BlobHeader);
    return { ok: false, code: "CommitmentMismatch", fields: { index, blobKey } };
  }
  if (badColumn >= 0) return { ok: false, code: "ColumnProofMismatch", fields: { column: badColumn } };
  return { ok: true };
}

/** A blob whose rows are not what its commitment says, by halving: log2 n commitments instead of n. */
async function culprit(pool: Pool, batch: VerifiedBatch, read: ReadRows): Promise<number> {
  const { headers } = batch.metadata;
  const sigma = blobCoefficients(batch.batchRoot, headers.length);
  let [low, high] = [0, headers.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const claimed = await pool.run("claim", { headers: headers.slice(low, middle), sigma: sigma.slice(low, middle) });
    const actual = await pool.run("commit", { row: await combineRead(pool, batch, read, low, middle) });
    if (actual === claimed) low = middle;
    else high = middle;
  }
  return low;
}

/** Σ σ_b ρ_{b,i} row over the rows of blobs [first, last), read in pieces, as many at a time as there are threads. */
async function combineRead(
  pool: Pool,
  batch: VerifiedBatch,
  read: ReadRows,
  first: number,
  last: number,
): Promise<Uint8Array> {
  const offsets = rowOffsets(batch.metadata.headers);
  const end = offsets[last] as number;
  let next = offsets[first] as number;
  const sums: Uint8Array[] = [];
  const lane = async (): Promise<void> => {
    while (next < end) {
      const from = next;
      const count = Math.min(CHUNK, end - from);
      next += count;
      const coefficients = Array.from({ length: count }, (_, i) => coefficientOf(batch, from + i));
      sums.push(await pool.run("combine", { coefficients, rows: await read(from, count) }));
    }
  };
  await Promise.all(Array.from({ length: pool.threads }, lane));
  return pool.run("combine", { coefficients: ones(sums), rows: concat(...sums) });
}
