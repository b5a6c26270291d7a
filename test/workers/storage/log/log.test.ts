import { expect } from "chai";
import { proofOf } from "../../../../protocol/file.ts";
import { concat, toHex } from "../../../../protocol/hex.ts";
import { SEGMENT_BYTES } from "../../../../protocol/params.ts";
import type { LogEvent } from "../../../../workers/storage/log/index.ts";
import { setSettled } from "../../../../workers/storage/log/settled.ts";
import { rejection } from "../../../fakes/errors.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { audit, fileOf, NO_BATCHES, openTestLog, putAll, randomFile, type TestFile, type TestLog } from "./files.ts";

const MIB = 2 ** 20;

describe("the log store", function () {
  this.timeout(30_000);
  const dir = tempDir("log");
  let folder = 0;
  let node: TestLog;
  let events: LogEvent[];
  const open = async (options: Parameters<typeof openTestLog>[1] = {}, keep = false): Promise<TestLog> => {
    if (!keep) folder += 1;
    node = await openTestLog(`${dir.path}/${folder}`, options);
    events = [];
    node.log.on((event) => events.push(event));
    return node;
  };
  beforeEach(() => open());
  afterEach(async () => {
    audit(node);
    await node.close();
  });
  after(() => dir.remove());

  const read = async (file: TestFile): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    for (let index = 0; index < file.shape.segments; index++) parts.push(await node.log.segment(file, index));
    return concat(...parts).subarray(0, file.length);
  };

  for (const length of [1, 255, 256, 257, 4096, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 5_000_001]) {
    it(`gives back a file of ${length} bytes, its roots and its proofs, and has it finalized`, async () => {
      const { log } = node;
      const file = randomFile(length, length);
      await node.add([file]);
      expect(log.info(0)).to.include({ state: "pending", held: 0, wanted: file.shape.segments });
      await putAll(log, file);
      expect(log.info(0)).to.include({ state: "finalized", held: file.shape.segments });
      expect(log.pending(0, 10)).to.deep.equal([]);
      expect(Buffer.from(await read(file)).equals(file.bytes)).to.equal(true);
      expect(toHex(log.roots(file))).to.equal(toHex(file.roots));
      for (let index = 0; index < file.shape.paddedSegments; index++) {
        expect(log.proof(file, index)).to.deep.equal(proofOf(file.shape, file.roots, index));
      }
      expect(events).to.deep.equal([
        { type: "entry", txSeq: 0 },
        { type: "finalized", txSeq: 0 },
      ]);
      expect(log.file(file.root)).to.deep.include({ length, cached: false, hasRoots: true, txSeqs: [0] });
    });
  }

  it("takes segments by their proofs, in any order, without the roots", async () => {
    const { log } = node;
    const file = randomFile(3 * MIB + 17, "proofs");
    await node.add([file]);
    await rejection(log.putSegment(file, 3, file.segment(3)), "NotStored");
    for (const index of [7, 0, 12, 3, 2, 1, 4, 5, 6, 11, 10, 9, 8]) {
      expect(log.info(0)?.state).to.equal("pending");
      await log.putSegment(file, index, file.segment(index), proofOf(file.shape, file.roots, index));
      expect(log.proof(file, index)).to.deep.equal(proofOf(file.shape, file.roots, index));
    }
    expect(log.info(0)?.state).to.equal("finalized");
    expect(toHex(log.roots(file))).to.equal(toHex(file.roots));
  });

  it("survives a restart with everything it has acknowledged", async () => {
    const [whole, half] = [randomFile(MIB + 1, "whole"), randomFile(2 * MIB, "half")];
    await node.add([whole, half]);
    await putAll(node.log, whole);
    await putAll(node.log, half, [0, 3, 5]);
    const { tip, info } = node.log;
    const before = [tip(), info(0), info(1), node.log.usage()];
    await node.close();
    await open({}, true);
    expect([node.log.tip(), node.log.info(0), node.log.info(1), node.log.usage()]).to.deep.equal(before);
    expect(node.log.missing(1, 0, 100)).to.deep.equal([1, 2, 4, 6, 7]);
    expect(node.log.missing(1, 2, 2)).to.deep.equal([2, 4]);
    expect(Buffer.from(await read(whole)).equals(whole.bytes)).to.equal(true);
    await rejection(node.log.segment(half, 1), "NotStored");
  });

  it("keeps what is sent before its entry, and finalizes it when the entry comes", async () => {
    const { log } = node;
    const file = randomFile(MIB, "early");
    await putAll(log, file);
    expect(log.file(file.root)).to.deep.include({ cached: true, held: 4, best: undefined });
    expect(log.usage()).to.include({ cached: 4, segments: 4 });
    await node.add([file]);
    expect(log.info(0)).to.include({ state: "finalized" });
    expect(log.file(file.root)).to.deep.include({ cached: false, held: 4 });
    expect(log.usage()).to.include({ cached: 0, segments: 4 });
    expect(events).to.deep.include({ type: "finalized", txSeq: 0 });
  });

  it("sweeps what no entry named in time, and nothing else", async () => {
    await node.close();
    let now = 1_000_000;
    await open({ now: () => now });
    const { log } = node;
    const [early, late, rootsOnly] = [randomFile(MIB, "e"), randomFile(MIB, "l"), randomFile(MIB, "r")];
    await putAll(log, early);
    await log.putRoots(rootsOnly, rootsOnly.roots);
    now += 200_000;
    await putAll(log, late);
    now += 100_000;
    expect(await log.sweep()).to.equal(2);
    expect(log.file(early.root)).to.equal(undefined);
    await rejection(log.segment(early, 0), "UnknownFile");
    expect(log.file(late.root)).to.deep.include({ cached: true });
    expect(log.usage()).to.include({ segments: 4, cached: 4 });
    await node.add([late]);
    now += 1_000_000;
    expect(await log.sweep()).to.equal(0);
    expect(Buffer.from(await read(late)).equals(late.bytes)).to.equal(true);
  });

  it("caches neither large files nor more than its share, and says which", async () => {
    const { log } = node;
    const large = { root: randomFile(1, 1).root, length: 10 * MIB + 1 };
    expect(() => log.open(large)).to.throw("TooLargeToCache");
    const small = randomFile(1, "s");
    await node.store.write((tx) => tx.put("meta", "cached", Buffer.from("4096")));
    expect(() => log.open(small, 0, 256)).to.throw("CacheFull");
    await rejection(log.putSegment(small, 0, small.segment(0)), "CacheFull");
    await node.add([small]);
    await log.putSegment(small, 0, small.segment(0));
    await node.store.write((tx) => tx.delete("meta", "cached"));
  });

  it("refuses wrong bytes, wrong places, wrong lengths and wrong proofs, and keeps nothing of them", async () => {
    const { log } = node;
    const [file, other] = [randomFile(3 * MIB - 300, "f"), randomFile(3 * MIB - 300, "o")];
    await node.add([file, other]);
    const wrong = file.segment(1);
    wrong[77] = (wrong[77] ?? 0) ^ 1;
    const proof = proofOf(file.shape, file.roots, 1);
    await rejection(log.putSegment(file, 1, wrong, proof), "BadProof");
    await rejection(log.putSegment(file, 2, file.segment(1), proof), "BadProof");
    await rejection(log.putSegment(other, 1, file.segment(1), proof), "BadProof");
    await rejection(log.putSegment(file, 1, file.segment(1), proofOf(file.shape, file.roots, 2)), "BadProof");
    await rejection(log.putSegment(file, 1, file.segment(1).subarray(256), proof), "LengthMismatch");
    await rejection(log.putSegment(file, 12, file.segment(1), proof), "BadRequest");
    await rejection(log.putRoots(file, other.roots), "BadProof");
    await rejection(log.putRoots(file, file.roots.subarray(32)), "LengthMismatch");
    await log.putRoots(file, file.roots);
    await rejection(log.putSegment(file, 1, wrong), "BadProof");
    await rejection(log.putSegment(file, 1, wrong, proof), "BadProof");
    await rejection(log.putSegment(file, 1, file.segment(1), proofOf(file.shape, file.roots, 2)), "BadProof");
    expect(() => log.open(file, 12)).to.throw("BadRequest");
    expect(() => log.open(file, 11, 262_144)).to.throw("LengthMismatch");
    expect(log.usage()).to.include({ segments: 0, cached: 0 });
    expect(log.info(0)).to.include({ held: 0, state: "pending" });
  });

  it("takes a segment once, however often and however much at once it is sent", async () => {
    const { log } = node;
    const file = randomFile(MIB, "twice");
    await node.add([file]);
    await log.putRoots(file, file.roots);
    const all = Array.from({ length: 40 }, (_, i) => log.putSegment(file, i % 4, file.segment(i % 4)));
    expect((await Promise.all(all)).filter((put) => put)).to.have.length(4);
    expect(await log.putSegment(file, 2, file.segment(2))).to.equal(false);
    expect(() => log.open(file, 2, SEGMENT_BYTES)).to.throw("AlreadyFinalized");
    expect(log.usage().segments).to.equal(4);
  });

  it("stores a file once that was submitted several times, and not with another length", async () => {
    const { log } = node;
    const file = fileOf(concat(randomFile(900, "same").bytes, new Uint8Array(100)));
    const shorter = fileOf(file.bytes.slice(0, 950));
    expect(shorter.root).to.equal(file.root);
    await node.add([file, file, shorter]);
    await putAll(log, file);
    await node.add([file]);
    expect([0, 1, 2, 3].map((txSeq) => log.info(txSeq)?.state)).to.deep.equal([
      ...["finalized", "finalized", "pending", "finalized"],
    ]);
    expect(log.usage().segments).to.equal(1);
    expect(log.txSeqsOf(file.root)).to.deep.equal([0, 1, 2, 3]);
    expect(log.txSeqsOf(file.root, 950)).to.deep.equal([2]);
    expect(log.file(file.root, 950)?.best).to.deep.include({ state: "pending" });
    expect(log.pending(0, 10)).to.deep.equal([2]);
  });

  it("has an entry wait for ever whose padding is not empty", async () => {
    const { log } = node;
    const honest = randomFile(20 * MIB, "honest");
    const liar = { ...honest, length: 19 * MIB + 1 };
    await node.add([honest, liar as TestFile]);
    await putAll(log, honest);
    expect([log.info(0)?.state, log.info(1)?.state]).to.deep.equal(["finalized", "pending"]);
    await rejection(log.putRoots(liar, honest.roots), "PaddingNotEmpty");
  });

  it("finds by root the entry that has its data", async () => {
    const { log } = node;
    const file = randomFile(700, "best");
    const claim = { ...file, length: 600, nodes: file.nodes } as TestFile;
    await node.add([claim, claim, file]);
    expect(log.file(file.root)?.best?.entry.txSeq).to.equal(0);
    await putAll(log, file);
    expect(log.file(file.root)?.best?.entry.txSeq).to.equal(2);
    expect(log.file(file.root, 600)?.best?.entry.txSeq).to.equal(0);
  });

  it("says that a segment has rotted, drops it, and takes it again", async () => {
    const { log } = node;
    const file = randomFile(2 * MIB, "rot");
    await node.add([file, file]);
    await putAll(log, file);
    const { segments } = log.held("", 100);
    expect(segments).to.have.length(8);
    for (const held of segments) expect(await log.check(held)).to.equal(true);
    await node.close();
    const { open: openFile } = await import("node:fs/promises");
    const disk = await openFile(`${dir.path}/${folder}/segments.bin`, "r+");
    for (const slot of [2, 5]) await disk.write(new Uint8Array([1, 2, 3]), 0, 3, slot * SEGMENT_BYTES + 999);
    await disk.close();
    await open({}, true);
    const rotten = [];
    for (const held of node.log.held("", 100).segments) if (!(await node.log.check(held))) rotten.push(held.index);
    expect(rotten).to.have.length(2);
    expect(node.log.missing(1, 0, 10)).to.deep.equal(rotten);
    expect(node.log.info(0)).to.include({ state: "pending", held: 6 });
    expect(events.filter(({ type }) => type === "lost")).to.have.length(4);
    await rejection(node.log.segment(file, rotten[0] as number), "NotStored");
    await putAll(node.log, file, rotten as number[]);
    expect([node.log.info(0)?.state, node.log.info(1)?.state]).to.deep.equal(["finalized", "finalized"]);
  });

  it("never gives out a segment that has rotted", async () => {
    const file = randomFile(300_000, "rot");
    await node.add([file]);
    await putAll(node.log, file);
    await node.close();
    const { truncate } = await import("node:fs/promises");
    await truncate(`${dir.path}/${folder}/segments.bin`, SEGMENT_BYTES + 100);
    await open({}, true);
    const { segments } = node.log.held("", 10);
    const results = await Promise.allSettled(segments.map(({ index }) => node.log.segment(file, index)));
    expect(results.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect(node.log.info(0)?.state).to.equal("pending");
  });

  it("pages through what it holds", async () => {
    const files = Array.from({ length: 5 }, (_, i) => randomFile(i * MIB + 1, i));
    await node.add(files);
    for (const file of files) await putAll(node.log, file);
    const seen = new Set<string>();
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page = node.log.held(cursor, 3);
      for (const { root, index } of page.segments) seen.add(`${root}/${index}`);
      cursor = page.next;
    }
    expect(seen.size).to.equal(files.reduce((sum, { shape }) => sum + shape.segments, 0));
  });

  it("refuses uploads of DAEntrance's files, and has them settled by their batches", async () => {
    const { log } = node;
    const file = randomFile(1000, "da");
    await node.add([file], { sender: `0x${"da".repeat(20)}` });
    expect(log.info(0)).to.include({ da: true, state: "pending" });
    expect(() => log.open(file, 0)).to.throw("BadRequest");
    await rejection(log.putSegment(file, 0, file.segment(0)), "BadRequest");
    await node.store.write((tx) => setSettled(tx, [0], true));
    expect(log.info(0)).to.include({ state: "finalized" });
    await node.store.write((tx) => setSettled(tx, [0], false));
    expect(log.pending(0, 1)).to.deep.equal([0]);
    await node.add([file]);
    await putAll(log, file);
    expect([log.info(0)?.state, log.info(1)?.state]).to.deep.equal(["pending", "finalized"]);
  });

  it("refuses what its quota has no room for", async () => {
    await node.close();
    await open({ quotaSectors: 6 * 1024, da: { ...NO_BATCHES, rows: () => 4, stagedRows: () => 4 } });
    const file = randomFile(3 * MIB, "quota");
    await node.add([file]);
    await node.log.putRoots(file, file.roots);
    for (const index of [0, 1]) await node.log.putSegment(file, index, file.segment(index));
    expect(() => node.log.open(file, 2)).to.throw("QuotaExceeded");
    await rejection(node.log.putSegment(file, 2, file.segment(2)), "QuotaExceeded");
    expect(node.log.usage()).to.include({ sectors: 6 * 1024, segments: 2, rows: 4 });
  });
});
