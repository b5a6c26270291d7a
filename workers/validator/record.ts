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

/** As `BatchConfirmed` names it: what audits are drawn from. `absent` in decimal: slot i did not sign if bit i is set. */
const Certificate = z.object({ seed: hex(32), auditSeed: hex(32), absent: z.string().regex(/^\d+$/) });

/** What is still to be done about a confirmed batch; a reorg of the confirmation opens all of it again. */
const Duties = z.object({ audit: z.boolean(), lottery: z.boolean(), accuse: z.boolean() });
export type Duty = keyof z.infer<typeof Duties>;
const ALL_OPEN = { audit: true, lottery: true, accuse: true };

export const Sampling = z.object({
  batch: ChainBatch,
  /** False once a reorg took the submission back. */
  onChain: z.boolean(),
  confirmed: z.object({ block: count, retainUntil: count, certificate: Certificate, open: Duties }).nullable(),
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

/** @param fields of the event; the duties of a confirmation that is known already stay as they are */
export const onConfirmed = (known: Sampling, confirmed: Omit<NonNullable<Sampling["confirmed"]>, "open">): Sampling =>
  known.confirmed?.block === confirmed.block &&
  known.confirmed.certificate.auditSeed === confirmed.certificate.auditSeed
    ? known
    : { ...known, confirmed: { ...confirmed, open: ALL_OPEN } };

export const onDone = (known: Sampling, duty: Duty, auditSeed: Hex): Sampling =>
  known.confirmed?.certificate.auditSeed === auditSeed && known.confirmed.open[duty]
    ? { ...known, confirmed: { ...known.confirmed, open: { ...known.confirmed.open, [duty]: false } } }
    : known;

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

/** A batch that this validator signed for and that was confirmed: what its duties are about. */
export type Certified = Sampling & {
  readonly outcome: Signed;
  readonly confirmed: NonNullable<Sampling["confirmed"]>;
};
export const isCertified = (record: Sampling | undefined): record is Certified =>
  record?.onChain === true && record.confirmed !== null && record.outcome?.kind === "signed";

/** What the chain's windows leave to be done now. */
export const dutiesOf = (
  record: Sampling | undefined,
  { auditWindow, claimWindow, slashWindow }: Windows,
  { latest, finalized }: { readonly latest: number; readonly finalized: number },
): Duty[] => {
  if (record?.onChain !== true || record.confirmed === null) return [];
  const { block, open } = record.confirmed;
  const answered = block + auditWindow;
  const due = {
    audit: open.audit && isCertified(record) && latest < answered,
    lottery: open.lottery && isCertified(record) && finalized >= block && latest < block + claimWindow,
    accuse: open.accuse && latest > answered && latest < answered + slashWindow,
  };
  return (Object.keys(due) as Duty[]).filter((duty) => due[duty]);
};

/** Blocks; `DASampling.terms`. */
export interface Windows {
  readonly claimWindow: number;
  readonly auditWindow: number;
  readonly slashWindow: number;
}

/** Nobody needs the samples any more: the batch failed for good, or retention and every window are over. */
export const isOver = (record: Sampling, finalized: number, windows: Windows): boolean => {
  if (record.dropped) return false;
  if (record.onChain && record.confirmed !== null) {
    const { block, retainUntil } = record.confirmed;
    return finalized > Math.max(retainUntil, block + Math.max(windows.auditWindow, windows.claimWindow));
  }
  if (record.onChain && record.failed !== null) return finalized >= record.failed.block;
  return finalized > record.batch.deadline;
};
