import type { Hex } from "../../protocol/hex.ts";
import type { BlobView } from "../../workers/disperser/view.ts";

export const id = (byte: string, length = 32): Hex => `0x${byte.repeat(length)}`;

/** A blob that has gone all the way. */
export function finalizedView(change: Partial<BlobView> = {}): BlobView {
  const batchId = id("ba");
  return {
    requestId: id("01"),
    blobKey: id("02"),
    batchId,
    blobIndex: 1,
    status: "FINALIZED",
    dataRoot: id("03"),
    commitment: id("04", 48),
    length: 5_000,
    rows: 1,
    account: id("00", 20),
    salt: id("00"),
    attempt: 0,
    batchRows: 15,
    batchBlobs: 3,
    stake: { signed: "300", total: "400" },
    retainUntil: 3_700,
    events: [
      { stage: "accepted", time: 1_000 },
      { stage: "encoded", time: 1_200 },
      { stage: "planned", time: 1_300, batchId },
      { stage: "submitted", time: 2_000, batchId, block: 1_234, tx: id("aa"), gas: 190_000 },
      { stage: "stored", time: 2_500, batchId, who: "http://node-0" },
      { stage: "stored", time: 2_600, batchId, who: "http://node-1" },
      { stage: "sampled", time: 2_900, batchId, who: "http://v-0" },
      { stage: "confirmed", time: 4_000, batchId, block: 1_236, tx: id("cc"), gas: 700_000 },
      { stage: "finalized", time: 9_000, batchId, block: 1_236, tx: id("cc") },
    ],
    acks: [
      { node: "0", url: "http://node-0", time: 2_500 },
      { node: "1", url: "http://node-1", time: 2_600 },
    ],
    signatures: [0, 1, 2].map((slot) => ({ slot, socket: `http://v-${slot}`, time: 2_900 })),
    refusals: [{ who: "http://v-3", outcome: "down", time: 3_500 }],
    ...change,
  };
}
