import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { blobCoefficients, rowCoefficients } from "../protocol/challenge.ts";
import { checkColumn } from "../protocol/column.ts";
import { accepted, type Refusal, type Verdict, ZgError } from "../protocol/errors.ts";
import { pointOf } from "../protocol/fraud.ts";
import { bigToBytes, concat, equalBytes, toHex } from "../protocol/hex.ts";
import { keccakHex } from "../protocol/keccak.ts";
import { CELL_BYTES, ELEMENT_BYTES, HASH_BYTES, POINT_BYTES, ROW_BYTES } from "../protocol/params.ts";
import { dataRootOf } from "../protocol/tree.ts";
import { CHUNK, copyGently, joinGently, joinRows, ones, room, rowCountOf, share, slice } from "./compute.bytes.ts";
import { checkPolynomials, type Out, type Thread } from "./compute.polynomials.ts";
import type { ColumnPiece, Compute, ComputeOptions, ExtendedRows, Gate, VerifiedBatch } from "./compute.types.ts";

export type * from "./compute.types.ts";

/** Up to here one thread alone is faster than two with their messages. */
const SMALL = 4;
const CACHED_BATCHES = 16;
/** Rows of one combination. */
const COMBINED = 64;

export async function openCompute(options: ComputeOptions = {}): Promise<Compute> {
  const threads = options.threads ?? 2;
  const pool = new Piscina({
    filename: fileURLToPath(new URL("./compute.thread.ts", import.meta.url)),
    minThreads: options.warm === false ? 0 : threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: { precompute: options.precompute ?? 0 },
  });
  let closed = false;
  const run = async <Name extends keyof Thread>(name: Name, ...task: Parameters<Thread[Name]>): Promise<Out<Name>> => {
    if (closed) throw new ZgError("Stopping", { job: name });
    return pool.run(task[0], { name });
  };

  const chunksOf = (count: number, most = CHUNK): { from: number; count: number }[] => {
    const size = Math.min(most, Math.ceil(count / threads));
    return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
      from: i * size,
      count: Math.min(size, count - i * size),
    }));
  };
  /** Σ coefficient_i row_i over all threads. Few parts: each ends with reductions that cost as much as six rows. */
  const combine = async (coefficients: readonly bigint[], rows: Uint8Array): Promise<Uint8Array> => {
    const parts = await Promise.all(
      chunksOf(coefficients.length, COMBINED).map(({ from, count }) =>
        run("combine", {
          coefficients: coefficients.slice(from, from + count),
          rows: slice(rows, from, count, ROW_BYTES),
        }),
      ),
    );
    return parts.length === 1
      ? (parts[0] as Uint8Array)
      : run("combine", { coefficients: ones(parts), rows: concat(...parts) });
  };
  const extend = async (rows: Uint8Array, gate?: Gate): Promise<Verdict<ExtendedRows>> => {
    const gateOf = (from: number, count: number): Gate | undefined =>
      gate && {
        segmentRoots: slice(gate.segmentRoots, from, count, HASH_BYTES),
        redundancyRoots: slice(gate.redundancyRoots, from, count, HASH_BYTES),
      };
    const chunks = chunksOf(rowCountOf(rows));
    const parts = await Promise.all(
      chunks.map(({ from, count }) =>
        run("extend", { rows: slice(rows, from, count, ROW_BYTES), gate: gateOf(from, count) }),
      ),
    );
    const [first] = parts;
    if (parts.length === 1 && first?.ok) return first;
    for (const [i, part] of parts.entries()) {
      if (!part.ok) return atRow(part, (chunks[i] as { from: number }).from);
    }
    return { ok: true, ...joinRows(parts.map(accepted)) };
  };
  /** Shares rows chunk by chunk: the first are worked on while the others are copied. */
  const feed = async <T>(rows: Uint8Array, work: (part: Uint8Array) => Promise<T>) => {
    const own = rows.buffer instanceof SharedArrayBuffer;
    const shared = own ? rows : room(rows.length);
    const jobs: Promise<T>[] = [];
    for (const { from, count } of chunksOf(rowCountOf(rows))) {
      if (!own) await copyGently(shared, rows.subarray(from * ROW_BYTES, (from + count) * ROW_BYTES), from * ROW_BYTES);
      const job = work(slice(shared, from, count, ROW_BYTES));
      // Seen by whoever waits for all of them, and not before.
      job.catch(() => undefined);
      jobs.push(job);
    }
    return { shared, done: Promise.all(jobs) };
  };
  const batches = new Map<string, VerifiedBatch>();

  // Nobody waits for this but jobs, behind it in the queue; a thread that cannot load says so to them.
  if (options.warm !== false) for (let i = 0; i < threads; i++) run("ready").catch(() => undefined);
  return {
    extendRows: async (rows) => accepted(await extend(rows)),
    async encodeBlob(rows) {
      const count = rowCountOf(rows);
      if (count <= SMALL) return run("encode", { rows });
      const { shared, done } = await feed(rows, (part) => run("rootsOf", { rows: part }));
      const roots = await done;
      const segmentRoots = concat(...roots.map((part) => part.segmentRoots));
      const redundancyRoots = concat(...roots.map((part) => part.redundancyRoots));
      const dataRoot = toHex(dataRootOf(segmentRoots));
      const q = await combine(rowCoefficients(dataRoot, count), shared);
      return { dataRoot, segmentRoots, redundancyRoots, commitment: await run("commit", { row: q }), q };
    },
    async columnProofs(batchRoot, qs) {
      const row = await combine(blobCoefficients(batchRoot, qs.length), concat(...qs));
      return run("prove", { row });
    },
    blobProofs: (q) => run("prove", { row: q }),
    commitBlob: (q) => run("commit", { row: q }),
    openBlob: (q, position) => run("openAt", { row: q, point: bigToBytes(pointOf(position), ELEMENT_BYTES) }),
    async verifyBatch(bytes, facts) {
      const key = JSON.stringify([keccakHex(bytes), facts]);
      const known = batches.get(key);
      if (known !== undefined) return { ok: true, batch: known };
      const verdict = await run("openBatch", { bytes, facts });
      if (!verdict.ok) return verdict;
      batches.set(key, verdict.batch);
      for (const oldest of batches.keys()) if (batches.size > CACHED_BATCHES) batches.delete(oldest);
      return verdict;
    },
    verifyColumn: ({ metadata, coefficients, combined }, column, frame) => {
      checkColumn(column);
      const proof = metadata.proofs.slice(column * POINT_BYTES, (column + 1) * POINT_BYTES);
      return run("column", { column, frame, segmentRoots: metadata.segmentRoots, coefficients, combined, proof });
    },
    async verifyRows({ metadata }, firstRow, rows, redundancyRoots): Promise<Verdict<ExtendedRows>> {
      const count = rowCountOf(rows);
      const expected = metadata.segmentRoots.subarray(firstRow * HASH_BYTES, (firstRow + count) * HASH_BYTES);
      if (expected.length !== count * HASH_BYTES) {
        return {
          ok: false,
          code: "CountMismatch",
          fields: { firstRow, count, rowCount: metadata.segmentRoots.length / HASH_BYTES },
        };
      }
      const made = await extend(rows, redundancyRoots && { segmentRoots: expected, redundancyRoots });
      if (!made.ok) return atRow(made, firstRow);
      for (let i = 0; i < count; i++) {
        const [from, to] = [i * HASH_BYTES, (i + 1) * HASH_BYTES];
        if (!equalBytes(made.segmentRoots.subarray(from, to), expected.subarray(from, to))) {
          return { ok: false, code: "SegmentRootMismatch", fields: { row: firstRow + i } };
        }
      }
      return made;
    },
    verifyPolynomials: (batch, read) => checkPolynomials({ run, threads }, batch, read),
    verifyCells: (column, frame, segmentRoots) => run("cells", { column, frame, segmentRoots }),
    verifyCommitments: (headers) => run("points", { headers }),
    async decodeBlob(header, pieces) {
      const { length, rows, dataRoot } = header;
      const shared: ColumnPiece[] = [];
      for (const piece of pieces) shared.push({ ...piece, cells: await share(piece.cells) });
      const within = (from: number, count: number) =>
        shared.filter((p) => p.firstRow < from + count && p.firstRow + p.cells.length / CELL_BYTES > from);
      const parts = await Promise.all(
        chunksOf(rows).map((c) =>
          run("decode", { pieces: within(c.from, c.count), firstRow: c.from, rows: c.count, length }),
        ),
      );
      const refused = parts.find((part) => !part.ok);
      if (refused !== undefined) return refused;
      const good = parts.map(accepted);
      const actual = toHex(dataRootOf(concat(...good.map((part) => part.segmentRoots))));
      if (actual !== dataRoot) return { ok: false, code: "CorruptEncoding", fields: { dataRoot, actual } };
      return { ok: true, payload: await joinGently(good.map((part) => part.payload)) };
    },
    async close() {
      closed = true;
      // Waits for what runs; a machine so busy that this takes half a minute has its threads ended instead.
      await pool.close().catch(() => pool.destroy());
    },
  };
}

/** A refusal of a part, with its row counted from the start of the whole. */
function atRow(refusal: Refusal, from: number): Refusal {
  return { ...refusal, fields: { ...refusal.fields, row: from + Number(refusal.fields.row) } };
}
