/** What sampling a batch costs on the wire. */
import type { BatchFacts } from "../../protocol/batchCheck.ts";
import type { Hex } from "../../protocol/hex.ts";
import { FRAME_ROW_BYTES } from "../../protocol/params.ts";
import { metadataBytesOf } from "../chain-batch.ts";

/** Of all that travels besides cells and paths, in hundredths: requests, headers, what a slow node sent in vain. */
const OVERHEAD = 3;
/** Batches that are remembered. */
const KEPT = 32;

/**
 * Bytes that s columns of a batch and its metadata may take: s × (2048 + 224) × rows × 1.03 + metadata. A request and its
 * headers are some 330 bytes: they are within the three percent from five rows on.
 */
export const expectedTraffic = (samples: number, facts: BatchFacts): number =>
  Math.ceil((samples * FRAME_ROW_BYTES * facts.rowCount * (100 + OVERHEAD)) / 100) + metadataBytesOf(facts);

export interface Traffic {
  add(batchId: Hex, bytes: number): void;
  of(batchId: Hex): number;
  /** Of the last batches. */
  all(): Readonly<Record<Hex, number>>;
}

export const createTraffic = (onBytes: (bytes: number) => void): Traffic => {
  const batches = new Map<Hex, number>();
  return {
    add: (batchId, bytes) => {
      onBytes(bytes);
      batches.set(batchId, (batches.get(batchId) ?? 0) + bytes);
      for (const oldest of batches.keys()) if (batches.size > KEPT) batches.delete(oldest);
    },
    of: (batchId) => batches.get(batchId) ?? 0,
    all: () => Object.fromEntries(batches),
  };
};
