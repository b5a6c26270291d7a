/** Batches of which the scanner found something gone. On record, for the next pass may be days away. */
import type { Hex } from "../../../protocol/hex.ts";
import type { Shelf } from "../batches/shelf.ts";

export interface Lost {
  has(batchId: Hex): boolean;
  add(batchId: Hex): Promise<void>;
  forget(batchId: Hex): Promise<void>;
}

const PREFIX = "lost/";
const PRESENT = new Uint8Array([1]);

export const createLost = ({ store }: Pick<Shelf, "store">): Lost => {
  const lost = new Set([...store.table("cursor").keys({ prefix: PREFIX })].map((key) => key.slice(PREFIX.length)));
  return {
    has: (batchId) => lost.has(batchId),
    add: async (batchId) => {
      if (lost.has(batchId)) return;
      lost.add(batchId);
      await store.write((tx) => tx.put("cursor", PREFIX + batchId, PRESENT));
    },
    forget: async (batchId) => {
      if (!lost.delete(batchId)) return;
      await store.write((tx) => tx.delete("cursor", PREFIX + batchId));
    },
  };
};
