import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { BatchFacts } from "../protocol/batchCheck.ts";
import { blobCoefficients, rowCoefficients } from "../protocol/challenge.ts";
import { checkColumn } from "../protocol/column.ts";
import { firstNonCanonical } from "../protocol/combine.ts";
import { accepted, type Verdict, ZgError } from "../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../protocol/header.ts";
import { bytesToBig, concat, equalBytes, type Hex, toHex } from "../protocol/hex.ts";
import { keccakHex } from "../protocol/keccak.ts";
import { type Metadata, rowOffsets } from "../protocol/metadata.ts";
import { ELEMENTS_PER_ROW, HASH_BYTES, POINT_BYTES, ROW_BYTES } from "../protocol/params.ts";
import { dataRootOf } from "../protocol/tree.ts";

/** What the encoder learns of a blob; extended rows are cheap to make again and are not kept. */
export interface EncodedBlob {
  readonly dataRoot: Hex;
  /** rows × 32 bytes */
  readonly segmentRoots: Uint8Array;
  readonly commitment: Hex;
  /** Q = Σ ρ_i row_i, 131,072 bytes: what the batch's column proofs are made from. */
  readonly q: Uint8Array;
}

export interface ExtendedRows {
  /** n × 262,144 bytes */
  readonly extended: Uint8Array;
  /** n × 128 × 32 bytes */
  readonly cellRoots: Uint8Array;
  /** n × 32 bytes */
  readonly segmentRoots: Uint8Array;
}

/** A batch that passed every once-per-batch check; what column and row checks are made against. */
export interface VerifiedBatch {
  readonly batchRoot: Hex;
  readonly metadata: Metadata;
  /** C_P = Σ σ_b C_b, 48 bytes. */
  readonly combined: Uint8Array;
  /** σ_b ρ_{b,i} of each row of the batch, 32 bytes each. */
  readonly coefficients: Uint8Array;
}

/** Merkle-valid cells of one column: rows `firstRow` … of the blob, 2048 bytes each. */
export interface ColumnPiece {
  readonly column: number;
  readonly firstRow: number;
  readonly cells: Uint8Array;
}

/**
 * All CPU work of the project, in one pool of warm threads: the event loop only waits. Buffers handed in are copied and
 * stay the caller's. A verdict is an answer; an exception is a fault of the caller or of the machine.
 */
export interface Compute {
  /** Extends and hashes packed rows (n × 131,072 bytes); n above 16 is split over the threads. */
  extendRows(rows: Uint8Array): Promise<ExtendedRows>;
  /** Everything the encoder does with packed rows: roots, challenge, combination, one commitment. */
  encodeBlob(rows: Uint8Array): Promise<EncodedBlob>;
  /** The 128 column proofs (6,144 bytes) of a batch from its blobs' Q (131,072 bytes each), in header order. */
  columnProofs(batchRoot: Hex, qs: readonly Uint8Array[]): Promise<Uint8Array>;
  /** The 128 proofs of one blob alone, against its own commitment. */
  blobProofs(q: Uint8Array): Promise<Uint8Array>;
  /** Once per batch: canonical metadata, valid headers and points, all roots; computes C_P. Cached by content. */
  verifyBatch(metadata: Uint8Array, facts: BatchFacts): Promise<Verdict<{ readonly batch: VerifiedBatch }>>;
  /** A whole column of the batch (one frame row per row of the batch): paths, canonical elements, the column's proof. */
  verifyColumn(
    batch: VerifiedBatch,
    column: number,
    frame: Uint8Array,
  ): Promise<Verdict<{ readonly cells: Uint8Array }>>;
  /** Extends packed rows `firstRow` … of the batch and compares their segment roots. */
  verifyRows(batch: VerifiedBatch, firstRow: number, rows: Uint8Array): Promise<Verdict<ExtendedRows>>;
  /**
   * What a node checks before it acknowledges, over all rows of the batch, already verified by `verifyRows`: every
   * commitment against the rows, and the 128 proofs. `read` gives packed rows (the data halves), at most 16 at a time.
   * A refusal of a commitment names the blob: fields {index, blobKey}.
   */
  verifyPolynomials(
    batch: VerifiedBatch,
    read: (firstRow: number, count: number) => Promise<Uint8Array>,
  ): Promise<Verdict>;
  /** Merkle check only, for readers: the cells of a frame against the segment roots of its rows. */
  verifyCells(
    column: number,
    frame: Uint8Array,
    segmentRoots: Uint8Array,
  ): Promise<Verdict<{ readonly cells: Uint8Array }>>;
  /** Header's points: canonical, in the subgroup, not infinity. */
  verifyCommitments(headers: readonly BlobHeader[]): Promise<Verdict>;
  /**
   * The one verdict rule: decode any 64 merkle-valid cells per row, encode the payload again, compare dataRoot.
   * `CorruptEncoding` for everybody or the payload for everybody; `TooFewCells` {row, known} when a row lacks cells.
   */
  decodeBlob(header: BlobHeader, pieces: readonly ColumnPiece[]): Promise<Verdict<{ readonly payload: Uint8Array }>>;
  /** Refuses new work, waits for what runs, stops the threads. */
  close(): Promise<void>;
}

