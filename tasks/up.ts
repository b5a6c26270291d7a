import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { readConfig } from "../adapters/config.ts";
import { createLog } from "../adapters/log.ts";
import type { NetworkJson } from "../adapters/network.ts";
import { untilEnd } from "../workers/ended.ts";
import { watchEarnings } from "./lib/earnings.ts";
import { externalChain } from "./lib/external.ts";
import { dataFolder } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { layoutOf } from "./lib/layout.ts";
import { runTask } from "./lib/output.ts";
import { warnOfMemoryRedis } from "./lib/own.ts";
import { drawTable } from "./lib/table.ts";
import { timingOf } from "./lib/timing.ts";

interface UpArguments {
  readonly storageNodes: number;
  readonly shards: number;
  readonly quota: number;
  readonly miners: number;
  readonly minerShards: number;
  readonly data?: string;
  readonly json: boolean;
}

/** A block a second, as on a lively chain. */
const INTERVAL_MS = 1_000;
const VALIDATORS = 4;
/** Of a core, for each miner: enough for an answer in every window, and nobody's fan starts. */
const MINER_SHARE = 0.1;

export default async function up(given: UpArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  await runTask(given.json, async (output) => {
    const data = dataFolder(given.data);
    const config = readConfig(process.env, { data });
    const chain = await externalChain(config, hre);
    const interrupt = onInterrupt();
    const layout = await layoutOf(data, given);
    const { startNetwork } = await import("../devnet/network.ts");
    const running = await startNetwork({
      ...{ data, chain, redis: config.redis, bucket: config.bucket },
      ...{ storageNodes: layout.storageNodes, storage: layout.storage },
      ...{ kvNodes: 1, indexer: true, miners: layout.miners },
      // On a chain of our own ether is worth nothing: every answer is worth sending.
      mining: { shards: layout.minerShards, share: MINER_SHARE, leastGain: chain === undefined ? 0 : 1 },
      validators: VALIDATORS,
      timing: chain && timingOf(chain, VALIDATORS),
      interval: INTERVAL_MS,
      log: createLog({ name: "up", level: process.env.LOG_LEVEL || "error" }),
      onReady: (part, detail) => {
        warnOfMemoryRedis(part, detail, output.warn);
        output.say(`✔ ${part}  ${detail}`);
      },
    });
    try {
      await layout.keep();
      output.say(drawTable([...endpoints(running.network), ["data", data]]));
      output.say("Running. Ctrl-C stops it; the next start on this folder goes on where it was.");
      output.result(running.network);
      const earnings = await watchEarnings(running.context, output.say);
      try {
        await untilEnd(running.workers.values(), interrupt.signal);
      } finally {
        await earnings.stop();
      }
      output.say("Stopping …");
    } finally {
      await running.stop();
      interrupt.end();
    }
  });
}

function endpoints(network: NetworkJson): [string, string][] {
  const named = Object.entries(network.contracts).map(([name, address]): [string, string] => [name, address]);
  return [
    ["rpc", `${network.rpc}  chain id ${network.chainId}`],
    ...named,
    ["redis", network.redis],
    ["bucket", network.bucket],
    ["disperser", network.disperser],
    ...network.storageNodes.map((url, id): [string, string] => [`storage node ${id}`, url]),
    ...network.validators.map((url, id): [string, string] => [`validator ${id}`, url]),
    ...(network.indexer === undefined ? [] : [["indexer", network.indexer] as [string, string]]),
    ...network.kvNodes.map((url, id): [string, string] => [`kv node ${id}`, url]),
    ...network.miners.map((url, id): [string, string] => [`miner ${id}`, url]),
  ];
}
