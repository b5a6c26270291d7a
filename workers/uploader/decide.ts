/** What is to be done about an upload's transaction. Pure: facts in, one action out; submit.ts carries it out. */
import { decideSlot, type SlotAction, type SlotFacts } from "../../adapters/outbox-decide.ts";
import type { Fees } from "../../adapters/outbox-fees.ts";
import type { Hex } from "../../protocol/hex.ts";

export interface IntentFacts {
  /** Files without an entry of this wish. */
  readonly missing: number;
  /** What the chain says of the signed transactions; undefined: none is signed. */
  readonly slot: Omit<SlotFacts, "trial" | "refusals" | "receiptIsFiller"> | undefined;
}

export type IntentAction =
  | { readonly do: "settled" }
  | { readonly do: "sign" }
  | { readonly do: "send" }
  | { readonly do: "replace"; readonly fees: Fees }
  | { readonly do: "wait"; readonly why: string }
  /** The nonce is somebody else's, but the node may be behind: looked at again. */
  | { readonly do: "suspect" }
  /** None of the bytes can be mined any more. */
  | { readonly do: "forget" }
  | { readonly do: "reverted"; readonly hash: Hex };

export const decideIntent = ({ missing, slot }: IntentFacts): IntentAction => {
  // However they came to be there: what is on the chain is not paid for again.
  if (missing === 0) return { do: "settled" };
  if (slot === undefined || slot.txs.length === 0) return { do: "sign" };
  return ofSlot(decideSlot({ ...slot, refusals: 0 }));
};

const ofSlot = (action: SlotAction): IntentAction => {
  switch (action.do) {
    case "send":
    case "suspect":
    case "wait":
    case "replace":
      return action;
    case "lose":
      return { do: "forget" };
    case "mined":
    case "finish":
      if (action.result !== "reverted") return { do: "wait", why: "mined, and its logs are not there yet" };
      // A reorg may run it again, and better: only a final failure makes room for another.
      return action.do === "finish" ? { do: "forget" } : { do: "reverted", hash: action.receipt.transactionHash };
    default:
      return { do: "wait", why: action.do };
  }
};
