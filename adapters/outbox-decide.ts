/** What is to be done about one slot. Pure: facts in, one action out; adapters/outbox-act.ts carries it out. */
import type { Receipt } from "./chain-shapes.ts";
import { bumped, type Fees } from "./outbox-fees.ts";

export interface SlotFacts {
  readonly nonce: number;
  /** Every transaction signed for the slot, oldest first. */
  readonly txs: readonly {
    readonly hash: string;
    readonly maxFee: bigint;
    readonly tip: bigint;
    readonly filler: boolean;
  }[];
  /** Head when this process last sent the newest of them, and when it first did; undefined: not since the start. */
  readonly sentAt?: number;
  readonly firstSentAt?: number;
  /** Of whichever of them was mined. */
  readonly receipt?: Receipt;
  readonly receiptIsFiller?: boolean;
  /** The account's nonce at the head and at finalized height. */
  readonly minedNonce: number;
  readonly finalNonce: number;
  readonly head: number;
  readonly finalized: number;
  /** Is a lower slot still without a mined transaction? */
  readonly lowerOpen: boolean;
  /** What the chain would pay now; undefined: not known. */
  readonly fees?: Fees;
  /** A trial run of the plan, made only where there is no transaction yet. */
  readonly trial?:
    | { readonly ok: true; readonly gas: bigint }
    | { readonly ok: false; readonly code: string; readonly why: string };
  /** In how many steps in a row the trial was refused. */
  readonly refusals: number;
  /** In how many steps in a row the nonce was final and none of our transactions had a receipt. */
  readonly missing: number;
}

export type SlotAction =
  | { readonly do: "wait"; readonly why: string }
  | { readonly do: "try" }
  | { readonly do: "sign"; readonly gas: bigint; readonly fees: Fees }
  | { readonly do: "fill"; readonly code: string; readonly why: string; readonly fees: Fees }
  | { readonly do: "send" }
  | { readonly do: "replace"; readonly fees: Fees }
  | { readonly do: "mined" | "finish"; readonly result: "success" | "reverted" | "dropped"; readonly receipt: Receipt }
  | { readonly do: "suspect" }
  | { readonly do: "lose" };

/** A node may drop what it was sent; after so many blocks it is sent again, the same bytes. */
export const RESEND_BLOCKS = 4;
/** After so many blocks at the front of the queue a transaction is stuck. */
export const STUCK_BLOCKS = 6;
/** A node behind a balancer may not have our receipt yet: a loss is believed when it was seen so often in a row. */
export const LOSS_STEPS = 3;
/** One refusal may be a node that is behind. */
export const REFUSAL_STEPS = 3;

export const decideSlot = (facts: SlotFacts): SlotAction => {
  const { receipt } = facts;
  if (receipt !== undefined) {
    const ran = receipt.status === 1 ? "success" : "reverted";
    const result = facts.receiptIsFiller === true ? "dropped" : ran;
    return { do: receipt.blockNumber > facts.finalized ? "mined" : "finish", result, receipt };
  }
  if (facts.finalNonce > facts.nonce) return facts.missing >= LOSS_STEPS ? { do: "lose" } : { do: "suspect" };
  if (facts.minedNonce > facts.nonce) return { do: "wait", why: "another transaction has the nonce, not finally" };
  return facts.txs.length === 0 ? first(facts) : again(facts);
};

const first = ({ trial, fees, lowerOpen, refusals }: SlotFacts): SlotAction => {
  if (trial === undefined) return { do: "try" };
  if (fees === undefined) return { do: "wait", why: "fees unknown" };
  if (trial.ok) return { do: "sign", gas: trial.gas, fees };
  // What a lower slot is about to do may be what this one needs.
  if (lowerOpen) return { do: "wait", why: `refused while a lower slot is open: ${trial.code}` };
  if (refusals < REFUSAL_STEPS) return { do: "wait", why: `refused: ${trial.code}` };
  return { do: "fill", code: trial.code, why: trial.why, fees };
};

const again = ({ txs, sentAt, firstSentAt, head, lowerOpen, fees }: SlotFacts): SlotAction => {
  const last = txs.at(-1);
  if (sentAt === undefined || last === undefined) return { do: "send" };
  const stuck = !lowerOpen && firstSentAt !== undefined && head - firstSentAt >= STUCK_BLOCKS;
  if (stuck && fees !== undefined) {
    const next = bumped(last, fees);
    if (next !== undefined) return { do: "replace", fees: next };
  }
  if (head - sentAt >= RESEND_BLOCKS) return { do: "send" };
  return { do: "wait", why: "sent" };
};
