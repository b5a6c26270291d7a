/** The outbox slots that still matter, read again only where they can still change. */
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { Outbox, SlotView } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import { keys, SlotFloor } from "../records.ts";
import { batchOf, floorOf, liveBatches } from "./slots.ts";

export interface Slots {
  /** Batches whose blobs belong to no other batch, as of a moment after the call. */
  live(): Promise<Set<Hex>>;
}

export const createSlots = (bucket: ObjectStore, outbox: Pick<Outbox, "slots">): Slots => {
  const closed = new Set<Hex>();
  let floor: number | undefined;
  return {
    live: async () => {
      floor ??= (await getJson(bucket, keys.slotFloor, SlotFloor))?.floor ?? 0;
      const slots: SlotView[] = [];
      for await (const slot of outbox.slots({ from: floor })) slots.push(slot);
      for (const slot of slots) {
        const batchId = batchOf(slot);
        if (slot.state !== "final" || batchId === undefined || closed.has(batchId)) continue;
        if (await bucket.has(keys.closed(batchId))) closed.add(batchId);
      }
      const next = floorOf(slots, closed, floor);
      if (next > floor) {
        floor = next;
        await putJson(bucket, keys.slotFloor, { floor });
      }
      return liveBatches(slots, closed);
    },
  };
};
