import { expect } from "chai";
import { flowRoot, type PlacedNode } from "../../../../protocol/flow.ts";
import { fromHex, type Hex, toHex } from "../../../../protocol/hex.ts";
import { keccak } from "../../../../protocol/keccak.ts";
import type { Entry } from "../../../../workers/storage/log/index.ts";
import { rejection } from "../../../fakes/errors.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { audit, entryFor, openTestLog, putAll, randomFile, type TestFile, type TestLog } from "./files.ts";

const MIB = 2 ** 20;

/** The root by the naive tree over all entries. */
const rootAfter = (entries: readonly Entry[]): Hex => {
  const nodes: PlacedNode[] = [];
  let length = 1;
  for (const { start, nodes: own } of entries) {
    length = start;
    for (const node of own) {
      nodes.push({ ...node, start: length });
      length += 2 ** node.height;
    }
  }
  return flowRoot(nodes, length);
};

const leadsTo = ({ lemma, path }: { lemma: readonly Hex[]; path: readonly boolean[] }): Hex => {
  let hash = fromHex(lemma[0] as Hex, 32);
  for (const [i, left] of path.entries()) {
    const sibling = fromHex(lemma[i + 1] as Hex, 32);
    hash = keccak(left ? Buffer.concat([hash, sibling]) : Buffer.concat([sibling, hash]));
  }
  return toHex(hash);
};

