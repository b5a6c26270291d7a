import { createLog } from "../adapters/log.ts";
import { ZgError } from "../protocol/errors.ts";
import { untilEnd } from "../workers/ended.ts";
import { dataFolder, runningNetwork } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { withValidatorPlace } from "./lib/place.ts";
import { timingOf } from "./lib/timing.ts";

interface WorkerArguments {
  readonly name: string;
  readonly id: number;
  readonly data?: string;
  readonly json: boolean;
}

/** Storage nodes, validators, KV nodes and miners are counted; of the disperser's workers each is one, however many processes it has. */
const COUNTED = ["storage", "validator", "kv", "miner"];

export default async function worker(given: WorkerArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const running = await runningNetwork(given.data);
    const isValidator = given.name === "validator";
    const network = isValidator ? await withValidatorPlace(running, dataFolder(given.data), given.id) : running;
    const { openContext } = await import("../devnet/context.ts");
    const { computes, startWorker, workersOf } = await import("../devnet/parties.ts");
    const name = COUNTED.includes(given.name) ? `${given.name}-${given.id}` : given.name;
    const known = workersOf(network);
    if (!known.includes(name)) throw new ZgError("BadConfig", { field: "worker", name, known: known.join(" ") });
    const interrupt = onInterrupt();
    const context = await openContext({
      network,
      timing: timingOf(network, network.validators.length),
      log: createLog({ name }),
      threads: 1,
      warm: computes(name),
    });
    try {
      const started = await startWorker(context, dataFolder(given.data), name);
      try {
        output.say(`${name} is running${started.url === undefined ? "" : ` at ${started.url}`}. Ctrl-C stops it.`);
        output.result({ name, url: started.url ?? null });
        await untilEnd([started], interrupt.signal);
      } finally {
        await started.stop();
      }
    } finally {
      await context.close();
      interrupt.end();
    }
  });
}
