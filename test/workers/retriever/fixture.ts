import type { Compute } from "../../../adapters/compute.ts";
import { batchRootOf } from "../../../protocol/batch.ts";
import { packBlob } from "../../../protocol/blob.ts";
import { frameRow } from "../../../protocol/column.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { submissionOfBytes, submissionOfRows } from "../../../protocol/flow.ts";
import { type BlobHeader, blobKeyOf } from "../../../protocol/header.ts";
import { concat, type Hex, toHex } from "../../../protocol/hex.ts";
import { encodeMetadata } from "../../../protocol/metadata.ts";
import { COLUMNS, EXTENDED_ROW_BYTES, HASH_BYTES, HEADER_VERSION } from "../../../protocol/params.ts";
import { streamPayload } from "../../../protocol/stream.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../../../protocol/tree.ts";
import type { BatchOnChain, ReadBatch } from "../../../workers/retriever/chain.ts";
import type { Source } from "../../../workers/retriever/source.ts";

const hex = (byte: string, length: number): Hex => `0x${byte.repeat(length)}`;
const SUBMITTER = hex("11", 20);
const STREAM = hex("5e", 32);

/** A batch on a chain of its own, and the rows that honest nodes hold. */
export interface Batch {
  readonly batchId: Hex;
  readonly payloads: readonly Uint8Array[];
  readonly headers: readonly BlobHeader[];
  readonly keys: readonly Hex[];
  readonly metadata: Uint8Array;
  readonly onChain: BatchOnChain;
  /** The column of all rows of the batch. */
  frame(column: number, from?: number, to?: number): Uint8Array;
  /** The column proofs of one blob alone. */
  blobProofs(index: number): Promise<Uint8Array>;
  /** The whole extended row of the batch. */
  row(row: number): Uint8Array;
}

export interface BatchOptions {
  readonly compute: Compute;
  readonly payloads: readonly Uint8Array[];
  readonly batchId?: Hex;
  /** Spoils the extended rows of the batch before the (honest) trees are built over them. */
  readonly spoil?: (extended: Uint8Array) => void;
}

export async function makeBatch({ compute, payloads, spoil, batchId = hex("ba", 32) }: BatchOptions): Promise<Batch> {
  const encoded = await Promise.all(payloads.map((payload) => compute.encodeBlob(packBlob(payload))));
  const rows = payloads.map((payload) => packBlob(payload));
  const { extended } = await compute.extendRows(concat(...rows));
  const spoilt = extended.slice();
  spoil?.(spoilt);
  const cellRoots = cellRootsOf(spoilt);
  const segmentRoots = segmentRootsOf(cellRoots);
  let first = 0;
  const headers = payloads.map((payload, index): BlobHeader => {
    const count = (rows[index] as Uint8Array).length / (EXTENDED_ROW_BYTES / 2);
    const dataRoot = toHex(dataRootOf(segmentRoots.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES)));
    first += count;
    const commitment = encoded[index]?.commitment as Hex;
    const rest = { account: hex("00", 20), salt: hex("00", 32), version: HEADER_VERSION };
    return { ...rest, dataRoot, commitment, length: payload.length, rows: count };
  });
  const keys = headers.map(blobKeyOf);
  const qs = encoded.map(({ q }) => q);
  const proofs = await compute.columnProofs(batchRootOf(headers), qs);
  const metadata = encodeMetadata({ submitter: SUBMITTER, attempt: 0, headers, segmentRoots, proofs });
  const stream = streamPayload(STREAM, batchId, metadata, keys);
  return {
    ...{ batchId, payloads, headers, keys, metadata },
    onChain: {
      status: "Available",
      retainUntil: 1_000,
      head: 10,
      withheld: false,
      corrupt: [],
      facts: {
        batchId,
        streamId: STREAM,
        submitter: SUBMITTER,
        attempt: 0,
        batchRoot: batchRootOf(headers),
        rowsRoot: submissionOfRows(segmentRoots).identity,
        metadataRoot: submissionOfBytes(stream).identity,
        metadataLength: stream.length,
        blobCount: headers.length,
        rowCount: first,
      },
    },
    blobProofs: (index) => compute.blobProofs(qs[index] as Uint8Array),
    row: (row) => spoilt.slice(row * EXTENDED_ROW_BYTES, (row + 1) * EXTENDED_ROW_BYTES),
    frame: (column, from = 0, to = first) =>
      concat(
        ...Array.from({ length: to - from }, (_, i) =>
          frameRow(
            spoilt.subarray((from + i) * EXTENDED_ROW_BYTES, (from + i + 1) * EXTENDED_ROW_BYTES),
            cellRoots.subarray((from + i) * COLUMNS * HASH_BYTES, (from + i + 1) * COLUMNS * HASH_BYTES),
            column,
          ),
        ),
      ),
  };
}

/** A chain that knows these batches. */
export function chainOf(...batches: readonly BatchOnChain[]): ReadBatch {
  return async (batchId) => batches.find(({ facts }) => facts.batchId === batchId) ?? null;
}

export const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(new ZgError("Stopping"));
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });

/** An honest storage node; a test replaces the methods in which its node is not. */
export function honest(name: string, batch: Batch, wrong: Partial<Source> = {}): Source {
  return {
    name,
    kind: "node",
    locate: async (blobKey) => {
      const index = batch.keys.indexOf(blobKey);
      if (index < 0) throw new ZgError("NotFound", { blobKey });
      return { batchId: batch.batchId, index };
    },
    metadata: async () => batch.metadata,
    columns: async () => null,
    column: async (_batchId, column, { from, to }) => batch.frame(column, from, to),
    row: async (_batchId, row) => batch.row(row),
    proofs: async (_batchId, index) => batch.blobProofs(index),
    ...wrong,
  };
}

/** A node that keeps every `of`th row of a batch, as a shard of the log does, and no whole column. */
export function sharded(name: string, batch: Batch, id: number, of: number, wrong: Partial<Source> = {}): Source {
  const has = (row: number): boolean => row % of === id;
  return honest(name, batch, {
    column: async (_batchId, column, { from, to }) => {
      for (let row = from; row < to; row++) if (!has(row)) throw new ZgError("NotInShard", { row });
      return batch.frame(column, from, to);
    },
    row: async (_batchId, row) => {
      if (!has(row)) throw new ZgError("NotInShard", { row });
      return batch.row(row);
    },
    ...wrong,
  });
}

/** A node that answers for some columns only, honestly. */
export function withholding(name: string, batch: Batch, withheld: (column: number) => boolean): Source {
  const node = honest(name, batch);
  return {
    ...node,
    column: async (batchId, column, ...rest) => {
      if (withheld(column)) throw new ZgError("NotFound", { column });
      return node.column(batchId, column, ...rest);
    },
  };
}

/** A validator that serves what it sampled. */
export function validator(name: string, batch: Batch, columns: readonly number[]): Source {
  return {
    ...withholding(name, batch, (column) => !columns.includes(column)),
    kind: "validator",
    columns: async () => columns,
  };
}

export function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}
