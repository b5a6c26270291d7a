/** A batch of ours that the chain knows better than our outbox does: its events are read again, from its first block. */

import { putJson } from "../../adapters/bucket.ts";
import type { Chain } from "../../adapters/chain.ts";
import { logsIn } from "../../adapters/logs.ts";
import type { Hex } from "../../protocol/hex.ts";
import { keys } from "../records.ts";
import { applyEvents, type WatchDeps } from "./watch.ts";

export interface AdoptDeps {
  readonly chain: Pick<Chain, "addresses" | "logs" | "decode">;
  /** How far the follower has come: it brings what is above by itself, and takes back only what is below. */
  readonly followed: () => number;
  /** Block of its submission. */
  readonly submitBlock: (batchId: Hex) => Promise<number>;
  readonly watching: WatchDeps;
}

export const adoptFromChain = async (deps: AdoptDeps, batchId: Hex): Promise<void> => {
  const { chain, followed, submitBlock, watching } = deps;
  await putJson(watching.bucket, keys.open(batchId), { batchId });
  const [from, to] = [await submitBlock(batchId), followed()];
  const filter = { from, to, addresses: [chain.addresses.DAEntrance], topics: [null, batchId] };
  for await (const { logs } of logsIn(chain, filter)) {
    const events = logs.map((log) => chain.decode(log)).filter((event) => event !== null);
    await applyEvents(watching, events);
  }
};
