/** The slots of one key as the bucket has them, with what this process has seen of the chain on top. */

import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import { getJson, type ObjectStore, putJson } from "./bucket.ts";
import {
  type Intent,
  type OutboxKeys,
  type Outcome,
  outcomeSchema,
  planSchema,
  type Signed,
  type SlotState,
  type SlotView,
  signedSchema,
} from "./outbox-record.ts";

export interface Slot {
  readonly nonce: number;
  readonly intent: Intent;
  txs: Signed[];
  state: SlotState;
  /** The state that a step returned last. */
  told: SlotState;
  outcome?: Omit<Outcome, "time">;
  /** Head when the newest bytes were last sent, and first sent, by this process. */
  sentAt?: number;
  firstSentAt?: number;
  refusals: number;
  missing: number;
}

export const viewOf = ({ nonce, intent, txs, state, outcome }: Slot): SlotView => ({
  nonce,
  intent,
  txs: [...txs],
  state,
  outcome,
});

/** Ids are looked for in this many slots below the floor, too: an effect that was just finished is not done again. */
const REMEMBERED = 256;

export class OutboxSlots {
  readonly #bucket: ObjectStore;
  readonly #keys: OutboxKeys;
  readonly #slots = new Map<number, Slot>();
  #floor: number | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(bucket: ObjectStore, keys: OutboxKeys) {
    this.#bucket = bucket;
    this.#keys = keys;
  }

  highest(): number | undefined {
    return this.#slots.size === 0 ? undefined : Math.max(...this.#slots.keys());
  }

  /** Ascending. */
  open(): Slot[] {
    return [...this.#slots.values()].filter(({ state }) => state !== "final").sort((a, b) => a.nonce - b.nonce);
  }

  /** Slots whose state is another one than was told last, by this process's doing or another's. Ascending. */
  untold(): Slot[] {
    return [...this.#slots.values()].filter(({ state, told }) => state !== told).sort((a, b) => a.nonce - b.nonce);
  }

  /** The newest slot with this id. */
  byId(id: string): Slot | undefined {
    return [...this.#slots.values()].filter(({ intent }) => intent.id === id).sort((a, b) => b.nonce - a.nonce)[0];
  }

  /** Takes in what was written since, by this process or another one with the same key. One at a time: a slot is one object. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => undefined).then(() => this.#refresh());
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const isFirst = this.#floor === undefined;
    if (this.#floor === undefined) {
      const hint = await getJson(this.#bucket, this.#keys.floor, z.object({ floor: z.int().nonnegative() }));
      this.#floor = hint?.floor ?? 0;
    }
    const from = this.#slots.size === 0 ? Math.max(this.#floor - REMEMBERED, 0) : (this.highest() ?? 0) + 1;
    for (const slot of this.open()) {
      await this.readTxs(slot);
      await this.#readOutcome(slot);
    }
    for await (const nonce of this.#noncesFrom(from)) {
      const slot = await this.#load(nonce);
      if (slot === undefined) continue;
      // What stood at the start is known to whoever starts; of what was planned since, others may have seen the end already.
      if (isFirst) slot.told = slot.state;
      this.#slots.set(nonce, slot);
    }
  }

  async read(nonce: number): Promise<SlotView | null> {
    const slot = await this.#load(nonce);
    return slot === undefined ? null : viewOf(this.#withSeen(slot));
  }

  async *list(from: number): AsyncIterable<SlotView> {
    for await (const nonce of this.#noncesFrom(from)) {
      const view = await this.read(nonce);
      if (view !== null) yield view;
    }
  }

  async readTxs(slot: Slot): Promise<void> {
    for (let k = slot.txs.length; ; k += 1) {
      const tx = await getJson(this.#bucket, this.#keys.tx(slot.nonce, k), signedSchema);
      if (tx === null) break;
      slot.txs.push(tx);
    }
    if (slot.state === "planned" && slot.txs.length > 0) slot.state = "sent";
  }

  /** Moves the hint below which every slot is final, so that a start need not read all of history. */
  async raiseFloor(): Promise<void> {
    const lowest = this.open()[0]?.nonce ?? (this.highest() ?? -1) + 1;
    if (this.#floor !== undefined && lowest < this.#floor + REMEMBERED) return;
    await putJson(this.#bucket, this.#keys.floor, { floor: lowest });
    this.#floor = lowest;
    for (const [nonce, { state, told }] of this.#slots) {
      if (nonce < lowest - REMEMBERED && told === state) this.#slots.delete(nonce);
    }
  }

  async *#noncesFrom(from: number): AsyncIterable<number> {
    const { root, slot, nonceOf } = this.#keys;
    // The folder's own name sorts before everything in it.
    const after = from === 0 ? undefined : slot(from).slice(0, -1);
    for await (const key of this.#bucket.list(root, { after })) {
      if (key.endsWith("/plan.json")) yield nonceOf(key);
    }
  }

  async #load(nonce: number): Promise<Slot | undefined> {
    const plan = await getJson(this.#bucket, this.#keys.plan(nonce), planSchema);
    if (plan === null) return undefined;
    if (plan.nonce !== nonce) throw new ZgError("CorruptObject", { key: this.#keys.plan(nonce) });
    const slot: Slot = {
      ...{ nonce, intent: plan.intent, txs: [], state: "planned", told: "planned" },
      ...{ refusals: 0, missing: 0 },
    };
    await this.readTxs(slot);
    await this.#readOutcome(slot);
    return slot;
  }

  async #readOutcome(slot: Slot): Promise<void> {
    const outcome = await getJson(this.#bucket, this.#keys.outcome(slot.nonce), outcomeSchema);
    if (outcome === null) return;
    const { time: _, ...rest } = outcome;
    slot.outcome = rest;
    slot.state = "final";
  }

  /** The bucket does not know what is mined but not final; the process that sends does. */
  #withSeen(slot: Slot): Slot {
    const seen = this.#slots.get(slot.nonce);
    if (slot.state === "final" || seen === undefined || seen.state !== "mined") return slot;
    return { ...slot, state: seen.state, outcome: seen.outcome };
  }
}
