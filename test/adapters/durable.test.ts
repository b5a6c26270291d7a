/** What the disk sees before a write is acknowledged, and what happens when it refuses. Needs strace, or root: else skipped. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { tempDir } from "../fakes/temp.ts";

const CHILD = fileURLToPath(new URL("../fakes/durableChild.ts", import.meta.url));
const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

describe("durability", function () {
  this.timeout(30_000);
  const dir = tempDir("durable");
  after(() => dir.remove());

  /** Lines of the child's stderr. */
  const run = (command: readonly string[], path: string, size = 1_000): string[] => {
    const [file = process.execPath, ...args] = [...command, process.execPath, CHILD, path, String(size)];
    return spawnSync(file, args, { encoding: "utf8" }).stderr.split("\n");
  };

  it("flushes data, then its name, before it acknowledges", function () {
    if (!works("strace", "-o", "/dev/null", "true")) return skipped(this, "strace does not work here");
    const log = join(dir.path, "strace.log");
    const calls = "trace=write,pwrite64,fsync,fdatasync,rename,link,renameat,linkat,renameat2";
    run(["strace", "-f", "-y", "-e", calls, "-o", log], join(dir.path, "ordered"));
    const lines = readFileSync(log, "utf8").split("\n");
    for (let n = 0; n < 4; n += 1) {
      expect(between(lines, `store ${n}`), `store ${n}`).to.match(/fdatasync\(\d+<[^>]*data\.mdb>/);
      expect(between(lines, `slots ${n}`), `slots ${n}`).to.match(
        /pwrite64\(\d+<[^>]*slots\.bin>[\s\S]*fdatasync\(\d+<[^>]*slots/,
      );
      const put = between(lines, `bucket ${n}`);
      const order = [/fsync\(\d+<[^>]*\.incoming/, /(rename|link)[a-z0-9]*\(/, /fsync\(\d+<[^>]*bucket\/folder>/];
      const places = order.map((step) => put.search(step));
      expect(Math.min(...places), `bucket ${n}`).to.be.gte(0);
      expect(
        [...places].sort((a, b) => a - b),
        `bucket ${n}`,
      ).to.deep.equal(places);
    }
  });

  it("acknowledges nothing that could not be flushed (A42)", function () {
    if (!works("strace", "-o", "/dev/null", "true")) return skipped(this, "strace does not work here");
    const fault = ["-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=3+"];
    const lines = run(["strace", "-f", "-o", "/dev/null", ...fault], join(dir.path, "eio"));
    const refused = lines.filter((line) => line.includes("refused BucketUnavailable"));
    expect(refused.length).to.be.gte(1);
    for (const line of lines.filter((text) => /bucket \d acknowledged/.test(text))) {
      expect(lines).to.include(`bucket ${line.split(" ")[1]} 1000`);
    }
  });

  it("acknowledges no slot that could not be flushed, nor what was under way with it", function () {
    if (!works("strace", "-o", "/dev/null", "true")) return skipped(this, "strace does not work here");
    const path = join(dir.path, "slots-eio");
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "slots.bin"), "");
    const fault = ["-e", "trace=fdatasync", "-P", join(path, "slots.bin"), "-e", "inject=fdatasync:error=EIO:when=2"];
    // strace counts the calls of each thread.
    const lines = run(["env", "UV_THREADPOOL_SIZE=1", "strace", "-f", "-o", "/dev/null", ...fault], path);
    expect(lines).to.include("slots 0 acknowledged");
    expect(lines).to.include("slots 1 refused StoreUnavailable");
    expect(lines).to.include("slots 2 acknowledged");
  });

  it("goes on after the disk was full: refused writes are absent, acknowledged ones whole (A42)", function () {
    if (!works("unshare", "-m", "true")) return skipped(this, "unshare -m does not work here");
    const path = join(dir.path, "full");
    const script = `mkdir -p ${path} && mount -t tmpfs -o size=3m none ${path} && exec "$@"`;
    const lines = run(["unshare", "-m", "sh", "-c", script, "sh"], path, 700_000);
    for (const what of ["store", "bucket"]) {
      const code = what === "store" ? "StoreUnavailable" : "BucketUnavailable";
      expect(
        lines.some((line) => line === `${what} 3 refused ${code}`),
        what,
      ).to.equal(true);
      for (let n = 0; n < 4; n += 1) {
        const acknowledged = lines.includes(`${what} ${n} acknowledged`);
        expect(lines, `${what} ${n}`).to.include(`${what} ${n} ${acknowledged ? 700_000 : "absent"}`);
      }
    }
  });
});

const between = (lines: readonly string[], what: string): string => {
  const from = lines.findIndex((line) => line.includes(`"${what} begins`));
  const to = lines.findIndex((line) => line.includes(`"${what} acknowledged`));
  expect(from >= 0 && to > from, what).to.equal(true);
  return lines.slice(from, to).join("\n");
};

/** A skip says why. */
function skipped(test: Mocha.Context, why: string): void {
  console.log(`skipped: ${why}`);
  test.skip();
}
