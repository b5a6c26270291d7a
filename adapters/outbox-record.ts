/**
 * What the outbox writes down. Slot n is nonce n; each of its objects is created once and never changed:
 *
 *   outbox/<address>/<nonce>/plan.json      what the transaction is to do
 *   outbox/<address>/<nonce>/tx-<k>.json    signed bytes, written before they are sent; k > 0 replace them at a higher fee
 *   outbox/<address>/<nonce>/outcome.json   how it ended, from finalized height
 */
import { z } from "zod";
import { type Hex, isHex } from "../protocol/hex.ts";

const hex = (bytes?: number) => z.custom<Hex>((value) => isHex(value, bytes), "0x-prefixed hex");
/** Integers beyond 2^53 travel as decimal text. */
const decimal = z.string().regex(/^\d+$/);

export const intentSchema = z.object({
  /** Equal ids are one effect: "confirm-0x…". */
  id: z.string().min(1).max(200),
  kind: z.string().min(1).max(40),
  to: hex(20),
  data: hex(),
  /** Wei. */
  value: decimal,
  /** Least gas limit; the estimate with its margin is used where it is higher. */
  gas: decimal.optional(),
});
export type Intent = z.infer<typeof intentSchema>;

export const planSchema = z.object({ nonce: z.int().nonnegative(), intent: intentSchema, time: z.number() });
export type Plan = z.infer<typeof planSchema>;

export const signedSchema = z.object({
  raw: hex(),
  hash: hex(32),
  /** Wei per gas. */
  maxFee: decimal,
  tip: decimal,
  gas: decimal,
  /** Why the slot was filled with nothing instead of the plan; absent for the planned transaction. */
  dropped: z.object({ code: z.string(), why: z.string() }).optional(),
  time: z.number(),
});
export type Signed = z.infer<typeof signedSchema>;

export const outcomeSchema = z.object({
  /**
   * success, reverted: the planned transaction was mined. lost: another one was mined at this nonce. dropped: the chain
   * refused the plan beforehand, so an empty transaction took the nonce. All but success call for a new plan.
   */
  result: z.enum(["success", "reverted", "lost", "dropped"]),
  hash: hex(32).optional(),
  block: z.int().nonnegative().optional(),
  gasUsed: decimal.optional(),
  code: z.string().optional(),
  time: z.number(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export type SlotState = "planned" | "sent" | "mined" | "final";

export interface SlotView {
  readonly nonce: number;
  readonly intent: Intent;
  readonly txs: readonly Signed[];
  /** "mined" is a reading of the chain by the process that sends; "final" is written down. */
  readonly state: SlotState;
  /** Of a mined slot: as the chain stands. */
  readonly outcome?: Omit<Outcome, "time">;
}

const NONCE_DIGITS = 12;

export const outboxKeys = (address: Hex) => {
  const root = `outbox/${address.toLowerCase()}/`;
  const slot = (nonce: number): string => `${root}${String(nonce).padStart(NONCE_DIGITS, "0")}/`;
  return {
    root,
    slot,
    plan: (nonce: number) => `${slot(nonce)}plan.json`,
    tx: (nonce: number, k: number) => `${slot(nonce)}tx-${k}.json`,
    outcome: (nonce: number) => `${slot(nonce)}outcome.json`,
    /** A hint, overwritten: every slot below it is final. */
    floor: `outbox-floor/${address.toLowerCase()}.json`,
    /** The nonce of a slot's key. */
    nonceOf: (key: string): number => Number(key.slice(root.length, root.length + NONCE_DIGITS)),
  };
};
export type OutboxKeys = ReturnType<typeof outboxKeys>;
