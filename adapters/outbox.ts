/**
 * Transactions of one key, written down before they are sent. Slot n is nonce n: whatever happens to processes, only one
 * transaction can be mined at it, and the same signed bytes are sent again after a crash. What is to be done about a slot
 * is decided in outbox-decide.ts (pure) and done in outbox-act.ts.
 */
import type { Wallet } from "ethers";
import type { Hex } from "../protocol/hex.ts";
import { type ObjectStore, putJson, type Stored } from "./bucket.ts";
import type { Chain } from "./chain.ts";
import { crashpoint } from "./crashpoint.ts";
import type { Log } from "./log.ts";
import { slotWorker } from "./outbox-act.ts";
import { FEE_POLICY, type FeePolicy } from "./outbox-fees.ts";
import { type Intent, intentSchema, outboxKeys, type SlotView } from "./outbox-record.ts";
import { OutboxSlots, type Slot, viewOf } from "./outbox-slots.ts";

export type { Intent, Outcome, Signed, SlotState, SlotView } from "./outbox-record.ts";

export interface OutboxOptions {
  readonly bucket: ObjectStore;
  readonly chain: Chain;
  /** Whose nonces these are. Only `step` signs; a planner may give the address alone. */
  readonly wallet: Wallet | Hex;
  readonly log: Log;
  readonly fees?: Partial<FeePolicy>;
}

export interface Outbox {
  readonly address: Hex;
  /** The next free slot. */
  next(): Promise<number>;
  /** "exists": the slot is another plan's; read it and plan for the next one. */
  plan(nonce: number, intent: Intent): Promise<Stored>;
  /** Plans in the next free slot, unless an intent of this id is there already and has not failed for good. */
  enqueue(intent: Intent): Promise<{ nonce: number }>;
  slot(nonce: number): Promise<SlotView | null>;
  /** Ascending; fresh from the bucket. */
  slots(options?: { readonly from?: number }): AsyncIterable<SlotView>;
  /**
   * Does what is to be done about every slot that is not final; returns those whose state changed, also where another
   * process with the key changed it. A failure waits until all that changed before it was returned: it comes again.
   */
  step(signal?: AbortSignal): Promise<SlotView[]>;
}

export const openOutbox = async (options: OutboxOptions): Promise<Outbox> => {
  const { bucket, chain, log } = options;
  const wallet = typeof options.wallet === "string" ? undefined : options.wallet;
  const address = (typeof options.wallet === "string" ? options.wallet : options.wallet.address).toLowerCase() as Hex;
  const policy: FeePolicy = { ...FEE_POLICY, ...options.fees };
  const keys = outboxKeys(address);
  const slots = new OutboxSlots(bucket, keys);
  await slots.refresh();

  const next = async (): Promise<number> => {
    await slots.refresh();
    // Nonces that were used before this outbox, or past it, are nobody's slot.
    return Math.max((slots.highest() ?? -1) + 1, await chain.nonce(address, "latest"));
  };

  const plan = async (nonce: number, intent: Intent): Promise<Stored> => {
    const checked = intentSchema.parse(intent);
    const stored = await putJson(
      bucket,
      keys.plan(nonce),
      { nonce, intent: checked, time: Date.now() },
      { once: true },
    );
    if (stored === "stored") crashpoint("slot-planned");
    return stored;
  };

  const enqueue = async (intent: Intent): Promise<{ nonce: number }> => {
    for (;;) {
      const nonce = await next();
      const known = slots.byId(intent.id);
      if (known !== undefined && !hasFailed(known)) return { nonce: known.nonce };
      if ((await plan(nonce, intent)) === "stored") return { nonce };
    }
  };

  const work = slotWorker({ bucket, chain, wallet, address, policy, keys, slots, log });

  let stepping: Promise<SlotView[]> = Promise.resolve([]);
  const stepOnce = async (signal?: AbortSignal): Promise<SlotView[]> => {
    await slots.refresh();
    try {
      await workAll(signal);
      await slots.raiseFloor();
    } catch (error) {
      if (slots.untold().length === 0) throw error;
    }
    return slots.untold().map((slot) => {
      slot.told = slot.state;
      return viewOf(slot);
    });
  };

  const workAll = async (signal?: AbortSignal): Promise<void> => {
    let lowerOpen = false;
    for (const slot of slots.open()) {
      await work(slot, lowerOpen, signal);
      const isMined = slot.state === "mined" || slot.state === "final";
      lowerOpen ||= !isMined;
      // A transaction that is not even signed stops the line: nothing above it could be mined.
      if (slot.txs.length === 0 && !isMined) break;
    }
  };

  return {
    address,
    next,
    plan,
    enqueue,
    slot: (nonce) => slots.read(nonce),
    slots: (range = {}) => slots.list(range.from ?? 0),
    // One step at a time: two would sign the same slot twice.
    step: (signal) => {
      stepping = stepping.catch(() => []).then(() => stepOnce(signal));
      return stepping;
    },
  };
};

const hasFailed = ({ state, outcome }: Slot): boolean => state === "final" && outcome?.result !== "success";
