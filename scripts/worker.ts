/**
 * One worker of a running network, in a process of its own: `node scripts/worker.ts storage-0 --data .zerog`. What
 * `npx hardhat worker` is to users, without the seconds that Hardhat takes to load; `--timing` overrides, as JSON.
 */
import { parseArgs } from "node:util";
import { createLog } from "../adapters/log.ts";
import { checkNetwork, readNetwork } from "../adapters/network.ts";
import { createShutdown } from "../adapters/shutdown.ts";
import { openContext } from "../devnet/context.ts";
import { computes, startWorker } from "../devnet/parties.ts";
import { ZgError } from "../protocol/errors.ts";
import { untilEnd } from "../workers/ended.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string", default: ".zerog" }, timing: { type: "string", default: "{}" } },
});
const [name = ""] = positionals;
const network = await readNetwork(values.data);
await checkNetwork(network);

const log = createLog({ name });
const shutdown = createShutdown({ log });
const stopped = shutdown.onSignals();
// A parent that dies takes its workers with it.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
const context = await openContext({
  network,
  log,
  threads: 1,
  warm: computes(name),
  timing: JSON.parse(values.timing),
});
shutdown.add("context", context.close);
const worker = await startWorker(context, values.data, name);
shutdown.add(name, worker.stop);
// Whoever started this process waits for the line, or for the message.
console.log(`${name} ready ${worker.url ?? ""}`.trimEnd());
process.send?.({ ready: name });
await Promise.race([stopped, untilEnd([worker], shutdown.signal)]).catch(async (error: unknown) => {
  console.error(`${name} ended: ${error instanceof ZgError ? `${error.code}: ${error.message}` : String(error)}`);
  process.exitCode = 1;
  await shutdown.stop("the worker ended");
});
if (process.exitCode === undefined) await stopped;
// Whatever did not stop within its deadline is left behind here.
process.exit();
