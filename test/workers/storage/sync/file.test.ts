import { closeSync, mkdirSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { SEGMENT_BYTES } from "../../../../protocol/params.ts";
import { type FileNode, refusing, startFileNode } from "../../../fakes/fileNode.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { until } from "../../../fakes/wait.ts";
import { runChild } from "../../child.ts";
import { openTestLog, putAll, randomFile, type TestFile, type TestLog } from "../log/files.ts";
import { type SyncingNode, startSyncing } from "./node.ts";

const FILES: readonly (readonly [number, string])[] = [
  [1, "a byte"],
  [300_000, "two segments"],
  [SEGMENT_BYTES, "one segment"],
  [20 * SEGMENT_BYTES + 5, "twenty-one segments"],
  [257, "two sectors"],
];

describe("files that a storage node lacks", function () {
  this.timeout(60_000);
  let at: ReturnType<typeof tempDir>;
  let files: TestFile[];
  let peers: FileNode[];
  let own: TestLog;
  let node: SyncingNode | undefined;

  before(() => {
    files = FILES.map(([length, seed]) => randomFile(length, seed));
  });
  beforeEach(async () => {
    at = tempDir("sync");
    own = await openTestLog(join(at.path, "log"));
    peers = await Promise.all([startFileNode(), startFileNode()]);
  });
  afterEach(async () => {
    await node?.stop();
    node = undefined;
    await own.close();
    await Promise.all(peers.map((peer) => peer.close()));
    at.remove();
  });

  const peer = (i: number): FileNode => peers[i] as FileNode;
  /** Entries for the files in the node's log; every peer has all of them. */
  const submit = async (some = files) => {
    const entries = await own.add(some);
    const held = some.map((file, i) => ({ ...file, start: entries[i]?.start ?? 0 }));
    for (const each of peers) each.hold(...held);
    return entries;
  };
  const start = async (everyMs?: number): Promise<SyncingNode> => {
    node = await startSyncing({
      store: own.log,
      dir: join(at.path, "shelf"),
      urls: peers.map(({ url }) => url),
      everyMs,
    });
    return node;
  };
  const nothingMissing = () => until("nothing is missing", () => own.log.pending(0, 1).length === 0);
  const segmentsAskedOf = (i: number): string[] => peer(i).asked.filter((path) => path.includes("/segments/"));
  const expectHeld = async (some = files): Promise<void> => {
    for (const file of some) {
      for (let i = 0; i < file.shape.segments; i++) {
        expect(Buffer.compare(await own.log.segment(file, i), file.segment(i))).to.equal(0);
      }
    }
  };

  it("come from all peers at once, each segment once, and are finalized", async () => {
    await submit();
    const { sync, failed } = await start();
    await nothingMissing();
    await expectHeld();
    const total = files.reduce((sum, { shape }) => sum + shape.segments, 0);
    const bytes = files.reduce((sum, { shape }) => sum + shape.sectors * 256, 0);
    expect(segmentsAskedOf(0).length + segmentsAskedOf(1).length).to.equal(total);
    for (const i of [0, 1]) expect(segmentsAskedOf(i).length).to.be.greaterThan(5);
    await until("all jobs are over", () => sync.report().running.length === 0);
    expect(sync.report()).to.deep.include({ waiting: {}, fetched: { segments: total, rows: 0, bytes } });
    expect(failed).to.deep.equal([]);
  });

  it("come from the honest peer where the other lies, who is named", async () => {
    await submit();
    peer(0).twist = (path, { status, body }) => ({
      status,
      body: path.includes("/segments/") ? body.map((byte, i) => (i === 100 ? byte ^ 1 : byte)) : body,
    });
    const { sync } = await start();
    await nothingMissing();
    await expectHeld();
    const [liar, honest] = sync.report().peers;
    expect(liar).to.deep.include({ url: peer(0).url });
    expect(liar?.codes.SegmentRootMismatch).to.be.within(1, 4);
    expect(honest).to.deep.include({ url: peer(1).url, lied: 0, codes: {} });
  });

  it("are those of the node's own shard, asked of who holds them", async () => {
    await own.close();
    own = await openTestLog(join(at.path, "half"), { shard: { shardId: 1, numShard: 2 } });
    peer(0).shard = { shardId: 0, numShard: 2 };
    peer(1).shard = { shardId: 1, numShard: 2 };
    const entries = await submit();
    const { sync } = await start();
    await nothingMissing();
    expect(segmentsAskedOf(0)).to.deep.equal([]);
    const odd = files.flatMap(({ shape }, i) => {
      const first = Math.floor((entries[i]?.start ?? 0) / 1_024);
      return Array.from({ length: shape.segments }, (_, j) => first + j).filter((place) => place % 2 === 1);
    });
    await until("all jobs are over", () => sync.report().running.length === 0);
    expect(sync.report().fetched.segments).to.equal(odd.length);
  });

  it("are asked for again when nobody has them yet, ever more rarely", async () => {
    await submit();
    for (const each of peers) each.twist = (path) => (path === "/" ? refusing("NotFound") : refusing("UnknownFile"));
    const { sync } = await start();
    await until("each has been asked for in vain", () => sync.report().waiting.UnknownFile === FILES.length);
    for (const each of peers) each.twist = (_, honest) => honest;
    await nothingMissing();
    await expectHeld();
  });

  it("are only what their uploader has not brought by himself", async () => {
    const { sync } = await start(1_000);
    await submit();
    for (const file of files) await putAll(own.log, file);
    expect(own.log.pending(0, 1)).to.deep.equal([]);
    await sync.look();
    expect([segmentsAskedOf(0), segmentsAskedOf(1)]).to.deep.equal([[], []]);
    expect(sync.report().fetched.segments).to.equal(0);
  });

  it("come around a hole that nobody fills, from the parts that somebody has", async () => {
    const long = randomFile(80 * SEGMENT_BYTES, "long");
    await submit([long]);
    const index = (path: string): number => Number(/segments\/(\d+)/.exec(path)?.[1] ?? -1);
    const hole = (path: string): boolean => index(path) >= 10 && index(path) < 60;
    for (const each of peers) each.twist = (path, honest) => (hole(path) ? refusing("NotStored") : honest);
    await start();
    const entry = own.log.entry(0)?.txSeq as number;
    await until("all but the hole is here", () => own.log.missing(entry, 0, 100).length === 50);
    for (const each of peers) each.twist = (_, honest) => honest;
    await nothingMissing();
    await expectHeld([long]);
  });

  it("are let go of when the chain takes their entries back", async () => {
    await submit();
    for (const each of peers) each.twist = () => refusing("UnknownFile");
    const { sync, failed } = await start();
    await until("they are waited for", () => sync.report().waiting.UnknownFile === FILES.length);
    await own.log.revert(0);
    expect(sync.report().waiting).to.deep.equal({});
    await sync.look();
    expect(failed).to.deep.equal([]);
  });

  it("do not stop the others when one of them is of an entry that no data fits", async () => {
    const [first, second] = [randomFile(1_000, "first"), randomFile(2_000, "second")];
    const unfit = { ...first, root: second.root, nodes: second.nodes };
    await own.add([unfit]);
    await submit([first]);
    await start();
    await until("the other is here", () => own.log.info(1)?.state === "finalized");
    expect(own.log.info(0)?.state).to.equal("pending");
  });

  describe("a node that is killed", () => {
    const plan = async (): Promise<string> => {
      await submit();
      const path = join(at.path, "plan.json");
      writeFileSync(path, JSON.stringify({ urls: peers.map(({ url }) => url), files: FILES }));
      return path;
    };

    for (const visit of [1, 7, 20]) {
      it(`at the fetch of segment ${visit} goes on where it was`, async () => {
        const path = await plan();
        const dir = join(at.path, "child");
        mkdirSync(dir);
        const killed = await runChild("storage/sync/life.child.ts", [dir, path], `segment-fetched-not-stored#${visit}`);
        expect(killed.signal, killed.errors).to.equal("SIGKILL");
        const left = await openTestLog(join(dir, "log"));
        const missing = left.log.pending(0, 100).flatMap((txSeq) => left.log.missing(txSeq, 0, 100)).length;
        await left.close();
        const total = files.reduce((sum, { shape }) => sum + shape.segments, 0);
        expect(missing).to.be.within(total - visit + 1, total);

        for (const each of peers) each.asked.length = 0;
        const ended = await runChild("storage/sync/life.child.ts", [dir, path]);
        expect(ended.code, ended.errors).to.equal(0);
        expect(Number(ended.output)).to.equal(missing);
        expect(segmentsAskedOf(0).length + segmentsAskedOf(1).length).to.equal(missing);
      });
    }
  });

  describe("what rotted on the disk", () => {
    const spoilSlots = (offsets: readonly number[]): void => {
      const file = openSync(join(at.path, "log", "segments.bin"), "r+");
      for (const offset of offsets) {
        const byte = Buffer.alloc(1);
        readSync(file, byte, 0, 1, offset);
        writeSync(file, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, offset);
      }
      closeSync(file);
    };

    it("is found by the scanner, named, and fetched again", async () => {
      await submit();
      for (const file of files) await putAll(own.log, file);
      expect(own.log.pending(0, 1)).to.deep.equal([]);
      spoilSlots([3 * SEGMENT_BYTES + 100, 9 * SEGMENT_BYTES + 70_000]);
      const { sync } = await start();
      await until("the scanner has found it", () => sync.report().scan.rotten === 2);
      await until("it is here again", () => sync.report().fetched.segments === 2 && own.log.pending(0, 1).length === 0);
      await expectHeld();
      const { passes } = sync.report().scan;
      await until("another pass is over", () => sync.report().scan.passes > passes + 1);
      expect(sync.report().scan.rotten).to.equal(2);
    });
  });
});
