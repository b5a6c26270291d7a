/**
 * What a storage node knows of one batch. Its state is computed from facts; each function below is one arrow: what the
 * chain said, what it took back, what was checked. Pure.
 */
import { z } from "zod";
import { ERRORS, type ErrorCode, type ErrorFields } from "../../../protocol/errors.ts";
import { type Hex, isHex } from "../../../protocol/hex.ts";
import { ChainBatch, sameContent } from "../../chain-batch.ts";

const hash = z.custom<Hex>((value) => isHex(value, 32));
const count = z.int().nonnegative();

const Refusal = z.object({
  code: z.custom<ErrorCode>((value) => typeof value === "string" && value in ERRORS),
  fields: z.custom<ErrorFields>((value) => typeof value === "object" && value !== null),
  /** The blob that is to blame, where one is. */
  blobKey: hash.nullable(),
  /** A verdict about what the chain recorded; otherwise only about bytes that somebody sent. */
  final: z.boolean(),
  time: count,
});
export type Refusal = z.infer<typeof Refusal>;

export const NodeBatch = z.object({
  batch: ChainBatch,
  /** False once a reorg took the submission back. */
  onChain: z.boolean(),
  confirmed: z.object({ block: count, rowsTxSeq: count, metadataTxSeq: count, retainUntil: count }).nullable(),
  failed: z.object({ block: count }).nullable(),
  /** All rows and the metadata are here, durable, and passed every check. */
  staged: z.boolean(),
  /** In the log and the KV. */
  settled: z.boolean(),
  /** Rows and metadata were deleted. */
  dropped: z.boolean(),
  refusal: Refusal.nullable(),
});
export type NodeBatch = z.infer<typeof NodeBatch>;

export type State = "unknown" | "submitted" | "refused" | "staged" | "confirmed" | "settled" | "unavailable";

export const stateOf = (record: NodeBatch | undefined): State => {
  if (record === undefined || !record.onChain) return "unknown";
  if (record.settled) return "settled";
  if (record.failed !== null || record.dropped) return "unavailable";
  if (record.refusal?.final === true) return "refused";
  if (record.staged && record.confirmed !== null) return "confirmed";
  return record.staged ? "staged" : "submitted";
};

/** `wipe`: data of another content under the same id is worth nothing. */
export const onSubmitted = (
  known: NodeBatch | undefined,
  batch: ChainBatch,
): { readonly record: NodeBatch; readonly wipe: boolean } => {
  if (known === undefined || !sameContent(known.batch, batch) || known.dropped) {
    const facts = { confirmed: null, failed: null, staged: false, settled: false, dropped: false, refusal: null };
    return { record: { batch, onChain: true, ...facts }, wipe: known !== undefined };
  }
  return { record: { ...known, batch, onChain: true }, wipe: false };
};

export const onConfirmed = (record: NodeBatch, confirmed: NonNullable<NodeBatch["confirmed"]>): NodeBatch => ({
  ...record,
  confirmed,
});

export const onFailed = (record: NodeBatch, block: number): NodeBatch => ({ ...record, failed: { block } });

/** Undoes what was read from blocks above `ancestor`; the same object if nothing was. */
export const onReorg = (record: NodeBatch, ancestor: number): NodeBatch => {
  const above = (seen: { readonly block: number } | null): boolean => seen !== null && seen.block > ancestor;
  let next = record;
  if (above(record.failed)) next = { ...next, failed: null };
  if (above(record.confirmed)) next = { ...next, confirmed: null, settled: false };
  if (record.onChain && above(record.batch)) next = { ...next, onChain: false };
  return next;
};

/** Why no data is taken for the batch; undefined: it is. */
export const closedBecause = (record: NodeBatch | undefined, latest: number): ErrorCode | undefined => {
  if (record === undefined || !record.onChain) return "UnknownBatch";
  if (record.dropped || record.failed !== null) return "BatchNotOpen";
  return record.confirmed === null && latest > record.batch.deadline ? "BatchNotOpen" : undefined;
};

/** Nothing can bring the batch back, or nobody will bring the rest of it: staged data may go. */
export const isOver = (record: NodeBatch, finalized: number): boolean => {
  if (record.dropped) return false;
  if (record.onChain && record.confirmed !== null) return !record.staged && finalized > record.confirmed.retainUntil;
  if (record.failed !== null && record.onChain) return finalized >= record.failed.block;
  return finalized > record.batch.deadline;
};

export const mustSettle = (record: NodeBatch): boolean =>
  record.onChain && record.confirmed !== null && record.staged && !record.settled;

export const mayStage = (record: NodeBatch): boolean =>
  record.onChain && !record.staged && !record.dropped && record.failed === null && record.refusal?.final !== true;
