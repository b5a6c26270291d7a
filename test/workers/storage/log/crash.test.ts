/** The log store in a process that dies: what it acknowledged is there, and no slot is lost or named twice. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { tempDir } from "../../../fakes/temp.ts";
import { audit, openTestLog, putAll, randomFile, type TestFile, type TestLog } from "./files.ts";

const CHILD = fileURLToPath(new URL("life.child.ts", import.meta.url));
const BLOCKS = 6;

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly said: readonly string[];
}

/** @param after killed once it has said so many lines */
const live = (dir: string, { crashpoint = "", after = Number.POSITIVE_INFINITY, halve = false } = {}): Promise<Life> =>
  new Promise((resolve) => {
    const args = ["--disable-warning=ExperimentalWarning", CHILD, dir, String(BLOCKS), halve ? "halve" : ""];
    const env = { ...process.env, ...(crashpoint !== "" && { CRASHPOINT: crashpoint }) };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.split("\n").length > after) child.kill("SIGKILL");
    });
    child.on("close", (_, signal) => resolve({ signal, said: text.split("\n").filter((line) => line !== "") }));
  });

const fileAt = (txSeq: number): TestFile => {
  const [block, i] = [Math.floor(txSeq / 2), txSeq % 2];
  return randomFile(1 + (((block * 2 + i) * 397_123) % 1_500_000), `${block}/${i}`);
};

const verify = async (node: TestLog, said: readonly string[]): Promise<void> => {
  audit(node);
  for (const line of said) {
    const [what, a = "", b = ""] = line.split(" ");
    if (what === "entry") expect(node.log.tip().nextTxSeq, line).to.be.gt(Number(a));
    if (what !== "segment") continue;
    const file = fileAt(Number(a));
    expect(Buffer.from(await node.log.segment(file, Number(b))).equals(file.segment(Number(b))), line).to.equal(true);
  }
};

/** Brings what is missing; everything is whole then. */
const complete = async (node: TestLog): Promise<void> => {
  for (let txSeq = node.log.tip().nextTxSeq; txSeq < 2 * BLOCKS; txSeq++) {
    await node.add([fileAt(txSeq)], { block: Math.floor(txSeq / 2) });
  }
  for (const txSeq of node.log.pending(0, 100)) {
    const file = fileAt(txSeq);
    await putAll(node.log, file, node.log.missing(txSeq, 0, 100));
  }
  expect(node.log.pending(0, 100)).to.deep.equal([]);
  audit(node);
};

describe("a log store that is killed", function () {
  this.timeout(60_000);
  const dir = tempDir("log-crash");
  after(() => dir.remove());

  for (const spec of [
    ...["segment-durable-not-recorded", "segment-durable-not-recorded#9", "segment-durable-not-recorded#20"],
    ...["entries-appended-not-recorded", "entries-appended-not-recorded#3"],
  ]) {
    it(`at ${spec}: has what it acknowledged, leaks nothing, and goes on`, async () => {
      const path = `${dir.path}/${spec}`;
      const { signal, said } = await live(path, { crashpoint: spec });
      expect(signal).to.equal("SIGKILL");
      const node = await openTestLog(path);
      await verify(node, said);
      await complete(node);
      await node.close();
    });
  }

  it("at halved-not-pruned: keeps the half that it had chosen, and prunes the other at the next start", async () => {
    const path = `${dir.path}/halved`;
    const { signal, said } = await live(path, { crashpoint: "halved-not-pruned", halve: true });
    expect(signal).to.equal("SIGKILL");
    expect(said.some((line) => line.startsWith("halved"))).to.equal(false);
    const node = await openTestLog(path);
    expect(node.log.shard().numShard).to.equal(2);
    await node.log.pruned();
    audit(node);
    let wanted = 0;
    for (let txSeq = 0; txSeq < 2 * BLOCKS; txSeq++) {
      const info = node.log.info(txSeq);
      expect(info?.state).to.equal("finalized");
      wanted += info?.wanted ?? 0;
    }
    expect(node.log.usage().segments).to.equal(wanted);
    await node.close();
  });

  it("at any other moment, again and again: the same", async () => {
    const path = `${dir.path}/random`;
    const acknowledged: string[] = [];
    for (const after of [1, 3, 8, 2, 13, 6, 4]) {
      acknowledged.push(...(await live(path, { after })).said);
      const node = await openTestLog(path);
      await verify(node, acknowledged);
      await node.close();
    }
    const node = await openTestLog(path);
    await complete(node);
    await node.close();
  });
});
