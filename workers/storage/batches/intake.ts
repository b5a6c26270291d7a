/**
 * What a node does with bytes that anybody may send: nothing is kept that has not been held against the chain's record,
 * nothing is extended that its hashes refute, and nothing is written because somebody sent rubbish. Metadata first, because every row is checked against it; then rows, extended here; then all of them together.
 */
import type { Compute, VerifiedBatch } from "../../../adapters/compute.ts";
import { crashpoint } from "../../../adapters/crashpoint.ts";
import type { Log } from "../../../adapters/log.ts";
import { type ErrorFields, type Refusal as Unacceptable, ZgError } from "../../../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../../../protocol/header.ts";
import { concat, type Hex } from "../../../protocol/hex.ts";
import { rowOffsets } from "../../../protocol/metadata.ts";
import { MAX_ROWS_PER_UPLOAD, UPLOAD_ROW_BYTES } from "../../../protocol/params.ts";
import { decodeUpload } from "../../../protocol/upload.ts";
import { isRecorded, sameContent } from "../../chain-batch.ts";
import { closedBecause, mayStage, type NodeBatch, type Refusal } from "./record.ts";
import { corruptRow, json, type Shelf, STORED_ROW_BYTES } from "./shelf.ts";

export interface IntakeDeps {
  readonly shelf: Shelf;
  readonly compute: Pick<Compute, "verifyBatch" | "verifyRows" | "verifyPolynomials">;
  readonly latest: () => number;
  /** Bytes of rows without a certificate. */
  readonly stagingLimit: number;
  /** All rows are here: look at the batch as a whole. */
  readonly onComplete: (batchId: Hex) => Promise<unknown>;
  readonly onStaged: (record: NodeBatch) => Promise<unknown>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Intake {
  /** The batch, if data is taken for it now; otherwise throws why not. */
  open(batchId: Hex): NodeBatch;
  putMetadata(batchId: Hex, bytes: Uint8Array): Promise<void>;
  /** @param body rows `first` … as protocol/upload.ts has them, n × 131,104 bytes */
  putRows(batchId: Hex, first: number, body: Uint8Array): Promise<void>;
  /** Resolves when the batch is staged: verified as a whole, durable. Throws `NotStaged` while something is missing. */
  stage(batchId: Hex): Promise<void>;
  /** The verified metadata of a batch that has it. */
  verified(record: NodeBatch): Promise<VerifiedBatch>;
  /** What was last sent for a batch and is not what the chain recorded; kept in memory only. */
  refused(batchId: Hex): Refusal | undefined;
}

/** Batches whose last wrong upload is remembered. */
const MAX_REMEMBERED = 256;
/** Batches whose metadata is held ready for their rows. */
const MAX_OPENED = 16;

export const createIntake = (deps: IntakeDeps): Intake => {
  const { shelf, compute, latest, log } = deps;

  const open = (batchId: Hex): NodeBatch => {
    const record = shelf.find(batchId);
    const closed = closedBecause(record, latest());
    if (record === undefined || closed !== undefined) throw new ZgError(closed ?? "UnknownBatch", { batchId });
    if (record.refusal?.final === true) throw new ZgError(record.refusal.code, record.refusal.fields);
    return record;
  };

  const wrongUploads = new Map<Hex, Refusal>();
  /** Somebody sent something else. Anyone can, at any rate: it costs no write, and says nothing of the batch. */
  const turnAway = (record: NodeBatch, refusal: Omit<Refusal, "time" | "final">): never => {
    const { batchId } = record.batch.facts;
    log.warn({ batchId, ...refusal }, "upload refused");
    wrongUploads.delete(batchId);
    wrongUploads.set(batchId, { ...refusal, final: false, time: deps.now() });
    for (const oldest of wrongUploads.keys()) if (wrongUploads.size > MAX_REMEMBERED) wrongUploads.delete(oldest);
    throw new ZgError(refusal.code, refusal.fields);
  };

  /** What the chain recorded is bad itself. */
  const refuse = async (record: NodeBatch, about: Omit<Refusal, "time" | "final">): Promise<never> => {
    const refusal = { ...about, final: true };
    const { batchId, rowCount } = record.batch.facts;
    log.warn({ batchId, rowCount, ...refusal }, "batch refused");
    await shelf.update(batchId, (known) => {
      // A verdict stands, and so does what was staged. And it is about the content that was looked at, whatever the chain
      // has put under this id in the meantime.
      if (known === undefined || known.refusal?.final === true || known.staged) return known;
      if (!sameContent(known.batch, record.batch)) return known;
      return { ...known, refusal: { ...refusal, time: deps.now() } };
    });
    throw new ZgError(refusal.code, refusal.fields);
  };

  const verified = async (record: NodeBatch): Promise<VerifiedBatch> => {
    const { facts } = record.batch;
    const bytes = shelf.metadata(facts.batchId);
    if (bytes === undefined) throw new ZgError("NotStaged", { batchId: facts.batchId, why: "metadata is missing" });
    const verdict = await compute.verifyBatch(bytes, facts);
    // It passed when it was stored: it is not the batch that is bad now.
    if (!verdict.ok) throw new ZgError("CorruptObject", { batchId: facts.batchId, why: verdict.code });
    return verdict.batch;
  };

  const opened = new Map<Hex, { readonly batch: NodeBatch["batch"]; readonly verified: VerifiedBatch }>();
  /** The same for every piece of a batch that is coming in: its metadata is hashed once, not once for each request. */
  const openedOnce = async (record: NodeBatch): Promise<VerifiedBatch> => {
    const { batchId } = record.batch.facts;
    const known = opened.get(batchId);
    if (known !== undefined && shelf.hasMetadata(batchId) && sameContent(known.batch, record.batch)) {
      return known.verified;
    }
    const batch = await verified(record);
    opened.set(batchId, { batch: record.batch, verified: batch });
    for (const oldest of opened.keys()) if (opened.size > MAX_OPENED) opened.delete(oldest);
    return batch;
  };

  const stageOnce = async (batchId: Hex): Promise<void> => {
    const record = open(batchId);
    if (record.staged) return;
    const { rowCount } = record.batch.facts;
    // Before anything is hashed: asking costs nothing, and anyone may ask.
    const here = shelf.rowCount(batchId);
    if (here < rowCount) throw new ZgError("NotStaged", { batchId, rows: here, rowCount });
    const batch = await verified(record);
    const read = async (first: number, count: number): Promise<Uint8Array> => readHalves(shelf, batchId, first, count);
    const verdict = await compute.verifyPolynomials(batch, read);
    if (!verdict.ok) {
      await recheckRows(batch, batchId, read);
      await refuse(record, { ...refusalOf(verdict), ...blameOf(batch, verdict.fields) });
    }
    let staged: NodeBatch | undefined;
    await shelf.update(batchId, (known) => {
      // What was verified is what the record names now, whatever the chain did in the meantime.
      const same = known !== undefined && mayStage(known) && sameContent(known.batch, record.batch);
      staged = same ? { ...known, staged: true, refusal: null } : known;
      return staged;
    });
    if (staged?.staged !== true) throw new ZgError("BatchNotOpen", { batchId });
    wrongUploads.delete(batchId);
    opened.delete(batchId);
    log.info({ batchId, rowCount }, "staged");
    crashpoint("staged-not-acked");
    await deps.onStaged(staged);
  };

  /** Before rows are blamed on the batch: are they still the rows that were verified? Rotten ones are dropped. */
  const recheckRows = async (
    batch: VerifiedBatch,
    batchId: Hex,
    read: (first: number, count: number) => Promise<Uint8Array>,
  ): Promise<void> => {
    const { rowCount } = (shelf.find(batchId) as NodeBatch).batch.facts;
    for (let first = 0; first < rowCount; first += MAX_ROWS_PER_UPLOAD) {
      const count = Math.min(MAX_ROWS_PER_UPLOAD, rowCount - first);
      const verdict = await compute.verifyRows(batch, first, await read(first, count));
      if (verdict.ok) continue;
      const row = Number(verdict.fields.row ?? first);
      await shelf.dropRows(batchId, [row]);
      throw corruptRow(batchId, row);
    }
  };

  const staging = new Map<Hex, Promise<void>>();
  return {
    open,
    verified,
    putMetadata: async (batchId, bytes) => {
      const record = open(batchId);
      const { facts } = record.batch;
      if (shelf.hasMetadata(batchId)) return;
      if (!isRecorded(bytes, facts)) {
        const fields = {
          batchId,
          metadataRoot: facts.metadataRoot,
          why: "these bytes are not what the chain recorded",
        };
        turnAway(record, { code: "MetadataRootMismatch", fields, blobKey: null });
      }
      const verdict = await compute.verifyBatch(bytes, facts);
      // The very bytes on record fail: whatever else is sent, the batch is bad.
      if (!verdict.ok) return refuse(record, { ...refusalOf(verdict), blobKey: keyIn(verdict.fields) });
      const blobKeys = verdict.batch.metadata.headers.map(blobKeyOf);
      await shelf.update(batchId, (known, tx) => {
        mustBeOpen(known, batchId, latest());
        if (known === undefined || !sameContent(known.batch, record.batch))
          throw new ZgError("UnknownBatch", { batchId });
        tx.put("metadata", batchId, bytes);
        for (const [index, blobKey] of blobKeys.entries()) tx.put("blobs", `${blobKey}/${batchId}`, json({ index }));
        return known;
      });
    },
    putRows: async (batchId, first, body) => {
      const record = open(batchId);
      const count = rowsIn(record, first, body.length);
      const missing = Array.from({ length: count }, (_, i) => first + i).some((row) => !shelf.hasRow(batchId, row));
      if (record.staged || !missing) return;
      const used = shelf.stagedRows() * STORED_ROW_BYTES;
      if (record.confirmed === null && used + count * STORED_ROW_BYTES > deps.stagingLimit) {
        throw new ZgError("StagingFull", { used, limit: deps.stagingLimit });
      }
      const batch = await openedOnce(record);
      const { rows, redundancyRoots } = decodeUpload(body);
      const verdict = await compute.verifyRows(batch, first, rows, redundancyRoots);
      if (!verdict.ok) return turnAway(record, { ...refusalOf(verdict), ...blameOf(batch, verdict.fields) });
      crashpoint("rows-half-received");
      const stillOpen = () => mustBeOpen(shelf.find(batchId), batchId, latest());
      await shelf.putRows(batchId, first, verdict.extended, verdict.cellRoots, stillOpen);
      if (shelf.rowCount(batchId) === record.batch.facts.rowCount) await deps.onComplete(batchId);
    },
    stage: (batchId) => {
      const running = staging.get(batchId) ?? stageOnce(batchId).finally(() => staging.delete(batchId));
      staging.set(batchId, running);
      return running;
    },
    refused: (batchId) => wrongUploads.get(batchId),
  };
};

/** How many rows a body of this length brings; refuses what the batch has no place for, before the body is read. */
export const rowsIn = (record: NodeBatch, first: number, length: number): number => {
  const { batchId, rowCount } = record.batch.facts;
  const count = length / UPLOAD_ROW_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_ROWS_PER_UPLOAD) {
    const expected = `1 to ${MAX_ROWS_PER_UPLOAD} × ${UPLOAD_ROW_BYTES}`;
    throw new ZgError("LengthMismatch", { batchId, expected, actual: Number.isFinite(length) ? length : "unknown" });
  }
  if (first + count > rowCount) throw new ZgError("BadRequest", { batchId, first, count, rowCount });
  return count;
};

