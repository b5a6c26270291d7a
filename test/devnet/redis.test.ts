import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Redis } from "ioredis";
import { findInstalled } from "../../devnet/redis/find.ts";
import { type RunningRedis, startRedis } from "../../devnet/redis/index.ts";
import { spawnMemoryRedis } from "../../devnet/redis/memory.ts";

/** The cache that `npx hardhat up` uses, so that a run of the tests fetches at most once. */
const CACHE = fileURLToPath(new URL("../../.cache", import.meta.url));

async function ask<T>(redis: RunningRedis, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

describe("the devnet's Redis", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zg-redis-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const start = (dir: string): Promise<RunningRedis> => startRedis({ dir, cache: CACHE, warn: () => undefined });

  it("keeps what it was told over a restart, evicts nothing and has no port", async function () {
    if (process.env.REDIS_URL) skip(this, "REDIS_URL is set: nothing is started");
    const dir = join(folder, "a folder whose name is far longer than a socket's path may be".repeat(2));
    const first = await start(dir);
    await ask(first, (client) => client.set("job", "1"));
    await first.stop();

    const second = await start(dir);
    expect(await ask(second, (client) => client.get("job"))).to.equal("1");
    if (!second.kind.startsWith("js-")) {
      expect(await ask(second, (client) => client.config("GET", "maxmemory-policy"))).to.include("noeviction");
      expect(await ask(second, (client) => client.config("GET", "port"))).to.include("0");
    }
    await second.stop();
  });

  it("ends with a parent that was killed", async function () {
    if (process.platform !== "linux") skip(this, "only Linux ends a child with its parent");
    if (process.env.REDIS_URL) skip(this, "REDIS_URL is set: nothing is started");
    const module = new URL("../../devnet/redis/index.ts", import.meta.url);
    const script = `
      const { startRedis } = await import(${JSON.stringify(module)});
      const redis = await startRedis({ dir: ${JSON.stringify(folder)}, cache: ${JSON.stringify(CACHE)}, warn() {} });
      process.stdout.write(redis.url);
      process.kill(process.pid, "SIGKILL");`;
    let url = "";
    try {
      execFileSync(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    } catch (killed) {
      url = String((killed as { stdout: Buffer }).stdout);
    }
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => undefined);
    const deadline = performance.now() + 5000;
    for (let up = true; up; await new Promise((resolve) => setTimeout(resolve, 20))) {
      expect(performance.now()).to.be.below(deadline);
      up = await client.connect().then(
        () => client.disconnect() === undefined,
        () => false,
      );
    }
  });

  it("says so when REDIS_SERVER_BIN is not a program", async () => {
    const error = await findInstalled({ REDIS_SERVER_BIN: "/nowhere/redis" }).catch((e: Error) => e);
    expect(String(error)).to.contain("REDIS_SERVER_BIN=/nowhere/redis");
  });

  it("finds Valkey under its own name", async () => {
    await writeFile(join(folder, "valkey-server"), "", { mode: 0o755 });
    expect(await findInstalled({ PATH: folder })).to.deep.equal({ path: join(folder, "valkey-server"), env: {} });
  });

  it("has a last resort in memory that speaks to the same client", async () => {
    const redis = await spawnMemoryRedis();
    await ask(redis, (client) => client.set("job", "1"));
    expect(await ask(redis, (client) => client.get("job"))).to.equal("1");
    await redis.stop();
  });
});

function skip(context: Mocha.Context, reason: string): never {
  console.log(`skipped: ${reason}`);
  return context.skip();
}
