import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { executable, type RedisBinary } from "./find.ts";

export interface RunningRedis {
  /** What ioredis takes. */
  readonly url: string;
  /** For people: which server this is. */
  readonly kind: string;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;
/** An append-only file of a devnet is flushed in far less. */
const STOP_DEADLINE_MS = 5_000;

/** Starts a server on a Unix socket: no port to collide with, nobody but this user can connect. */
export async function spawnRedis(binary: RedisBinary, dir: string): Promise<RunningRedis> {
  await mkdir(dir, { recursive: true });
  const socket = socketPath(dir);
  await rm(socket, { force: true });
  const args = ["--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", dir]
    .concat("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction")
    .concat("--logfile", join(dir, "redis.log"));
  const child = await spawnBound(binary.path, args, "ignore", binary.env);
  const url = `unix://${socket}`;
  await answers(url, child);
  return { url, kind: binary.path, stop: () => stopChild(child) };
}

/** Socket paths longer than 107 bytes fail, and data folders are often deeper: the socket has a short name of its own. */
function socketPath(dir: string): string {
  return join(tmpdir(), `zg-redis-${createHash("sha256").update(dir).digest("hex").slice(0, 16)}.sock`);
}

/** A child that ends with its parent even when the parent is killed, where the system can do that. */
export async function spawnBound(
  command: string,
  args: readonly string[],
  stdout: "ignore" | "pipe" = "ignore",
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const setpriv = "/usr/bin/setpriv";
  const bound = process.platform === "linux" && (await executable(setpriv));
  const [file, ...rest] = bound ? [setpriv, "--pdeathsig", "TERM", "--", command, ...args] : [command, ...args];
  // A process group of its own: Ctrl-C in the terminal must reach the workers first and Redis last.
  return spawn(file as string, rest, {
    stdio: ["ignore", stdout, "inherit"],
    detached: true,
    env: { ...process.env, ...env },
  });
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`Redis ended at once with code ${code}; its log is beside its data`)),
    );
  });
  failed.catch(() => undefined);
  const deadline = performance.now() + START_DEADLINE_MS;
  while (true) {
    const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
    client.on("error", () => undefined);
    try {
      // PING is answered with LOADING until the append-only file is read.
      await Promise.race([client.connect().then(() => client.ping()), failed]);
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      client.disconnect();
    }
  }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
}
