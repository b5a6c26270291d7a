import { join } from "node:path";
import { fetchFromDebian, findUnpacked } from "./fetch.ts";
import { findInstalled } from "./find.ts";
import { spawnMemoryRedis } from "./memory.ts";
import { type RunningRedis, spawnRedis } from "./spawn.ts";

export type { RunningRedis } from "./spawn.ts";

export interface RedisOptions {
  /** Where this network's jobs are kept over a restart. */
  readonly dir: string;
  /** Where a fetched server stays for the next start, of any network of this project. */
  readonly cache: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly warn: (sentence: string) => void;
}

/** The user's Redis if there is one, else the first of these that works: installed, fetched before, fetched now. */
export async function startRedis({ dir, cache, env = process.env, warn }: RedisOptions): Promise<RunningRedis> {
  if (env.REDIS_URL) return { url: env.REDIS_URL, kind: "REDIS_URL", stop: async () => undefined };
  const binary = (await findInstalled(env)) ?? (await findUnpacked(cache)) ?? (await fetchFromDebian(cache));
  if (binary !== null) return spawnRedis(binary, join(dir, "redis"));
  warn(
    "No Redis found and none to be fetched: using a slow one in memory. Install redis-server, or set REDIS_URL or " +
      "REDIS_SERVER_BIN, for a real one.",
  );
  return spawnMemoryRedis();
}
