import { runningNetwork } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { drawRewards, readRewards } from "./lib/rewardReport.ts";
import { openStorage } from "./lib/storage.ts";

interface RewardsArguments {
  readonly data?: string;
  readonly json: boolean;
}

export default async function rewards(given: RewardsArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    try {
      const report = await readRewards(storage.chain, network.fromBlock, interrupt.signal);
      output.say(drawRewards(report));
      output.result(report);
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}
