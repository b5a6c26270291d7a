/** One life of a miner: says where it is, dies where CRASHPOINT says or when it is told to. Arguments: JSON. */
import { createLog, silentLog } from "../../../adapters/log.ts";
import { readNetwork } from "../../../adapters/network.ts";
import { createShutdown } from "../../../adapters/shutdown.ts";
import { openContext } from "../../../devnet/context.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { startMiner } from "../../../workers/miner/index.ts";
import { TEST_TIMING } from "../../e2e/harness.ts";

export interface Life {
  readonly data: string;
  readonly dir: string;
  readonly name: string;
  readonly wallet: Hex;
}

const { data, ...life } = JSON.parse(process.argv[2] ?? "{}") as Life;
const network = await readNetwork(data);
const log = process.env.E2E_LOG ? createLog({ name: "miner", level: process.env.E2E_LOG as "debug" }) : silentLog;
const context = await openContext({ network, log, timing: TEST_TIMING, threads: 1, warm: false });
const miner = await startMiner(context, { ...life, redis: network.redis, port: 0, leastGain: 0 });
process.stdout.write(`${JSON.stringify({ url: miner.url })}\n`);
const shutdown = createShutdown({ log });
shutdown.add("context", context.close);
shutdown.add("miner", () => miner.stop());
await shutdown.onSignals();
