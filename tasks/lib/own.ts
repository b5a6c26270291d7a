import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Compute } from "../../adapters/compute.ts";
import { createLog, silentLog } from "../../adapters/log.ts";
import type { NetworkJson } from "../../adapters/network.ts";

export interface OwnNetwork {
  readonly network: NetworkJson;
  readonly compute: Compute;
  /** Stops every process and removes the folder. */
  stop(): Promise<void>;
}

/** Twice the pace of `up`: nobody looks at this chain afterwards. */
const INTERVAL_MS = 500;

/** A whole network in a fresh temporary folder, for one task. */
export async function startOwnNetwork(
  onReady: (part: string, detail: string) => void,
  warn: (line: string) => void,
): Promise<OwnNetwork> {
  const data = await mkdtemp(join(tmpdir(), "zerog-"));
  const remove = () => rm(data, { recursive: true, force: true, maxRetries: 5 });
  // The display has the terminal; who wants the workers' own words asks for them.
  const log = process.env.LOG_LEVEL ? createLog({ name: "disperse" }) : silentLog;
  try {
    // Hardhat's compiler, the workers and their libraries are loaded only by the tasks that start a network.
    const { startNetwork } = await import("../../devnet/network.ts");
    const { context, network, stop } = await startNetwork({
      data,
      log,
      interval: INTERVAL_MS,
      onReady: (part, detail) => {
        warnOfMemoryRedis(part, detail, warn);
        onReady(part, detail);
      },
    });
    return { network, compute: context.compute, stop: () => stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The last resort of the Redis finder works, and is not what anyone should measure or keep data in. */
export function warnOfMemoryRedis(part: string, detail: string, warn: (line: string) => void): void {
  if (part !== "redis" || !detail.includes("memory")) return;
  warn(
    "No Redis found and none to be fetched: using a slow one in memory. Install redis-server, or set REDIS_URL or " +
      "REDIS_SERVER_BIN, for a real one.",
  );
}
