/**
 * A confirmed batch that this node lacks, or some rows of it that its disk forgot, from any peers that have them. What
 * comes is held against the chain's record as an upload is, and goes the way of an upload: intake, staging, settling.
 */
import { each } from "../../../adapters/each.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import { equalBytes, type Hex } from "../../../protocol/hex.ts";
import { EXTENDED_ROW_BYTES, HASH_BYTES, ROW_BYTES } from "../../../protocol/params.ts";
import { holds, segmentInLog } from "../../../protocol/shard.ts";
import { cellRootsOf, segmentRootsOf } from "../../../protocol/tree.ts";
import { encodeUpload, redundancyRootsOf } from "../../../protocol/upload.ts";
import { isRecorded, metadataBytesOf } from "../../chain-batch.ts";
import type { Peers } from "../../peers.ts";
import type { Intake } from "../batches/intake.ts";
import { isKept } from "../batches/prune.ts";
import { closedBecause, type NodeBatch } from "../batches/record.ts";
import type { Shelf } from "../batches/shelf.ts";
import type { LogStore } from "../log/types.ts";
import type { Synced } from "./file.ts";
import { reasonOf } from "./reason.ts";

export interface BatchSyncDeps {
  readonly shelf: Shelf;
  readonly intake: Pick<Intake, "putMetadata" | "putRows" | "stage" | "verified">;
  readonly store: Pick<LogStore, "entry" | "shard">;
  readonly peers: Pick<Peers, "ask">;
  readonly latest: () => number;
  /** Rows on their way at once. */
  readonly hands: number;
  /** A row came from a peer and is durable. */
  readonly onRow: (bytes: number) => void;
}

interface Row {
  readonly bytes: Uint8Array;
  readonly cellRoots: Uint8Array;
}

/** Confirmed, not yet staged, and still to be had: nodes keep a batch up to `retainUntil`. */
export const lacksBatch = (record: NodeBatch, latest: number): boolean =>
  record.confirmed !== null &&
  !record.staged &&
  record.refusal?.final !== true &&
  closedBecause(record, latest) === undefined &&
  latest <= record.confirmed.retainUntil;

/** Rows that the node keeps and that are not here. */
export const lostRows = ({ shelf, store }: Pick<BatchSyncDeps, "shelf" | "store">, record: NodeBatch): number[] => {
  const { batchId, rowCount } = record.batch.facts;
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  return rows.filter((row) => isKept(store, record, row) && !shelf.hasRow(batchId, row));
};

export const syncBatch = async (deps: BatchSyncDeps, batchId: Hex, signal: AbortSignal): Promise<Synced> => {
  const { shelf, intake } = deps;
  let fetched = 0;
  try {
    const record = shelf.find(batchId);
    if (record === undefined || record.confirmed === null) return { fetched, failure: undefined, from: 0 };
    if (!shelf.hasMetadata(batchId)) {
      const bytes = await fetchMetadata(deps, record, signal);
      if (record.staged) await restoreMetadata(shelf, record, bytes);
      else await intake.putMetadata(batchId, bytes);
    }
    const { segmentRoots } = (await intake.verified(record)).metadata;
    let failure: ErrorCode | undefined;
    await each(lostRows(deps, record), deps.hands, signal, async (row, either) => {
      try {
        const found = await fetchRow(deps, record, row, segmentRoots, either);
        if (record.staged) await restoreRow(shelf, record, row, found);
        else await intake.putRows(batchId, row, uploadOf(found));
        fetched += 1;
        deps.onRow(found.bytes.length);
      } catch (error) {
        failure = reasonOf(error, either);
      }
    });
    if (failure === undefined && !record.staged) await intake.stage(batchId);
    return { fetched, failure, from: 0 };
  } catch (error) {
    return { fetched, failure: reasonOf(error, signal), from: 0 };
  }
};

const fetchMetadata = async (deps: BatchSyncDeps, { batch }: NodeBatch, signal: AbortSignal): Promise<Uint8Array> => {
  const { batchId } = batch.facts;
  const bytes = metadataBytesOf(batch.facts);
  return deps.peers.ask(
    {
      ...{ what: `metadata of batch ${batchId}`, about: batchId, bytes },
      ask: async (node, call) => {
        const found = await node.exactly(`/batches/${batchId}/metadata`, bytes, call);
        if (isRecorded(found, batch.facts)) return found;
        throw new ZgError("MetadataRootMismatch", { batchId });
      },
    },
    signal,
  );
};

const fetchRow = async (
  { peers, store }: BatchSyncDeps,
  { batch, confirmed }: NodeBatch,
  row: number,
  segmentRoots: Uint8Array,
  signal: AbortSignal,
): Promise<Row> => {
  const { batchId } = batch.facts;
  const root = segmentRoots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
  const place = confirmed === null ? undefined : store.entry(confirmed.rowsTxSeq);
  return peers.ask(
    {
      ...{ what: `row ${row} of batch ${batchId}`, about: batchId, bytes: EXTENDED_ROW_BYTES },
      ...(place !== undefined && { heldBy: (shard) => holds(shard, segmentInLog(place.start, row)) }),
      ask: async (node, call) => {
        const bytes = await node.exactly(`/batches/${batchId}/rows/${row}`, EXTENDED_ROW_BYTES, call);
        const cellRoots = cellRootsOf(bytes);
        if (equalBytes(segmentRootsOf(cellRoots), root)) return { bytes, cellRoots };
        throw new ZgError("SegmentRootMismatch", { batchId, row });
      },
    },
    signal,
  );
};

const uploadOf = ({ bytes, cellRoots }: Row): Uint8Array =>
  encodeUpload({ rows: bytes.subarray(0, ROW_BYTES), redundancyRoots: redundancyRootsOf(cellRoots) });

/** Of a batch that was staged once: these are the bytes that passed every check then, for they have the same root. */
const restoreRow = async (shelf: Shelf, record: NodeBatch, row: number, { bytes, cellRoots }: Row): Promise<void> => {
  const { batchId } = record.batch.facts;
  await shelf.putRows(batchId, row, bytes, cellRoots, () => mustBeKept(shelf.find(batchId), batchId));
};

const restoreMetadata = async (shelf: Shelf, record: NodeBatch, bytes: Uint8Array): Promise<void> => {
  const { batchId } = record.batch.facts;
  await shelf.update(batchId, (known, tx) => {
    mustBeKept(known, batchId);
    tx.put("metadata", batchId, bytes);
    return known;
  });
};

const mustBeKept = (record: NodeBatch | undefined, batchId: Hex): void => {
  if (record?.staged !== true || record.dropped) throw new ZgError("BatchNotOpen", { batchId });
};