describe("the log's tree in a node", function () {
  this.timeout(60_000);
  const dir = tempDir("tree");
  let folder = 0;
  let node: TestLog;
  beforeEach(async () => {
    folder += 1;
    node = await openTestLog(`${dir.path}/${folder}`);
  });
  afterEach(async () => {
    audit(node);
    await node.close();
  });
  after(() => dir.remove());

  const LENGTHS = [1, 700, 256, 3000, 40_000, 4097, 1, 262_144, 300_000, 5, 2 * MIB + 3, 9000, MIB, 20, 600_000];

  it("has the root that the naive tree has after every entry, and finds the entry by its root", async () => {
    const files = LENGTHS.map((length, i) => randomFile(length, i));
    const entries = await node.add(files);
    for (const [txSeq] of entries.entries()) {
      const root = rootAfter(entries.slice(0, txSeq + 1));
      expect(node.log.info(txSeq)?.flowRoot).to.equal(root);
      expect(node.log.txSeqOfFlowRoot(root)).to.equal(txSeq);
    }
    expect(node.log.tip().root).to.equal(rootAfter(entries));
    expect(node.log.txSeqOfFlowRoot(`0x${"00".repeat(32)}`)).to.equal(undefined);
  });

  it("proves every sector of the log, gaps included, at every root it ever had", async () => {
    const files = [1, 700, 1000, 5000, 300, 40_000].map((length, i) => randomFile(length, i));
    const entries = await node.add(files);
    for (const file of files) await putAll(node.log, file);
    for (const [txSeq, entry] of entries.entries()) {
      const root = rootAfter(entries.slice(0, txSeq + 1));
      for (let sector = 0; sector < entry.start + entry.sectors; sector++) {
        const proof = await node.log.sectorProof(sector, txSeq);
        expect(leadsTo(proof), `sector ${sector} at ${txSeq}`).to.equal(root);
        expect(proof.lemma.at(-1)).to.equal(root);
        expect(proof.path.map((left, at) => (left ? 0 : 2 ** at)).reduce((a, b) => a + b, 0)).to.equal(sector);
        const of = entries.find(({ start, sectors }) => start <= sector && sector < start + sectors);
        if (of === undefined) continue;
        const bytes = new Uint8Array(256);
        const at = 256 * (sector - of.start);
        bytes.set((files[of.txSeq] as TestFile).bytes.subarray(at, at + 256));
        expect(proof.lemma[0]).to.equal(toHex(keccak(bytes)));
      }
      await rejection(node.log.sectorProof(entry.start + entry.sectors, txSeq), "BadRequest");
    }
    await rejection(node.log.sectorProof(0, 6), "UnknownEntry");
  });

  it("proves sectors of large files", async () => {
    const files = [5 * MIB + 1, 400, 2 * MIB - 1000, 600_000].map((length, i) => randomFile(length, i));
    const entries = await node.add(files);
    for (const file of files) await putAll(node.log, file);
    for (const entry of entries) {
      for (let i = 0; i < 40; i++) {
        const sector = entry.start + Math.floor(Math.random() * entry.sectors);
        for (let txSeq = entry.txSeq; txSeq < entries.length; txSeq++) {
          expect(leadsTo(await node.log.sectorProof(sector, txSeq))).to.equal(node.log.info(txSeq)?.flowRoot);
        }
      }
    }
    expect(node.log.tip().root).to.equal(rootAfter(entries));
  });

  it("says what it lacks for a proof", async () => {
    const file = randomFile(MIB, "absent");
    const [entry] = await node.add([file]);
    await rejection(node.log.sectorProof(entry?.start ?? 0), "NotStored");
  });

  it("takes entries again that it has, and no others in their place", async () => {
    const files = [1, 2, 3].map((length) => randomFile(length, length));
    const entries = await node.add(files);
    const tip = node.log.tip();
    await node.log.append(entries);
    expect(node.log.tip()).to.deep.equal(tip);
    const other = entryFor(randomFile(9, 9), { nextTxSeq: 2, length: 3 });
    await rejection(node.log.append([other]), "CorruptObject");
    await rejection(node.log.append([entryFor(randomFile(9, 9), { ...tip, nextTxSeq: 4 })]), "CorruptObject");
    await rejection(node.log.append([entryFor(randomFile(9, 9), { ...tip, length: 40 })]), "CorruptObject");
    expect(node.log.tip()).to.deep.equal(tip);
  });

  it("is after a reorg what it would have been without the blocks that went", async () => {
    const files = LENGTHS.map((length, i) => randomFile(length, i));
    const entries: Entry[] = [];
    for (const [i, file] of files.entries()) entries.push(...(await node.add([file], { block: 10 + i })));
    for (const keep of [12, 7, 3, 0]) {
      await node.log.revert(9 + keep);
      expect(node.log.tip().nextTxSeq).to.equal(keep);
      if (keep > 0) expect(node.log.tip().root).to.equal(rootAfter(entries.slice(0, keep)));
      const others = [4, 5 * MIB, 2000].map((length) => randomFile(length, `${keep}/${length}`));
      const added = await node.add(others, { block: 10 + keep, fork: `b${keep}` });
      const now = [...entries.slice(0, keep), ...added];
      expect(node.log.tip().root).to.equal(rootAfter(now));
      for (const file of others) await putAll(node.log, file);
      const { start, sectors } = added[1] as Entry;
      expect(leadsTo(await node.log.sectorProof(start + sectors - 1))).to.equal(node.log.tip().root);
      expect(node.log.entry(keep + 3)).to.equal(undefined);
    }
  });

  it("keeps the data of a file whose entry a reorg took, until the entry is back or its time is over", async () => {
    const file = randomFile(20 * MIB, "reorg");
    await node.add([randomFile(1, 1)], { block: 4 });
    await node.add([file], { block: 5 });
    await putAll(node.log, file);
    await node.log.revert(4);
    expect(node.log.file(file.root)).to.deep.include({ cached: true, held: 80 });
    expect(node.log.usage()).to.include({ cached: 80 });
    await node.add([file], { block: 5, fork: "b" });
    expect(node.log.info(1)).to.include({ state: "finalized" });
    expect(node.log.usage()).to.include({ cached: 0, segments: 80 });
  });

  it("keeps a file that an earlier entry still names, as it is", async () => {
    const file = randomFile(MIB, "again");
    await node.add([file], { block: 4 });
    await node.add([file], { block: 5 });
    await putAll(node.log, file);
    await node.log.revert(4);
    expect(node.log.file(file.root)).to.deep.include({ cached: false, txSeqs: [0] });
    expect(node.log.info(0)?.state).to.equal("finalized");
  });
});
