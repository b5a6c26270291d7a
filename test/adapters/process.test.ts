/** What concerns the process itself: dying on purpose, stopping in order, steps that repeat. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createLog, silentLog } from "../../adapters/log.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import { crashpoints } from "../fakes/crashpoints.ts";
import { gate } from "../fakes/wait.ts";

const CHILD = fileURLToPath(new URL("../fakes/crashChild.ts", import.meta.url));

describe("crash points", () => {
  const run = async (env: Record<string, string>): Promise<{ signal: string | null; out: string }> => {
    const child = spawn(process.execPath, [CHILD], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let out = "";
    child.stdout.on("data", (data) => {
      out += String(data);
    });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    return { signal, out };
  };

  it("do nothing unless armed, kill at the named visit if armed", async () => {
    expect(await run({})).to.deep.equal({ signal: null, out: "1 2 3 end " });
    expect(await run({ CRASHPOINT: "other" })).to.deep.equal({ signal: null, out: "1 2 3 end " });
    expect(await run({ CRASHPOINT: "test-point" })).to.deep.equal({ signal: "SIGKILL", out: "1 " });
    expect(await run({ CRASHPOINT: "test-point#3" })).to.deep.equal({ signal: "SIGKILL", out: "1 2 3 " });
  }).timeout(10_000);

  it("are armed by a parent, and only where the environment allows it", async () => {
    const child = fork(CHILD, ["wait"], {
      env: { ...process.env, CRASHPOINT: "" },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    await once(child, "message");
    child.send({ arm: "test-point" });
    expect(await once(child, "message")).to.deep.include({ armed: "test-point" });
    child.send("go");
    const [, signal] = await once(child, "exit");
    expect(signal).to.equal("SIGKILL");
  }).timeout(10_000);

  it("have unique names, each in one place", () => {
    const names = crashpoints().map(({ name }) => name);
    expect(names).to.include.members(["slot-planned", "tx-signed", "outbox-written", "tx-sent", "receipt-seen"]);
    expect(names).to.include("effects-done-cursor-not");
    expect(new Set(names).size).to.equal(names.length);
    expect(names.length).to.be.gte(24);
  });
});

describe("shutdown", () => {
  it("stops the last started first, and goes on past what fails or hangs", async () => {
    const stopped: string[] = [];
    const shutdown = createShutdown({ log: silentLog, deadlineMs: 50 });
    for (const name of ["a", "b"]) shutdown.add(name, () => void stopped.push(name));
    shutdown.add("hangs", () => new Promise(() => undefined));
    shutdown.add("fails", () => Promise.reject(new Error("no")));
    shutdown.add("throws", () => {
      throw new Error("no");
    });
    shutdown.add("c", () => void stopped.push("c"));
    const first = shutdown.stop();
    expect(shutdown.signal.aborted).to.equal(true);
    expect(await first).to.deep.equal(["throws", "fails", "hangs"]);
    expect(stopped).to.deep.equal(["c", "b", "a"]);
    expect(await shutdown.stop()).to.deep.equal(["throws", "fails", "hangs"]);
  });
});

describe("loop", () => {
  it("runs once more for a poke during a run, never two at once", async () => {
    const first = gate();
    let runs = 0;
    let inside = 0;
    const loop = startLoop({
      name: "test",
      everyMs: 60_000,
      log: silentLog,
      run: async () => {
        inside += 1;
        expect(inside).to.equal(1);
        runs += 1;
        if (runs === 1) await first.opened;
        inside -= 1;
      },
    });
    const pokes = [loop.poke(), loop.poke()];
    first.open();
    await Promise.all(pokes);
    expect(runs).to.equal(2);
    await loop.stop();
    expect(await loop.poke().catch(() => "stopped")).to.equal("stopped");
  });

  it("says the same failure once, and when it works again", async () => {
    const lines: string[] = [];
    const log = createLog({
      name: "t",
      level: "info",
      destination: { write: (line: string) => void lines.push(line) },
    });
    let fails = 30;
    const loop = startLoop({
      name: "t",
      everyMs: 60_000,
      log,
      run: async () => {
        if (fails-- > 0) throw new Error("same");
      },
    });
    for (let i = 0; i < 35; i += 1) await loop.poke().catch(() => undefined);
    await loop.stop();
    expect(lines).to.have.length(2);
    expect(lines[1]).to.contain("works again");
  });

  it("gives a poke the error of its own run", async () => {
    const loop = startLoop({ name: "t", everyMs: 60_000, log: silentLog, run: () => Promise.reject(new Error("no")) });
    expect(await loop.poke().catch((error: Error) => error.message)).to.equal("no");
    await loop.stop();
  });
});

describe("metrics and log", () => {
  it("keeps two parties in one process apart", async () => {
    const [a, b] = [createMetrics("a"), createMetrics("b")];
    a.counter("blobs_total", "blobs", ["stage"]).inc({ stage: "accepted" });
    b.counter("blobs_total", "blobs", ["stage"]).inc({ stage: "accepted" }, 5);
    expect(await a.text()).to.contain('zg_blobs_total{stage="accepted",party="a"} 1');
    expect(await b.text()).to.contain('zg_blobs_total{stage="accepted",party="b"} 5');
  });

  it("keeps keys and signed bytes out of the log", () => {
    const lines: string[] = [];
    const log = createLog({
      name: "t",
      level: "info",
      destination: { write: (line: string) => void lines.push(line) },
    });
    log.info({ wallet: { privateKey: "hunter2" }, tx: { raw: "hunter2", hash: "0x1" }, secretKey: "hunter2" }, "x");
    expect(lines.join()).to.not.contain("hunter2");
    expect(lines.join()).to.contain("0x1");
  });
});
