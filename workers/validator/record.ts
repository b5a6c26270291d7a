/**
 * What a validator knows of one batch. A signature is written down before it is given out, one for each (batch, seed);
 * a refusal is written down with its reason. Everything else is progress. Pure.
 */
import { z } from "zod";
import type { ErrorFields } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { ChainBatch, sameContent } from "../chain-batch.ts";

const hex = (bytes: number) => z.custom<Hex>((value) => isHex(value, bytes));
const count = z.int().nonnegative();
const Fields = z.custom<ErrorFields>((value) => typeof value === "object" && value !== null);

/** Why this validator will never sign the batch under this seed. */
export const Refused = z.object({
  kind: z.literal("refused"),
  code: z.string(),
  why: z.string(),
  /** The party whose word or silence it rests on; null: the chain's record and our own checks alone. */
  who: z.string().nullable(),
  fields: Fields,
  time: count,
});
export const Signed = z.object({
  kind: z.literal("signed"),
  signature: hex(256),
  slot: count,
  columns: z.array(count),
  time: count,
});
export const Outcome = z.discriminatedUnion("kind", [Refused, Signed]);
export type Outcome = z.infer<typeof Outcome>;
export type Refused = z.infer<typeof Refused>;
export type Signed = z.infer<typeof Signed>;

export const Sampling = z.object({
  batch: ChainBatch,
  /** False once a reorg took the submission back. */
  onChain: z.boolean(),
  confirmed: z.object({ block: count, retainUntil: count }).nullable(),
  failed: z.object({ block: count }).nullable(),
  /** Of the present seed. */
  outcome: Outcome.nullable(),
  /** Samples were deleted. */
  dropped: z.boolean(),
});
export type Sampling = z.infer<typeof Sampling>;

/**
 * `outcome`: what was decided before under this very seed, if anything: the chain may come back to a block it left.
 * `wipe`: the samples are of another content.
 */
export const onSubmitted = (
  known: Sampling | undefined,
  batch: ChainBatch,
  outcome: Outcome | null,
): { readonly record: Sampling; readonly wipe: boolean } => ({
  record:
    known?.onChain && known.batch.seed === batch.seed
      ? known
      : { batch, onChain: true, confirmed: null, failed: null, outcome, dropped: false },
  wipe: known !== undefined && !sameContent(known.batch, batch),
});

/** Undoes what was read from blocks above `ancestor`; the same object if nothing was. */
export const onReorg = (record: Sampling, ancestor: number): Sampling => {
  let next = record;
  if (record.failed !== null && record.failed.block > ancestor) next = { ...next, failed: null };
  if (record.confirmed !== null && record.confirmed.block > ancestor) next = { ...next, confirmed: null };
  if (record.onChain && record.batch.block > ancestor) next = { ...next, onChain: false };
  return next;
};

/** Still to be sampled: nothing decided, on chain, and a signature could still count. */
export const mustSample = (record: Sampling | undefined): record is Sampling =>
  record?.onChain === true &&
  record.outcome === null &&
  record.confirmed === null &&
  record.failed === null &&
  !record.dropped;

/** A signature after this block counts for nothing. */
export const isLate = (record: Sampling, latest: number): boolean => latest > record.batch.deadline;

/** Nobody needs the samples any more: the batch failed for good, or its retention is over. */
export const isOver = (record: Sampling, finalized: number): boolean => {
  if (record.dropped) return false;
  if (record.onChain && record.confirmed !== null) return finalized > record.confirmed.retainUntil;
  if (record.onChain && record.failed !== null) return finalized >= record.failed.block;
  return finalized > record.batch.deadline;
};
