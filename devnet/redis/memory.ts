import { fileURLToPath } from "node:url";
import { type RunningRedis, spawnBound, stopChild } from "./spawn.ts";

/**
 * The last resort: a Redis written in JavaScript, in a process of its own. It keeps nothing over a restart (the
 * reconcilers make every job again from the durable records) and takes about 100 jobs a second.
 */
export async function spawnMemoryRedis(): Promise<RunningRedis> {
  const child = await spawnBound(
    process.execPath,
    [fileURLToPath(new URL("memory-server.ts", import.meta.url))],
    "pipe",
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").once("data", (line: string) => resolve(line.trim()));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`js-redis-server ended at once with code ${code}`)));
  });
  return { url, kind: "js-redis-server (memory only)", stop: () => stopChild(child) };
}
