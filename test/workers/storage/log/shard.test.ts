import { expect } from "chai";
import { proofOf } from "../../../../protocol/file.ts";
import { holds, type Shard, segmentInLog } from "../../../../protocol/shard.ts";
import type { LogEvent } from "../../../../workers/storage/log/index.ts";
import { rejection } from "../../../fakes/errors.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { audit, openTestLog, putAll, randomFile, type TestFile, type TestLog } from "./files.ts";

const MIB = 2 ** 20;

describe("a node that keeps a shard", function () {
  this.timeout(60_000);
  const dir = tempDir("shard");
  let folder = 0;
  let node: TestLog;
  let events: LogEvent[];
  const open = async (options: Parameters<typeof openTestLog>[1] = {}, keep = false): Promise<void> => {
    if (!keep) folder += 1;
    node = await openTestLog(`${dir.path}/${folder}`, options);
    events = [];
    node.log.on((event) => events.push(event));
  };
  afterEach(async () => {
    await node.log.pruned();
    audit(node);
    await node.close();
  });
  after(() => dir.remove());

  const mine = (file: TestFile, start: number, shard: Shard = node.log.shard()): number[] =>
    Array.from({ length: file.shape.segments }, (_, index) => index).filter((index) =>
      holds(shard, segmentInLog(start, index)),
    );

  it("wants its own segments by their place in the log, refuses others, and is finalized with its own", async () => {
    await open({ shard: { shardId: 1, numShard: 4 } });
    const { log } = node;
    const [first, file] = [randomFile(300, 1), randomFile(3 * MIB + 5, 2)];
    const [small, entry] = await node.add([first, file]);
    expect(log.info(0)?.state).to.equal("finalized");
    expect(small?.start).to.equal(2);
    const wanted = mine(file, entry?.start ?? 0);
    expect(wanted).to.deep.equal([1, 5, 9]);
    expect(log.missing(1, 0, 100)).to.deep.equal(wanted);
    expect(log.missing(1, 2, 1)).to.deep.equal([5]);
    const proof = (index: number) => proofOf(file.shape, file.roots, index);
    await rejection(log.putSegment(file, 0, file.segment(0), proof(0)), "NotInShard");
    expect(() => log.open(file, 2)).to.throw("NotInShard");
    for (const index of wanted) {
      expect(log.info(1)?.state).to.equal("pending");
      await log.putSegment(file, index, file.segment(index), proof(index));
    }
    expect(log.info(1)).to.include({ state: "finalized", wanted: 3, held: 3, pruned: false });
    for (const index of wanted) expect(log.proof(file, index)).to.deep.equal(proof(index));
    await rejection(log.segment(file, 2), "NotInShard");
    await rejection(log.segment(first, 0), "NotInShard");
    await rejection(log.segment(randomFile(1, 9), 0), "UnknownFile");
  });

  it("keeps its shard whatever it is told at a later start", async () => {
    await open({ shard: { shardId: 1, numShard: 2 } });
    await node.close();
    await open({ shard: { shardId: 0, numShard: 4 } }, true);
    expect(node.log.shard()).to.deep.equal({ shardId: 1, numShard: 2 });
  });

  it("keeps of a cached file what is of its shard when the entry tells its place", async () => {
    await open({ shard: { shardId: 0, numShard: 2 } });
    const file = randomFile(2 * MIB, "cached");
    await putAll(node.log, file);
    expect(node.log.usage()).to.include({ segments: 8, cached: 8 });
    const [entry] = await node.add([file]);
    expect(node.log.info(0)).to.include({ state: "finalized", held: 4 });
    expect(node.log.usage()).to.include({ segments: 4, cached: 0 });
    for (const index of mine(file, entry?.start ?? 0)) await node.log.segment(file, index);
  });

  it("serves a file that lies at several places by the segments of all of them", async () => {
    await open({ shard: { shardId: 0, numShard: 4 } });
    const file = randomFile(3 * 256 * 1024, "twice");
    await node.add([file, randomFile(512 * 1024, "between"), file]);
    const [first, second] = [node.log.entry(0), node.log.entry(2)];
    expect([mine(file, first?.start ?? 0), mine(file, second?.start ?? 0)]).to.deep.equal([[2], [0]]);
    await putAll(node.log, file, mine(file, first?.start ?? 0));
    expect([node.log.info(0)?.state, node.log.info(2)?.state]).to.deep.equal(["finalized", "pending"]);
    await putAll(node.log, file, mine(file, second?.start ?? 0));
    expect([node.log.info(0)?.state, node.log.info(2)?.state]).to.deep.equal(["finalized", "finalized"]);
  });

  it("takes, finalizes and keeps what only the last of very many entries of a file wants", async () => {
    await open({ shard: { shardId: 1, numShard: 2 } });
    const file = randomFile(256, "often");
    // The first 1,023 lie in segment 0 of the log.
    await node.add(Array.from({ length: 1100 }, () => file));
    expect(node.log.pending(0, 1)).to.deep.equal([1023]);
    await node.log.putSegment(file, 0, file.segment(0));
    expect(node.log.pending(0, 1)).to.deep.equal([]);
    expect(node.log.info(1099)).to.include({ state: "finalized", wanted: 1, held: 1 });
    const { shardId } = await node.log.halve();
    await node.log.pruned();
    expect(node.log.usage().segments).to.equal(shardId === 1 ? 1 : 0);
  });

  it("halves its shard, gives up the other half, says that it is pruned, and goes on with its own", async () => {
    await open();
    const [whole, part, late] = [randomFile(5 * MIB, "w"), randomFile(3 * MIB, "p"), randomFile(2 * MIB, "l")];
    const [first, second] = await node.add([whole, part]);
    await putAll(node.log, whole);
    await putAll(node.log, part, [0, 1, 2, 3, 4, 5]);
    const shard = await node.log.halve();
    expect(shard.numShard).to.equal(2);
    expect(events).to.deep.include({ type: "shard", shard });
    await node.log.pruned();
    const [third] = await node.add([late]);

    expect(node.log.info(0)).to.include({ state: "finalized", wanted: 10, held: 10, pruned: true });
    expect(node.log.info(1)).to.include({ state: "pending", pruned: true });
    expect(node.log.info(2)).to.include({ pruned: false });
    for (let index = 0; index < 20; index++) {
      const kept = mine(whole, first?.start ?? 0).includes(index);
      if (kept) expect(Buffer.from(await node.log.segment(whole, index)).equals(whole.segment(index))).to.equal(true);
      else await rejection(node.log.segment(whole, index), "Pruned");
    }
    const notOurs = [0, 1].find((index) => !mine(late, third?.start ?? 0).includes(index)) ?? 0;
    await rejection(node.log.segment(late, notOurs), "NotInShard");
    await putAll(node.log, part, node.log.missing(1, 0, 100));
    expect(node.log.info(1)?.state).to.equal("finalized");
    expect(mine(part, second?.start ?? 0)).to.have.length(6);
    expect(node.log.usage().segments).to.equal(16);

    await node.close();
    await open({}, true);
    expect(node.log.shard()).to.deep.equal(shard);
    expect(node.log.info(0)).to.include({ state: "finalized", pruned: true });
    await node.log.halve();
    await node.log.pruned();
    expect(node.log.shard().numShard).to.equal(4);
    expect(node.log.usage().segments).to.equal(8);
  });

  it("finalizes what only lacked segments of the half it gave up", async () => {
    await open();
    const file = randomFile(2 * MIB, "half");
    const [entry] = await node.add([file]);
    const places = Array.from({ length: 8 }, (_, index) => index);
    const even = places.filter((index) => segmentInLog(entry?.start ?? 0, index) % 2 === 0);
    const odd = places.filter((index) => !even.includes(index));
    await putAll(node.log, file, even);
    const { shardId } = await node.log.halve();
    await node.log.pruned();
    expect(node.log.info(0)?.state).to.equal(shardId === 0 ? "finalized" : "pending");
    expect(node.log.usage().segments).to.equal(shardId === 0 ? 4 : 0);
    if (shardId === 1) await putAll(node.log, file, odd);
    expect(events).to.deep.include({ type: "finalized", txSeq: 0 });
  });

  it("halves itself before its quota is used up, and takes on what the smaller shard wants", async () => {
    const quota = 40;
    await open({ quotaSectors: quota * 1024 });
    const files = Array.from({ length: 12 }, (_, i) => randomFile(4 * MIB, i));
    await node.add(files);
    for (const [txSeq, file] of files.entries()) {
      await node.log.putRoots(file, file.roots);
      for (;;) {
        const [index] = node.log.missing(txSeq, 0, 1);
        if (index === undefined) break;
        await node.log.putSegment(file, index, file.segment(index)).catch(async (error: { code: string }) => {
          if (error.code !== "NotInShard") throw error;
        });
        await node.log.pruned();
        expect(node.log.usage().segments).to.be.lte(quota);
      }
    }
    const { numShard } = node.log.shard();
    expect(numShard).to.equal(8);
    expect(node.log.usage().segments).to.equal((12 * 16) / numShard);
    for (const [txSeq] of files.entries()) expect(node.log.info(txSeq)?.state).to.equal("finalized");
  });

  it("halves once, however many ask for it at the same time", async () => {
    await open();
    const file = randomFile(12 * 256 * 1024, "once");
    await node.add([file]);
    await putAll(node.log, file);
    const shards = await Promise.all([node.log.halve(), node.log.halve(), node.log.halve()]);
    const history = JSON.parse(Buffer.from(node.store.table("meta").get("shard") ?? []).toString());
    expect(shards.every((shard) => shard === shards[0])).to.equal(true);
    expect(history.shard).to.deep.equal(node.log.shard()).and.to.deep.equal(shards[0]);
    expect(history.before).to.deep.equal([{ shard: { shardId: 0, numShard: 1 }, until: 1 }]);
    await node.log.pruned();
    expect(node.log.usage().segments).to.equal(6);
  });

  it("halves once, however many puts find it full at the same time", async () => {
    await open({ quotaSectors: 12 * 1024 });
    const file = randomFile(12 * 256 * 1024, "full");
    await node.add([file]);
    await node.log.putRoots(file, file.roots);
    await Promise.allSettled(Array.from({ length: 12 }, (_, i) => node.log.putSegment(file, i, file.segment(i))));
    await node.log.pruned();
    expect(node.log.shard().numShard).to.equal(2);
  });

  it("does not halve itself against what halving does not relieve", async () => {
    await open({ quotaSectors: 40 * 1024 });
    const cached = [randomFile(9 * MIB, "a"), randomFile(MIB, "b")];
    await putAll(node.log, cached[0] as TestFile);
    await putAll(node.log, cached[1] as TestFile);
    await node.log.relieve();
    expect(node.log.usage().segments).to.equal(40);
    expect(node.log.shard().numShard).to.equal(1);
    expect(() => node.log.open(randomFile(1, 1), 0)).to.throw("QuotaExceeded");
  });

  it("neither halves nor refuses for the number of small files, only for what they take", async () => {
    await open({ quotaSectors: 4 * 1024 });
    const small = Array.from({ length: 20 }, (_, i) => randomFile(1 + i, `small ${i}`));
    await node.add(small);
    for (const file of small) await node.log.putSegment(file, 0, file.segment(0));
    expect(node.log.shard().numShard).to.equal(1);
    expect(node.log.usage()).to.include({ segments: 20, sectors: 20 * 16 });
  });

  it("forgets files without entries, the oldest first, for one with an entry, and does not halve for them", async () => {
    let now = 0;
    await open({ quotaSectors: 40 * 1024, now: () => now });
    const [old, young, paid] = [randomFile(5 * MIB, "old"), randomFile(4 * MIB, "young"), randomFile(5 * MIB, "paid")];
    await putAll(node.log, old);
    now = 1;
    await putAll(node.log, young);
    expect(node.log.usage()).to.include({ cached: 36, sectors: 0 });
    await node.add([paid]);
    await putAll(node.log, paid);
    expect(node.log.shard().numShard).to.equal(1);
    expect(node.log.info(0)?.state).to.equal("finalized");
    expect(node.log.usage()).to.include({ segments: 36, cached: 16, sectors: 20 * 1024 });
    expect(node.log.file(old.root, old.length)).to.equal(undefined);
    expect(node.log.file(young.root, young.length)).to.include({ held: 16, cached: true });
  });
});
