import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { readConfig } from "../adapters/config.ts";
import { createLog } from "../adapters/log.ts";
import { writeNetwork } from "../adapters/network.ts";
import { ZgError } from "../protocol/errors.ts";
import { SLOTS } from "../protocol/params.ts";
import { externalChain } from "./lib/external.ts";
import { dataFolder } from "./lib/folder.ts";
import { runTask } from "./lib/output.ts";

interface JoinArguments {
  readonly validators: number;
  readonly miners: number;
  readonly data?: string;
  readonly json: boolean;
}

const MAX_MINERS = 64;

/** Prepares a data folder for workers that run as processes of their own: keys, funds, registrations, network.json. */
export default async function join(given: JoinArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  await runTask(given.json, async (output) => {
    const { validators, miners } = given;
    if (validators < 1 || validators > SLOTS) throw new ZgError("BadConfig", { validators, limit: SLOTS });
    if (miners < 0 || miners > MAX_MINERS) throw new ZgError("BadConfig", { miners, limit: MAX_MINERS });
    const data = dataFolder(given.data);
    const config = readConfig(process.env, { data });
    if (config.redis === undefined) {
      throw new ZgError("BadConfig", {
        field: "REDIS_URL",
        why: "workers in processes of their own need a Redis that stays",
      });
    }
    const chain = await externalChain(config, hre);
    if (chain === undefined) {
      throw new ZgError("BadConfig", { field: "RPC_URL", why: "name the chain: RPC_URL, or --network" });
    }
    const { startNetwork } = await import("../devnet/network.ts");
    const prepared = await startNetwork({
      ...{ data, chain, validators, redis: config.redis, bucket: config.bucket, embed: [], interval: 0 },
      ...{ kvNodes: 1, indexer: true, miners, mining: { shards: 1, share: 1, leastGain: 1 } },
      log: createLog({ name: "join", level: process.env.LOG_LEVEL || "error" }),
      onReady: (part, detail) => output.say(`✔ ${part}  ${detail}`),
    });
    await prepared.stop();
    // Stopping takes the file away, since what it started is gone; here nothing was started that could be gone.
    await writeNetwork(data, prepared.network);
    output.say("Joined. Start each worker with `npx hardhat worker NAME --id N --data FOLDER`.");
    output.result(prepared.network);
  });
}
