/** Which batches the outbox holds. Pure: the fence between two batchers on one key is read from here. */
import type { SlotView } from "../../adapters/outbox.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";

const SUBMIT = "submit-";
export const submitId = (batchId: Hex): string => `${SUBMIT}${batchId}`;

export const batchOf = (slot: SlotView): Hex | undefined => {
  const { id } = slot.intent;
  const batchId = id.startsWith(SUBMIT) ? id.slice(SUBMIT.length) : undefined;
  return isHex(batchId, 32) ? batchId : undefined;
};

/**
 * A slot's batch lives until it is certain that its transaction did nothing: lost to another transaction, dropped or
 * reverted, and that at finalized height. Until then its blobs belong to no other batch.
 */
export const isLive = ({ state, outcome }: SlotView): boolean =>
  state !== "final" || outcome === undefined || outcome.result === "success";

/** Batches whose blobs belong to no other batch: of a live slot, and not closed. */
export const liveBatches = (slots: readonly SlotView[], closed: ReadonlySet<Hex>): Set<Hex> => {
  const live = new Set<Hex>();
  for (const slot of slots) {
    const batchId = batchOf(slot);
    if (batchId !== undefined && isLive(slot) && !closed.has(batchId)) live.add(batchId);
  }
  return live;
};

/** The first slot that still matters: everything below is final, and of a closed batch or of no batch. */
export const floorOf = (slots: readonly SlotView[], closed: ReadonlySet<Hex>, floor: number): number => {
  const open = slots.find((slot) => {
    const batchId = batchOf(slot);
    return slot.state !== "final" || (batchId !== undefined && isLive(slot) && !closed.has(batchId));
  });
  return open?.nonce ?? (slots.at(-1)?.nonce ?? floor - 1) + 1;
};
