/** What `collect` does next, from the votes it has. Pure. */
import { quorum } from "../../protocol/quorum.ts";
import type { Vote } from "../records.ts";

export interface Validator {
  readonly slot: number;
  readonly stake: bigint;
}

export interface Round {
  readonly validators: readonly Validator[];
  readonly totalStake: bigint;
  readonly votes: readonly Vote[];
  readonly graceMs: number;
  readonly now: number;
  /** Blocks in which a confirmation can still be mined. */
  readonly blocksLeft: number;
}

/** Waiting for stragglers ends here: a confirmation must be mined, and perhaps replaced, before the deadline. */
const LAST_BLOCKS = 10;

export type Step =
  /** Ask these slots again. */
  | { readonly kind: "ask"; readonly slots: readonly number[] }
  /** Confirm with the signatures of these slots; the others are absent. */
  | { readonly kind: "confirm"; readonly slots: readonly number[] }
  /** The deadline has passed. */
  | { readonly kind: "stop" };

export const nextStep = (round: Round): Step => {
  if (round.blocksLeft <= 0) return { kind: "stop" };
  const votes = new Map(round.votes.map((vote) => [vote.slot, vote]));
  const signed = round.validators.filter(({ slot }) => votes.get(slot)?.outcome === "signed");
  // A refusal by name is final; a wrong signature, lateness or silence may still turn into a signature.
  const open = round.validators.filter(({ slot }) => !["signed", "refused"].includes(votes.get(slot)?.outcome ?? ""));
  const slots = signed.map(({ slot }) => slot);
  if (quorum(stakeOf(signed), round.totalStake)) {
    const lastSignature = Math.max(...slots.map((slot) => votes.get(slot)?.time ?? 0));
    const waited = round.now - lastSignature >= round.graceMs;
    if (open.length === 0 || waited || round.blocksLeft <= LAST_BLOCKS) return { kind: "confirm", slots };
  }
  return { kind: "ask", slots: open.map(({ slot }) => slot) };
};

const stakeOf = (validators: readonly Validator[]): bigint => validators.reduce((sum, { stake }) => sum + stake, 0n);
