/** The tasks as a user types them: real processes, real exit statuses, nothing left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import { until } from "../fakes/wait.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HARDHAT = join(ROOT, "node_modules/.bin/hardhat");
const UNKNOWN = `0x${"77".repeat(32)}`;

interface Task {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | NodeJS.Signals>;
}

describe("the tasks", function () {
  this.timeout(300_000);
  let folder: string;
  let data: string;
  let temp: string;
  let file: string;
  const started: Task[] = [];

  function start(...args: string[]): Task {
    const env = { ...process.env, TMPDIR: temp, LOG_LEVEL: "" };
    const child = spawn(process.execPath, [HARDHAT, ...args], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const ended = once(child, "close").then(([code, signal]) => signal ?? code);
    const task = { child, out: () => out, err: () => err, ended };
    started.push(task);
    return task;
  }
  async function run(...args: string[]): Promise<{ status: unknown; json: Record<string, unknown>; err: string }> {
    const task = start(...args, "--json");
    const status = await task.ended;
    const lines = task.out().trimEnd().split("\n");
    expect(lines, "one line on stdout").to.have.length(1);
    return { status, json: JSON.parse(lines[0] as string), err: task.err() };
  }
  async function expectFailure(code: string, ...args: string[]): Promise<void> {
    const { status, json, err } = await run(...args);
    expect([status, json.code], args.join(" ")).to.deep.equal([1, code]);
    expect(err.split("\n").filter((line) => line.startsWith(`${code}: `))).to.have.length(1);
  }
  /** tsx, which loads our TypeScript for Hardhat, keeps a cache there. */
  const leftovers = async () => (await readdir(temp)).filter((name) => !name.startsWith("tsx-"));
  const up = async (): Promise<Task> => {
    const task = start("up", "--data", data, "--json");
    await Promise.race([until("up", () => task.out().includes("\n"), 120_000), task.ended]);
    expect(task.out(), task.err()).to.contain("disperser");
    return task;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "zg-commands-"));
    data = join(folder, "data");
    // Short: Redis listens on a socket in it.
    temp = await mkdtemp(join(tmpdir(), "zg-t-"));
    file = join(folder, "file");
    await writeFile(file, "a blob of a few words");
  });
  after(async () => {
    for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    await rm(temp, { recursive: true, force: true });
  });

  it("refuse bad input with a code, before they look for a network", async () => {
    const empty = join(folder, "empty");
    const large = join(folder, "large");
    await writeFile(empty, "");
    await writeFile(large, "");
    await truncate(large, MAX_BLOB_BYTES + 1);
    await expectFailure("FileNotFound", "disperse", join(folder, "none"));
    await expectFailure("EmptyBlob", "disperse", empty);
    await expectFailure("BlobTooLarge", "disperse", large);
    await expectFailure("FileUnreadable", "disperse", folder);
    await expectFailure("BadRequest", "disperse", file, "--wait", "later");
    await expectFailure("MalformedHex", "disperse", file, "--salt", "0x12");
    await expectFailure("MalformedHex", "status", "0x12");
    await expectFailure("MalformedHex", "retrieve", "blob", "--out", join(folder, "out"));
    await expectFailure("NoNetwork", "disperse", file, "--data", data);
    await expectFailure("NoNetwork", "status", UNKNOWN, "--data", data);
    await expectFailure("NoNetwork", "worker", "encoder", "--data", data);
    expect((await readdir(folder)).sort()).to.deep.equal(["empty", "file", "large"]);
  });

  it("work on a network that stays, also after it has been stopped and started", async () => {
    const first = await up();
    const network = JSON.parse(await readFile(join(data, "network.json"), "utf8"));
    expect(network).to.include.all.keys(
      "rpc",
      "chainId",
      "contracts",
      "redis",
      "bucket",
      "disperser",
      "storageNodes",
      "validators",
    );
    expect(JSON.parse(first.out())).to.deep.equal(network);
    await expectFailure("DataFolderLocked", "up", "--data", data);

    const out = join(folder, "receipt.json");
    const dispersed = await run("disperse", file, "--data", data, "--out", out);
    expect(dispersed.status, dispersed.err).to.equal(0);
    expect(dispersed.json).to.include({ status: "FINALIZED", blobIndex: 0, receipt: out });
    const { requestId, blobKey } = dispersed.json as Record<string, string>;
    expect(dispersed.json).to.include.all.keys("batchId", "dataRoot", "commitment", "transactions");
    const { receipt: _, ...rest } = dispersed.json;
    expect(JSON.parse(await readFile(out, "utf8"))).to.deep.equal(rest);

    for (const id of [requestId, blobKey] as string[]) {
      const status = await run("status", id, "--data", data);
      expect(status.json).to.include({ status: "FINALIZED", requestId, blobKey });
      const back = join(folder, `back-${id}`);
      expect((await run("retrieve", id, "--data", data, "--out", back)).status).to.equal(0);
      expect(await readFile(back, "utf8")).to.equal(await readFile(file, "utf8"));
    }
    await expectFailure("UnknownId", "status", UNKNOWN, "--data", data);
    const missing = join(folder, "missing");
    await expectFailure("NotFound", "retrieve", UNKNOWN, "--data", data, "--out", missing);
    await expectFailure("FileUnwritable", "retrieve", blobKey as string, "--data", data, "--out", folder);
    await expectFailure("BadRequest", "retrieve", blobKey as string, "--data", data);
    await expectFailure("BadConfig", "worker", "storage", "--id", "9", "--data", data);
    expect(existsSync(missing)).to.equal(false);

    first.child.kill("SIGINT");
    expect(await first.ended).to.equal(0);
    expect(existsSync(join(data, "network.json"))).to.equal(false);
    expect(await leftovers()).to.deep.equal([]);
    await expectFailure("NoNetwork", "status", blobKey as string, "--data", data);

    const second = await up();
    expect(JSON.parse(second.out()).contracts).to.deep.equal(network.contracts);
    const back = join(folder, "again");
    expect((await run("retrieve", blobKey as string, "--data", data, "--out", back)).status).to.equal(0);
    expect(await readFile(back, "utf8")).to.equal(await readFile(file, "utf8"));

    second.child.kill("SIGKILL");
    await second.ended;
    await expectFailure("StaleNetwork", "status", blobKey as string, "--data", data);
    await expectFailure("StaleNetwork", "disperse", file, "--data", data);
  });

  it("stop a network of their own on Ctrl-C, and leave nothing of it", async () => {
    const out = join(folder, "never.json");
    const task = start("disperse", file, "--out", out);
    // Without --data the default folder decides; a developer's own network there would be used, and left alone.
    if (existsSync(join(ROOT, ".zerog/network.json"))) {
      task.child.kill("SIGINT");
      await task.ended;
      return;
    }
    await until("a network of its own", () => task.out().includes("network of its own"), 120_000);
    task.child.kill("SIGINT");
    expect(await task.ended).not.to.equal(0);
    expect(task.err()).to.contain("Stopping: ");
    expect(existsSync(out)).to.equal(false);
    expect(await leftovers()).to.deep.equal([]);
  });
});
