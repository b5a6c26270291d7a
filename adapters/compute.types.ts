import type { BatchFacts } from "../protocol/batchCheck.ts";
import type { Verdict } from "../protocol/errors.ts";
import type { BlobHeader } from "../protocol/header.ts";
import type { Hex } from "../protocol/hex.ts";
import type { Metadata } from "../protocol/metadata.ts";

/** What the encoder learns of a blob; extended rows are cheap to make again and are not kept. */
export interface EncodedBlob {
  readonly dataRoot: Hex;
  /** rows × 32 bytes */
  readonly segmentRoots: Uint8Array;
  /** rows × 32 bytes: what each row is accompanied by when it is uploaded. */
  readonly redundancyRoots: Uint8Array;
  readonly commitment: Hex;
  /** Q = Σ ρ_i row_i, 131,072 bytes: what the batch's column proofs are made from. */
  readonly q: Uint8Array;
}

/** Roots that rows are held against before they are extended (protocol/upload.ts), n × 32 bytes each. */
export interface Gate {
  readonly segmentRoots: Uint8Array;
  readonly redundancyRoots: Uint8Array;
}

/** As the contracts take it. */
export interface Opening {
  readonly value: Hex;
  /** 48 bytes */
  readonly proof: Hex;
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
 * All CPU work of the project, in one pool of warm threads: the event loop only waits. Buffers handed in stay the
 * caller's, who leaves them as they are until the answer is there. A verdict is an answer; an exception is a fault of the caller or of the machine.
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
  /** The commitment of a row of 131,072 bytes, as a blob with that Q has it. */
  commitBlob(q: Uint8Array): Promise<Hex>;
  /** What a blob's commitment opens to at `position` of its extended rows (protocol/fraud.ts), from its Q. */
  openBlob(q: Uint8Array, position: number): Promise<Opening>;
  /** Once per batch: canonical metadata, valid headers and points, all roots; computes C_P. Cached by content. */
  verifyBatch(metadata: Uint8Array, facts: BatchFacts): Promise<Verdict<{ readonly batch: VerifiedBatch }>>;
  /** A whole column of the batch (one frame row per row of the batch): paths, canonical elements, the column's proof. */
  verifyColumn(
    batch: VerifiedBatch,
    column: number,
    frame: Uint8Array,
  ): Promise<Verdict<{ readonly cells: Uint8Array }>>;
  /**
   * Extends packed rows `firstRow` … of the batch and compares their segment roots. With claimed roots of the redundancy
   * (n × 32 bytes), rows that these and their own hashes already refute are not extended.
   */
  verifyRows(
    batch: VerifiedBatch,
    firstRow: number,
    rows: Uint8Array,
    redundancyRoots?: Uint8Array,
  ): Promise<Verdict<ExtendedRows>>;
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
