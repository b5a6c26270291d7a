import type { Log } from "../../adapters/log.ts";
import type { Outbox, SlotView } from "../../adapters/outbox.ts";

export interface Sending {
  readonly outbox: Outbox;
  /** Someone must plan again: a slot ended without its effect. */
  readonly replan: (slot: SlotView) => Promise<void>;
  /** A transaction is in a block, or has ended. */
  readonly onMoved: (slot: SlotView) => void;
  readonly log: Log;
}

/** One look at every slot that is not final. */
export const sendOnce = async ({ outbox, replan, onMoved, log }: Sending, signal?: AbortSignal): Promise<void> => {
  for (const slot of await outbox.step(signal)) {
    onMoved(slot);
    if (!needsPlan(slot)) continue;
    log.warn({ nonce: slot.nonce, intent: slot.intent.id, result: slot.outcome?.result }, "to be planned again");
    await replan(slot);
  }
};

/** Only what is final counts: before, a reorg may still change the outcome. */
export const needsPlan = ({ state, outcome }: SlotView): boolean => state === "final" && outcome?.result !== "success";