/** The data halves of stored rows, back to back. */
export const readHalves = (shelf: Shelf, batchId: Hex, first: number, count: number): Uint8Array =>
  concat(
    ...Array.from({ length: count }, (_, i) => {
      const half = shelf.dataHalf(batchId, first + i);
      if (half === undefined) throw corruptRow(batchId, first + i);
      return half;
    }),
  );

const mustBeOpen = (record: NodeBatch | undefined, batchId: Hex, latest: number): void => {
  const closed = closedBecause(record, latest);
  if (closed !== undefined) throw new ZgError(closed, { batchId });
};

const refusalOf = ({ code, fields }: Unacceptable): Pick<Refusal, "code" | "fields"> => ({ code, fields });

const keyIn = (fields: ErrorFields): Hex | null =>
  typeof fields.blobKey === "string" ? (fields.blobKey as Hex) : null;

/** A refusal of a row names the blob that the row belongs to. */
const blameOf = (
  { metadata: { headers } }: VerifiedBatch,
  fields: ErrorFields,
): { readonly fields: ErrorFields; readonly blobKey: Hex | null } => {
  const known = keyIn(fields);
  if (known !== null || typeof fields.row !== "number") return { fields, blobKey: known };
  const row = fields.row;
  const index = rowOffsets(headers).findLastIndex((offset) => offset <= row);
  const header = headers[index] as BlobHeader | undefined;
  if (header === undefined) return { fields, blobKey: null };
  const blobKey = blobKeyOf(header);
  return { fields: { ...fields, index, blobKey }, blobKey };
};