export interface ComputeOptions {
  /** Default 2. */
  readonly threads?: number;
  /** c-kzg's precomputation: 8 where proofs are made (100 MB a thread), 0 for verifiers. Default 0. */
  readonly precompute?: number;
  /** Default true: the threads start, and load, before the first job. False: with the first job, if one ever comes. */
  readonly warm?: boolean;
}

/** Rows of one job: enough to hide the cost of a message, few enough to share a blob between threads. */
const CHUNK = 16;
/** Up to here one thread alone is faster than two with their messages. */
const SMALL = 4;
const CACHED_BATCHES = 16;

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

  const chunksOf = (count: number): { from: number; count: number }[] => {
    const size = Math.min(CHUNK, Math.ceil(count / threads));
    return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
      from: i * size,
      count: Math.min(size, count - i * size),
    }));
  };
  /** Σ coefficient_i row_i over all threads. */
  const combine = async (coefficients: readonly bigint[], rows: Uint8Array): Promise<Uint8Array> => {
    const parts = await Promise.all(
      chunksOf(coefficients.length).map(({ from, count }) =>
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
  /** Σ over the rows of blobs [first, last) of a batch, read in pieces. */
  const combineRead = async (
    batch: VerifiedBatch,
    first: number,
    last: number,
    read: ReadRows,
  ): Promise<Uint8Array> => {
    const offsets = rowOffsets(batch.metadata.headers);
    const start = offsets[first] as number;
    const count = (offsets[last] as number) - start;
    let next = 0;
    const sums: Uint8Array[] = [];
    const lane = async (): Promise<void> => {
      while (next < count) {
        const from = start + next;
        const rows = Math.min(CHUNK, count - next);
        next += rows;
        const coefficients = Array.from({ length: rows }, (_, i) => coefficientOf(batch, from + i));
        sums.push(await run("combine", { coefficients, rows: await read(from, rows) }));
      }
    };
    await Promise.all(Array.from({ length: threads }, lane));
    return run("combine", { coefficients: ones(sums), rows: concat(...sums) });
  };
  /** A blob whose rows are not what its commitment says, by halving: log2 n commitments instead of n. */
  const culprit = async (batch: VerifiedBatch, read: ReadRows): Promise<number> => {
    const { headers } = batch.metadata;
    const sigma = blobCoefficients(batch.batchRoot, headers.length);
    let [low, high] = [0, headers.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const claimed = await run("claim", { headers: headers.slice(low, middle), sigma: sigma.slice(low, middle) });
      const actual = await run("commit", { row: await combineRead(batch, low, middle, read) });
      if (actual === claimed) low = middle;
      else high = middle;
    }
    return low;
  };
  const extendRows = async (rows: Uint8Array): Promise<ExtendedRows> => {
    const count = rowCountOf(rows);
    const parts = await Promise.all(
      chunksOf(count).map((c) => run("extend", { rows: slice(rows, c.from, c.count, ROW_BYTES) })),
    );
    return parts.length === 1 ? (parts[0] as ExtendedRows) : joinRows(parts);
  };
  const batches = new Map<string, VerifiedBatch>();

  // Nobody waits for this but jobs, behind it in the queue; a thread that cannot load says so to them.
  if (options.warm !== false) for (let i = 0; i < threads; i++) run("ready").catch(() => undefined);
  return {
    extendRows,
    async encodeBlob(rows) {
      const count = rowCountOf(rows);
      if (count <= SMALL) return run("encode", { rows });
      const shared = share(rows);
      const roots = await Promise.all(
        chunksOf(count).map((c) => run("rootsOf", { rows: slice(shared, c.from, c.count, ROW_BYTES) })),
      );
      const segmentRoots = concat(...roots);
      const dataRoot = toHex(dataRootOf(segmentRoots));
      const q = await combine(rowCoefficients(dataRoot, count), shared);
      return { dataRoot, segmentRoots, commitment: await run("commit", { row: q }), q };
    },
    async columnProofs(batchRoot, qs) {
      const row = await combine(blobCoefficients(batchRoot, qs.length), concat(...qs));
      return run("prove", { row });
    },
    blobProofs: (q) => run("prove", { row: q }),
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
    async verifyRows({ metadata }, firstRow, rows): Promise<Verdict<ExtendedRows>> {
      const count = rowCountOf(rows);
      const expected = metadata.segmentRoots.subarray(firstRow * HASH_BYTES, (firstRow + count) * HASH_BYTES);
      if (expected.length !== count * HASH_BYTES) {
        return {
          ok: false,
          code: "CountMismatch",
          fields: { firstRow, count, rowCount: metadata.segmentRoots.length / HASH_BYTES },
        };
      }
      const bad = firstNonCanonical(rows);
      if (bad >= 0) {
        const row = firstRow + Math.floor(bad / ELEMENTS_PER_ROW);
        return { ok: false, code: "NonCanonicalElement", fields: { row, element: bad % ELEMENTS_PER_ROW } };
      }
      const made = await extendRows(rows);
      for (let i = 0; i < count; i++) {
        const [from, to] = [i * HASH_BYTES, (i + 1) * HASH_BYTES];
        if (!equalBytes(made.segmentRoots.subarray(from, to), expected.subarray(from, to))) {
          return { ok: false, code: "SegmentRootMismatch", fields: { row: firstRow + i } };
        }
      }
      return { ok: true, ...made };
    },
    async verifyPolynomials(batch, read): Promise<Verdict> {
      const { headers, proofs } = batch.metadata;
      const p = await combineRead(batch, 0, headers.length, read);
      const { committed, badColumn } = await run("polynomial", { p, combined: batch.combined, proofs });
      if (!committed) {
        const index = await culprit(batch, read);
        const blobKey = blobKeyOf(headers[index] as BlobHeader);
        return { ok: false, code: "CommitmentMismatch", fields: { index, blobKey } };
      }
      if (badColumn >= 0) return { ok: false, code: "ColumnProofMismatch", fields: { column: badColumn } };
      return { ok: true };
    },
    verifyCells: (column, frame, segmentRoots) => run("cells", { column, frame, segmentRoots }),
    verifyCommitments: (headers) => run("points", { headers }),
    async decodeBlob(header, pieces) {
      const { length, rows, dataRoot } = header;
      const shared = pieces.map((piece) => ({ ...piece, cells: share(piece.cells) }));
      const parts = await Promise.all(
        chunksOf(rows).map((c) => run("decode", { pieces: shared, firstRow: c.from, rows: c.count, length })),
      );
      const refused = parts.find((part) => !part.ok);
      if (refused !== undefined) return refused;
      const good = parts.map(accepted);
      const actual = toHex(dataRootOf(concat(...good.map((part) => part.segmentRoots))));
      if (actual !== dataRoot) return { ok: false, code: "CorruptEncoding", fields: { dataRoot, actual } };
      return { ok: true, payload: concat(...good.map((part) => part.payload)) };
    },
    async close() {
      closed = true;
      await pool.close();
    },
  };
}

type Thread = typeof import("./compute.thread.ts");
type Out<Name extends keyof Thread> = ReturnType<Thread[Name]>;
type ReadRows = (firstRow: number, count: number) => Promise<Uint8Array>;

function coefficientOf(batch: VerifiedBatch, row: number): bigint {
  return bytesToBig(batch.coefficients.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES));
}

function ones(parts: readonly unknown[]): bigint[] {
  return parts.map(() => 1n);
}

/** A view that a message carries without its neighbours: shared memory as it is, anything else cut out. */
function slice(bytes: Uint8Array, from: number, count: number, unit: number): Uint8Array {
  const [start, end] = [from * unit, (from + count) * unit];
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.subarray(start, end) : bytes.slice(start, end);
}

/** The same bytes where every thread can read them. */
function share(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

function rowCountOf(rows: Uint8Array): number {
  if (rows.length === 0 || rows.length % ROW_BYTES !== 0) {
    throw new ZgError("LengthMismatch", { expected: `n × ${ROW_BYTES}`, actual: rows.length });
  }
  return rows.length / ROW_BYTES;
}

function joinRows(parts: readonly ExtendedRows[]): ExtendedRows {
  return {
    extended: concat(...parts.map((part) => part.extended)),
    cellRoots: concat(...parts.map((part) => part.cellRoots)),
    segmentRoots: concat(...parts.map((part) => part.segmentRoots)),
  };
}
