import { openChain } from "../adapters/chain.ts";
import { openClient } from "../adapters/http-client.ts";
import { silentLog } from "../adapters/log.ts";
import type { NetworkJson } from "../adapters/network.ts";
import { normalHex } from "../protocol/hex.ts";
import type { BlobView } from "../workers/disperser/view.ts";
import { type BatchBound, boundOf } from "./lib/batchBound.ts";
import { endOf, follow, view } from "./lib/disperser.ts";
import { createDisplay } from "./lib/display.ts";
import { runningNetwork } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { STAGES, stageOf } from "./lib/stages.ts";
import { certificateRows, statusRows } from "./lib/statusRows.ts";
import { drawTable } from "./lib/table.ts";

interface StatusArguments {
  readonly id: string;
  readonly follow: boolean;
  readonly data?: string;
  readonly json: boolean;
}

export default async function status(given: StatusArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const id = normalHex(given.id, 32);
    const network = await runningNetwork(given.data);
    const client = openClient();
    const interrupt = onInterrupt();
    const { signal } = interrupt;
    const url = network.disperser;
    try {
      let seen: BlobView = await view(client, url, id, signal);
      if (given.follow && seen.status !== "FINALIZED") {
        const parties = { storageNodes: network.storageNodes.length, validators: network.validators.length };
        const lines = STAGES.map((name) => ({ name, text: name }));
        const live = !given.json && process.stdout.isTTY === true;
        const display = createDisplay({ lines, live, say: output.say });
        try {
          const onView = (now: BlobView): void => {
            for (const stage of STAGES) {
              const { done, text } = stageOf(stage, now, parties);
              if (done) display.done(stage, text);
              else display.update(stage, text);
            }
          };
          seen = await follow({ client, url, id, goal: "FINALIZED", signal, onView });
        } catch (error) {
          display.fail();
          throw error;
        } finally {
          await display.end();
        }
      }
      const certificate = await certificateOf(network, seen);
      output.say(drawTable([...statusRows(seen), ...certificateRows(certificate)]));
      // A blob that failed is a fact to report, not a failure of this task, unless someone waited for its success.
      if (seen.status === "FAILED" || seen.status === "INSUFFICIENT_SIGNATURES") output.warn(endOf(seen).message);
      output.result({ ...seen, certificate });
    } finally {
      client.close();
      interrupt.end();
    }
  });
}

/** What its batch's certificate proves; null while it has no batch on chain. */
async function certificateOf(network: NetworkJson, { batchId }: BlobView): Promise<BatchBound | null> {
  if (batchId === undefined) return null;
  const chain = await openChain({ ...network, log: silentLog });
  try {
    return await boundOf(chain, normalHex(batchId, 32));
  } finally {
    await chain.close();
  }
}
