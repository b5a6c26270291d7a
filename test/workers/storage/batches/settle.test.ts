import { expect } from "chai";
import type { Compute } from "../../../../adapters/compute.ts";
import { submissionOfBytes } from "../../../../protocol/flow.ts";
import { blobKeyOf } from "../../../../protocol/header.ts";
import { type Hex, toHex } from "../../../../protocol/hex.ts";
import { blobLocation, streamPayload } from "../../../../protocol/stream.ts";
import { viewOf } from "../../../../workers/storage/batches/view.ts";
import { rejection } from "../../../fakes/errors.ts";
import { sharedCompute } from "../../../protocol/pool.ts";
import { honest, overlapping } from "../../batches.ts";
import { confirmedEvent, failedEvent, submittedEvent } from "../../fake-chain.ts";
import type { Stored } from "../../stored.ts";
import { columnOf, openNode, type TestNode } from "../node.ts";

describe("from staging into log and KV", function () {
  this.timeout(60_000);
  let compute: Compute;
  let good: Stored;
  let twin: Stored;
  let node: TestNode;
  const id = (stored: Stored) => stored.batch.facts.batchId;
  const keyOf = (stored: Stored, index: number) => blobKeyOf(stored.batch.metadata.headers[index]!);
  const state = (stored: Stored) => viewOf(node.shelf, id(stored)).state;
  const dump = (table: string) => [...node.shelf.store.table(table).keys()];
  const confirm = async (stored: Stored, txSeq: number): Promise<number> => {
    const block = node.fake.mine(confirmedEvent(stored.batch, txSeq, node.fake.hashAt(1)));
    await node.follow();
    return block;
  };

  before(async () => {
    compute = await sharedCompute();
    [good, twin] = await Promise.all([honest(), overlapping()]);
  });
  beforeEach(async () => {
    node = await openNode({ compute });
  });
  afterEach(() => node.close());

  it("both entries at their places in the log, metadata under batchId, each blob under its key", async () => {
    await node.submit(good);
    await node.upload(good);
    expect(await node.settle(id(good))).to.equal(false);
    expect(() => node.serve.kv(id(good))).to.throw("NotFound");
    expect(node.serve.blob(keyOf(good, 1))).to.deep.equal({ batchId: id(good), index: 1, state: "staged" });
    await confirm(good, 6);
    expect(state(good)).to.equal("confirmed");
    expect(await node.settle(id(good))).to.equal(true);
    expect(await node.settle(id(good))).to.equal(false);
    expect(state(good)).to.equal("settled");
    expect(dump("log")).to.deep.equal(["000000000006", "000000000007"]);
    expect(node.serve.kv(id(good))).to.deep.equal(good.batch.bytes);
    expect(toHex(node.serve.kv(keyOf(good, 2)))).to.equal(toHex(blobLocation(id(good), 2)));
    expect(node.serve.blob(keyOf(good, 1))).to.deep.equal({ batchId: id(good), index: 1, state: "settled" });
    expect(node.shelf.stagedRows()).to.equal(0);
    expect(await columnOf(node.serve, id(good), 1)).to.have.length(4 * 2272);
  });

  it("a confirmation that comes before the data is settled when the data is there", async () => {
    await node.submit(good);
    await confirm(good, 0);
    expect(await node.settle(id(good))).to.equal(false);
    await node.upload(good);
    expect(await node.settle(id(good))).to.equal(true);
  });

  it("first confirmed wins, in whatever order the batches were settled here", async () => {
    node.fake.mine(submittedEvent(good.batch), submittedEvent(twin.batch));
    await node.follow();
    await node.upload(good);
    await node.upload(twin);
    await confirm(twin, 2);
    await confirm(good, 4);
    const shared = keyOf(twin, 0);
    expect(keyOf(good, 2)).to.equal(shared);
    await node.settle(id(good));
    expect(node.serve.blob(shared)).to.include({ batchId: id(good), index: 2 });
    await node.settle(id(twin));
    expect(node.serve.blob(shared)).to.include({ batchId: id(twin), index: 0 });
    expect(toHex(node.serve.kv(shared))).to.equal(toHex(blobLocation(id(twin), 0)));
  });

  it("A46: a confirmation that the chain takes back takes the batch out of log and KV, and it settles again", async () => {
    await node.submit(good);
    await node.upload(good);
    const block = await confirm(good, 6);
    await node.settle(id(good));
    await node.reorg(block - 1);
    expect(state(good)).to.equal("staged");
    expect(dump("log")).to.deep.equal([]);
    expect(dump("kv")).to.deep.equal([]);
    expect(node.serve.blob(keyOf(good, 0)).state).to.equal("staged");
    await confirm(good, 8);
    expect(await node.settle(id(good))).to.equal(true);
    expect(dump("log")).to.deep.equal(["000000000008", "000000000009"]);
  });

  it("A46: a batch is taken out of log and KV also when its metadata is gone, or rotten", async () => {
    for (const left of [undefined, new Uint8Array(7)]) {
      await node.close();
      node = await openNode({ compute });
      await node.submit(good);
      await node.upload(good);
      const block = await confirm(good, 6);
      await node.settle(id(good));
      await node.shelf.store.write((tx) =>
        left === undefined ? tx.delete("metadata", id(good)) : tx.put("metadata", id(good), left),
      );
      await node.reorg(block - 1);
      expect(state(good)).to.equal("staged");
      for (const table of ["log", "kv", "writes"]) expect(dump(table), table).to.deep.equal([]);
    }
  });

  it("A46: a submission that the chain takes back is unknown again; what was staged counts when it returns", async () => {
    await node.submit(good);
    await node.upload(good);
    await node.reorg(0);
    expect(state(good)).to.equal("unknown");
    await rejection(node.intake.stage(id(good)), "UnknownBatch");
    node.fake.mine();
    await node.submit(good);
    expect(state(good)).to.equal("staged");
    await node.intake.stage(id(good));
  });

  it("A46: another metadata under the same batchId starts from nothing", async () => {
    await node.submit(good);
    await node.upload(good);
    await node.reorg(0);
    const facts = { ...good.batch.facts, metadataRoot: `0x${"77".repeat(32)}` as Hex };
    node.fake.mine(submittedEvent({ facts }));
    await node.follow();
    expect(viewOf(node.shelf, id(good))).to.include({ state: "submitted", rows: 0, metadata: false });
    await rejection(node.intake.putMetadata(id(good), good.batch.bytes), "MetadataRootMismatch");
  });

  it("A46: a batch that turns into another one while it is looked at is not acknowledged", async () => {
    let during = async (): Promise<void> => undefined;
    const slow: Compute = {
      ...compute,
      verifyPolynomials: async (...args) => {
        const verdict = await compute.verifyPolynomials(...args);
        await during();
        return verdict;
      },
    };
    await node.close();
    node = await openNode({ compute: slow });
    await node.submit(good);
    during = async () => {
      await node.reorg(0);
      node.fake.mine(submittedEvent({ facts: { ...good.batch.facts, metadataRoot: `0x${"77".repeat(32)}` } }));
      await node.follow();
    };
    await rejection(node.upload(good), "BatchNotOpen");
    expect(viewOf(node.shelf, id(good))).to.include({ state: "submitted", rows: 0, metadata: false });
  });

  it("A46: a verdict is about the content that was looked at, not about what the chain put in its place", async () => {
    let during = async (): Promise<void> => undefined;
    const slow: Compute = {
      ...compute,
      verifyBatch: async (...args) => {
        const verdict = await compute.verifyBatch(...args);
        await during();
        return verdict;
      },
    };
    await node.close();
    node = await openNode({ compute: slow });
    // Recorded as it is, under the id of the good batch: of the metadata only what follows from it is in the id.
    const bytes = good.batch.bytes.slice().fill(0, 0, 4);
    const { streamId, batchId } = good.batch.facts;
    const payload = streamPayload(streamId, batchId, bytes, good.batch.metadata.headers.map(blobKeyOf));
    node.fake.mine(
      submittedEvent({ facts: { ...good.batch.facts, metadataRoot: submissionOfBytes(payload).identity } }),
    );
    await node.follow();
    during = async () => {
      during = async () => undefined;
      await node.reorg(0);
      await node.submit(good);
    };
    await rejection(node.intake.putMetadata(batchId, bytes), "BadMetadata");
    expect(viewOf(node.shelf, batchId)).to.include({ state: "submitted", refused: null });
    await node.upload(good);
    expect(state(good)).to.equal("staged");
  });

  it("a batch that failed is dropped at finalized height, not before; its blobs say why they are not here", async () => {
    await node.submit(good);
    await node.upload(good);
    const block = node.fake.mine(failedEvent(good.batch));
    await node.follow();
    expect(state(good)).to.equal("unavailable");
    await rejection(node.intake.putRows(id(good), 0, new Uint8Array(131_072)), "BatchNotOpen");
    await node.drop(block - 1);
    expect(await columnOf(node.serve, id(good), 0)).to.have.length(4 * 2272);
    await node.drop(block);
    for (const table of ["cells", "trees", "metadata"]) expect(dump(table), table).to.deep.equal([]);
    expect(node.serve.blob(keyOf(good, 0)).state).to.equal("unavailable");
    await rejection(columnOf(node.serve, id(good), 0), "NotFound");
  });

  it("a batch nobody confirmed is dropped once its deadline is final; a confirmed one never", async () => {
    node.fake.mine(submittedEvent(good.batch), submittedEvent(twin.batch));
    await node.follow();
    await node.upload(good);
    await node.upload(twin);
    await confirm(twin, 0);
    await node.settle(id(twin));
    await node.drop(21);
    expect(state(good)).to.equal("staged");
    await node.drop(22);
    expect([state(good), state(twin)]).to.deep.equal(["unavailable", "settled"]);
  });

  it("the chain's events again, after a crash before the cursor, change nothing", async () => {
    await node.submit(good);
    await node.upload(good);
    await confirm(good, 6);
    await node.settle(id(good));
    const before = node.shelf.find(id(good));
    node = await node.restart();
    await node.follow();
    expect(node.shelf.find(id(good))).to.deep.equal(before);
    expect(node.serve.kv(id(good))).to.deep.equal(good.batch.bytes);
  });

  it("metadata that rotted is not settled", async () => {
    await node.submit(good);
    await node.upload(good);
    await confirm(good, 0);
    const bytes = node.shelf.metadata(id(good)) as Uint8Array;
    bytes[40] = (bytes[40] as number) ^ 1;
    await node.shelf.store.write((tx) => tx.put("metadata", id(good), bytes));
    await rejection(node.settle(id(good)), "CorruptObject");
    expect(dump("log")).to.deep.equal([]);
  });
});
