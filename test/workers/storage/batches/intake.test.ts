import { expect } from "chai";
import type { Compute } from "../../../../adapters/compute.ts";
import { blobKeyOf } from "../../../../protocol/header.ts";
import { isRecorded } from "../../../../workers/chain-batch.ts";
import { viewOf } from "../../../../workers/storage/batches/view.ts";
import { rejection } from "../../../fakes/errors.ts";
import { sharedCompute } from "../../../protocol/pool.ts";
import { flippedParity, honest, nonCanonical, otherRows, wrongCommitment, wrongProof } from "../../batches.ts";
import { confirmedEvent } from "../../fake-chain.ts";
import { allHalves, frame, halves, type Stored } from "../../stored.ts";
import { columnOf, openNode, type TestNode } from "../node.ts";

describe("what a storage node takes", function () {
  this.timeout(60_000);
  let compute: Compute;
  let good: Stored;
  let node: TestNode;
  const id = (stored = good) => stored.batch.facts.batchId;
  const state = (stored = good) => viewOf(node.shelf, id(stored), node.intake.refused(id(stored)));

  before(async () => {
    compute = await sharedCompute();
    good = await honest();
  });
  beforeEach(async () => {
    node = await openNode({ compute });
  });
  afterEach(() => node.close());

  it("nothing before the batch is on chain: UnknownBatch, and the sender repeats", async () => {
    await rejection(node.intake.putMetadata(id(), good.batch.bytes), "UnknownBatch");
    await rejection(node.intake.putRows(id(), 0, halves(good, 0, 1)), "UnknownBatch");
    await rejection(node.intake.stage(id()), "UnknownBatch");
    expect(state().state).to.equal("unknown");
  });

  it("an honest batch, in any pieces: extends the rows itself and serves every cell with its path", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await node.intake.putRows(id(), 2, halves(good, 2, 2));
    await rejection(node.intake.stage(id()), "NotStaged");
    await node.intake.putRows(id(), 0, halves(good, 0, 1));
    expect(node.completed).to.deep.equal([]);
    await node.intake.putRows(id(), 1, halves(good, 1, 1));
    expect(node.completed).to.deep.equal([id()]);
    await node.intake.stage(id());
    await node.intake.stage(id());
    expect(state()).to.include({ state: "staged", rows: 4, rowCount: 4, metadata: true, refused: null });
    for (const column of [0, 63, 64, 127]) {
      expect(await columnOf(node.serve, id(), column)).to.deep.equal(frame(good, column));
    }
    expect(await columnOf(node.serve, id(), 7, { first: 1, last: 2 })).to.deep.equal(
      frame(good, 7).slice(2272, 3 * 2272),
    );
    expect(node.serve.row(id(), 3)).to.deep.equal(good.matrix.extended.slice(3 * 262_144));
    expect(node.serve.metadata(id())).to.deep.equal(good.batch.bytes);
  });

  it("the same bytes twice are the same bytes: no work, no second copy", async () => {
    await node.submit(good);
    await node.upload(good);
    await node.upload(good);
    expect(node.shelf.stagedRows()).to.equal(4);
  });

  it("no rows before the metadata they are checked against", async () => {
    await node.submit(good);
    await rejection(node.intake.putRows(id(), 0, halves(good, 0, 1)), "NotStaged");
  });

  it("only rows the batch has a place for, whole, and at most 16 at once", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    const row = halves(good, 0, 1);
    await rejection(node.intake.putRows(id(), 4, row), "BadRequest");
    await rejection(node.intake.putRows(id(), 3, halves(good, 2, 2)), "BadRequest");
    await rejection(node.intake.putRows(id(), 0, row.slice(1)), "LengthMismatch");
    await rejection(node.intake.putRows(id(), 0, new Uint8Array(0)), "LengthMismatch");
    await rejection(node.intake.putRows(id(), 0, new Uint8Array(17 * 131_104)), "LengthMismatch");
    expect(state().rows).to.equal(0);
  });

  it("metadata that is not what the chain recorded is refused and not held against the batch", async () => {
    await node.submit(good);
    const other = good.batch.bytes.slice();
    other[200] = (other[200] as number) ^ 1;
    await rejection(node.intake.putMetadata(id(), other), "MetadataRootMismatch");
    await rejection(node.intake.putMetadata(id(), good.batch.bytes.slice(1)), "MetadataRootMismatch");
    expect(state()).to.include({ state: "submitted", metadata: false });
    expect(state().refused).to.include({ code: "MetadataRootMismatch", final: false });
    await node.upload(good);
    expect(state()).to.include({ state: "staged", refused: null });
  });

  it("a row that is not the recorded one is refused with its blob, and the right one still taken", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    const wrong = halves(good, 1, 2);
    wrong[131_072 + 31] = (wrong[131_072 + 31] as number) ^ 1;
    const error = await rejection(node.intake.putRows(id(), 1, wrong), "SegmentRootMismatch");
    const blobKey = blobKeyOf(good.batch.metadata.headers[1]!);
    expect(error.fields).to.include({ row: 2, index: 1, blobKey });
    expect(state().refused).to.include({ code: "SegmentRootMismatch", blob: blobKey, final: false });
    expect(state().rows).to.equal(0);
    await node.upload(good);
    expect(state().state).to.equal("staged");
  });

  it("a right row under a wrong root of its redundancy is turned away at the gate, a forged row in any case", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    const body = halves(good, 1, 2);
    body.fill(7, 2 * 131_072 + 32);
    const error = await rejection(node.intake.putRows(id(), 1, body), "SegmentRootMismatch");
    expect(error.fields).to.include({ row: 2 });
    expect(state().rows).to.equal(0);
    await node.intake.putRows(id(), 1, halves(good, 1, 2));
    expect(state().rows).to.equal(2);
  });

  it("what strangers send is not extended and not written down; the last of it is told until the batch is staged", async () => {
    await node.close();
    const gates: boolean[] = [];
    let opened = 0;
    node = await openNode({
      compute: {
        verifyPolynomials: compute.verifyPolynomials,
        verifyBatch: (...args) => {
          opened += 1;
          return compute.verifyBatch(...args);
        },
        verifyRows: (batch, first, rows, roots) => {
          gates.push(roots?.length === (rows.length / 131_072) * 32);
          return compute.verifyRows(batch, first, rows, roots);
        },
      },
    });
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    const before = node.shelf.find(id());
    for (const row of [1, 2, 3]) {
      await rejection(node.intake.putRows(id(), 0, halves(good, row, 1)), "SegmentRootMismatch");
    }
    expect(gates).to.deep.equal([true, true, true]);
    expect(opened, "metadata hashed").to.equal(2);
    expect(node.shelf.find(id()), "the record").to.equal(before);
    expect(state().refused).to.include({ code: "SegmentRootMismatch", final: false });
    await node.upload(good);
    expect(state().refused).to.equal(null);
    expect(node.intake.refused(id())).to.equal(undefined);
  });

  it("rows of another place of the same batch are refused", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await rejection(node.intake.putRows(id(), 0, halves(good, 1, 1)), "SegmentRootMismatch");
  });

  it("an element that is not canonical is refused before it is extended", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    const wrong = halves(good, 0, 1).fill(0xff, 64, 96);
    await rejection(node.intake.putRows(id(), 0, wrong), "NonCanonicalElement");
  });

  it("F1: a flipped element of the redundancy under an honest tree never gets in: the node makes its own", async () => {
    const bad = await flippedParity(100);
    await node.submit(bad);
    await node.intake.putMetadata(id(bad), bad.batch.bytes);
    await node.intake.putRows(id(bad), 0, halves(bad, 0, 1));
    await rejection(node.intake.putRows(id(bad), 1, halves(bad, 1, 1)), "SegmentRootMismatch");
    await rejection(node.intake.stage(id(bad)), "NotStaged");
  });

  it("F7: a recorded row with an element that is not canonical is refused", async () => {
    const bad = await nonCanonical(3);
    await node.submit(bad);
    await node.intake.putMetadata(id(bad), bad.batch.bytes);
    await rejection(node.intake.putRows(id(bad), 0, halves(bad, 0, 1)), "NonCanonicalElement");
  });

  it("a commitment to something else is a verdict: refused for good, by blob, whatever is sent afterwards", async () => {
    const bad = await wrongCommitment();
    await node.submit(bad);
    const error = await rejection(node.upload(bad), "CommitmentMismatch");
    const blobKey = blobKeyOf(bad.batch.metadata.headers[1]!);
    expect(error.fields).to.include({ index: 1, blobKey });
    expect(state(bad)).to.include({ state: "refused" });
    expect(state(bad).refused).to.include({ code: "CommitmentMismatch", blob: blobKey, final: true });
    await rejection(node.intake.stage(id(bad)), "CommitmentMismatch");
    await rejection(node.intake.putRows(id(bad), 0, halves(bad, 0, 1)), "CommitmentMismatch");
    node = await node.restart();
    expect(state(bad).refused).to.include({ code: "CommitmentMismatch", final: true });
  });

  it("F3: rows that are to be mined in another order than they are certified: a verdict, and nothing is taken", async () => {
    const bad = await otherRows();
    await node.submit(bad);
    await rejection(node.intake.putMetadata(id(bad), bad.batch.bytes), "RowsRootMismatch");
    await rejection(node.intake.putRows(id(bad), 0, halves(bad, 0, 1)), "RowsRootMismatch");
    await rejection(node.intake.stage(id(bad)), "RowsRootMismatch");
    expect(state(bad).refused).to.include({ code: "RowsRootMismatch", final: true });
  });

  it("F6: a published proof that does not hold is a verdict, and its column is named", async () => {
    const bad = await wrongProof(77);
    await node.submit(bad);
    const error = await rejection(node.upload(bad), "ColumnProofMismatch");
    expect(error.fields).to.include({ column: 77 });
    expect(state(bad).state).to.equal("refused");
    // What it holds is what the chain recorded: served, so that others can see the evidence.
    expect(await columnOf(node.serve, id(bad), 77)).to.deep.equal(frame(bad, 77));
  });

  it("A35: what was refused takes no room and leaves no row", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await rejection(node.intake.putRows(id(), 0, halves(good, 1, 1)), "SegmentRootMismatch");
    expect(node.shelf.stagedRows()).to.equal(0);
    expect(node.shelf.hasRow(id(), 0)).to.equal(false);
  });

  it("a full staging area says so, and has room again when a batch is settled or over", async () => {
    await node.close();
    node = await openNode({ compute, stagingLimit: 3 * 270_304 });
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await rejection(node.intake.putRows(id(), 0, allHalves(good)), "StagingFull");
    await node.intake.putRows(id(), 0, halves(good, 0, 3));
    await rejection(node.intake.putRows(id(), 3, halves(good, 3, 1)), "StagingFull");
    await node.drop(1_000);
    expect(node.shelf.stagedRows()).to.equal(0);
  });

  it("a certified batch takes nothing of the staging area, and needs none of it", async () => {
    await node.close();
    node = await openNode({ compute, stagingLimit: 3 * 270_304 });
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await node.intake.putRows(id(), 0, halves(good, 0, 3));
    node.fake.mine(confirmedEvent(good.batch, 0, node.fake.hashAt(1)));
    await node.follow();
    expect(node.shelf.stagedRows()).to.equal(0);
    await node.upload(good);
    expect(await node.settle(id())).to.equal(true);
  });

  it("nothing after the deadline of a batch without certificate", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    node.fake.mineTo(1 + 20);
    await node.follow();
    await node.intake.putRows(id(), 0, halves(good, 0, 1));
    node.fake.mine();
    await node.follow();
    await rejection(node.intake.putRows(id(), 1, halves(good, 1, 1)), "BatchNotOpen");
    await rejection(node.intake.stage(id()), "BatchNotOpen");
  });

  it("A42: rows that rotted before the batch was looked at as a whole are not blamed on the batch", async () => {
    await node.submit(good);
    await node.intake.putMetadata(id(), good.batch.bytes);
    await node.intake.putRows(id(), 0, allHalves(good));
    const key = `${id()}/0002/0`;
    const block = node.shelf.store.table("cells").get(key) as Uint8Array;
    block[100] = (block[100] as number) ^ 1;
    await node.shelf.store.write((tx) => tx.put("cells", key, block));
    await rejection(node.intake.stage(id()), "CorruptObject");
    expect(state()).to.include({ state: "submitted", rows: 3 });
    await node.upload(good);
    expect(state().state).to.equal("staged");
  });

  it("A42: a flipped bit is found before it is served, in the cell, in its path, in a whole row", async () => {
    await node.submit(good);
    await node.upload(good);
    const flip = async (table: string, key: string, at: number): Promise<void> => {
      const bytes = node.shelf.store.table(table).get(key) as Uint8Array;
      bytes[at] = (bytes[at] as number) ^ 1;
      await node.shelf.store.write((tx) => tx.put(table, key, bytes));
    };
    await flip("cells", `${id()}/0001/4`, 2048 * 3 + 9);
    await flip("trees", `${id()}/0003`, 32 * 8);
    expect(await columnOf(node.serve, id(), 66)).to.deep.equal(frame(good, 66));
    const error = await rejection(columnOf(node.serve, id(), 67), "CorruptObject");
    expect(error.fields).to.include({ row: 1 });
    await rejection(columnOf(node.serve, id(), 9), "CorruptObject");
    expect(() => node.serve.row(id(), 1)).to.throw("CorruptObject");
  });

  it("isRecorded: only the very bytes, whatever was changed in them", async () => {
    expect(isRecorded(good.batch.bytes, good.batch.facts)).to.equal(true);
    for (let at = 0; at < good.batch.bytes.length; at += 97) {
      const bytes = good.batch.bytes.slice();
      bytes[at] = (bytes[at] as number) ^ 0x80;
      expect(isRecorded(bytes, good.batch.facts), `byte ${at}`).to.equal(false);
    }
    expect(isRecorded(good.batch.bytes, { ...good.batch.facts, blobCount: 2 })).to.equal(false);
    expect(isRecorded(new Uint8Array(0), good.batch.facts)).to.equal(false);
  });
});
