import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { readConfig } from "../adapters/config.ts";
import { createLog } from "../adapters/log.ts";
import type { NetworkJson } from "../adapters/network.ts";
import type { NetworkOptions } from "../devnet/network.ts";
import { ZgError } from "../protocol/errors.ts";
import { SECTOR_BYTES } from "../protocol/params.ts";
import { untilEnd } from "../workers/ended.ts";
import { externalChain } from "./lib/external.ts";
import { dataFolder } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { warnOfMemoryRedis } from "./lib/own.ts";
import { drawTable } from "./lib/table.ts";
import { timingOf } from "./lib/timing.ts";

interface UpArguments {
  readonly storageNodes: number;
  readonly shards: number;
  readonly quota: number;
  readonly data?: string;
  readonly json: boolean;
}

/** A block a second, as on a lively chain. */
const INTERVAL_MS = 1_000;
const VALIDATORS = 4;

export default async function up(given: UpArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  await runTask(given.json, async (output) => {
    const data = dataFolder(given.data);
    const config = readConfig(process.env, { data });
    const chain = await externalChain(config, hre);
    const interrupt = onInterrupt();
    const { startNetwork } = await import("../devnet/network.ts");
    const running = await startNetwork({
      ...{ data, chain, redis: config.redis, bucket: config.bucket },
      ...layoutOf(given),
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
      output.say(drawTable([...endpoints(running.network), ["data", data]]));
      output.say("Running. Ctrl-C stops it; the next start on this folder goes on where it was.");
      output.result(running.network);
      await untilEnd(running.workers.values(), interrupt.signal);
      output.say("Stopping …");
    } finally {
      await running.stop();
      interrupt.end();
    }
  });
}

/** Gibibytes to sectors. */
const SECTORS_PER_GIB = 2 ** 30 / SECTOR_BYTES;

/** How many of what, checked: shards are a power of two, and every shard is somebody's. */
function layoutOf({ storageNodes, shards, quota }: UpArguments): Partial<NetworkOptions> {
  if (!Number.isInteger(Math.log2(shards)) || shards > storageNodes) {
    throw new ZgError("BadConfig", {
      field: "--shards",
      shards,
      storageNodes,
      why: "a power of two, at most the nodes",
    });
  }
  if (storageNodes > 64 || quota < 0) throw new ZgError("BadConfig", { storageNodes, quota });
  const limits = quota === 0 ? {} : { quotaSectors: quota * SECTORS_PER_GIB };
  return { storageNodes, storage: { shards, ...limits }, kvNodes: 1, indexer: true };
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
  ];
}
