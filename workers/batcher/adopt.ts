/** A batch of ours that the chain knows better than our outbox does: its events are read again, from its first block. */

import { putJson } from "../../adapters/bucket.ts";
import type { Chain } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { keys } from "../records.ts";
import { applyEvents, type WatchDeps } from "./watch.ts";

export interface AdoptDeps {
  readonly chain: Pick<Chain, "addresses" | "head" | "logs" | "decode">;
  /** Block of its submission. */
  readonly submitBlock: (batchId: Hex) => Promise<number>;
  readonly watching: WatchDeps;
}

export const adoptFromChain = async ({ chain, submitBlock, watching }: AdoptDeps, batchId: Hex): Promise<void> => {
  await putJson(watching.bucket, keys.open(batchId), { batchId });
  const filter = { from: await submitBlock(batchId), to: await chain.head(), addresses: [chain.addresses.DAEntrance] };
  const logs = await chain.logs({ ...filter, topics: [null, batchId] });
  const events = logs.map((log) => chain.decode(log)).filter((event) => event !== null);
  await applyEvents(watching, events);
};
