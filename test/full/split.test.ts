import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { workersOf } from "../../devnet/parties.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { startTestRedis, type TestRedis } from "../fakes/redis.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const BUCKET = "blobs";

/** Every worker a process, blobs in S3, a Redis that somebody else runs; the user's commands from yet other processes. */
describe("a network in pieces", function () {
  this.timeout(600_000);
  let s3: FauxqsServer;
  let redis: TestRedis;
  let network: TestNetwork;
  const workers: ChildProcess[] = [];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", LOG_LEVEL: "error" };

  before(async () => {
    s3 = await startFauxqs({ port: 0, logger: false });
    const endpoint = `http://127.0.0.1:${s3.port}`;
    s3.createBucket(BUCKET);
    redis = await startTestRedis();
    const bucket = `s3://${BUCKET}/a-network?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1`;
    network = await startTestNetwork({ embed: [], redis: redis.url, bucket, interval: 500 });
    // One at a time: ten compilers at once would be a test of patience.
    for (const name of workersOf(network.network)) workers.push(await startWorkerTask(name));
  });
  after(async () => {
    await Promise.all(workers.map(ended));
    await network?.stop();
    await redis?.stop();
    await s3?.stop();
  });

  it("takes a file by `disperse`, tells of it by `status` and gives it back by `retrieve`", async () => {
    const file = join(network.data, "file");
    const payload = Buffer.from(randomPayload(1_500_000));
    await writeFile(file, payload);

    const receipt = await task("disperse", file);
    expect(receipt).to.include({ status: "FINALIZED" });
    expect(receipt).to.include.all.keys("requestId", "blobKey", "batchId", "dataRoot", "commitment", "transactions");

    expect(await task("status", receipt.blobKey as string)).to.include({ status: "FINALIZED" });
    await task("retrieve", receipt.blobKey as string, "--out", `${file}.back`);
    expect((await readFile(`${file}.back`)).equals(payload)).to.equal(true);
  });

  it("says which id it does not know, and exits with 1", async () => {
    const error = await task("status", `0x${"00".repeat(32)}`).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 1 });
    expect((error as { stdout: string }).stdout).to.include("UnknownId");
  });

  /** The last line of a task with --json. */
  async function task(...words: string[]): Promise<Record<string, unknown>> {
    const { stdout } = await run("hardhat", [...words, "--data", network.data, "--json"], { cwd: ROOT, env });
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);
  }

  async function startWorkerTask(name: string): Promise<ChildProcess> {
    const [kind = "", id = "0"] = name.split("-");
    const words = ["worker", kind, "--id", id, "--data", network.data, "--json"];
    const child = spawn("hardhat", words, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, "data"),
      once(child, "exit").then(([code]) => {
        throw new Error(`worker ${name} ended with ${code}`);
      }),
    ]);
    return child;
  }
});

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
