import { expect } from "chai";
import type { Compute } from "../../../../adapters/compute.ts";
import { silentLog } from "../../../../adapters/log.ts";
import { proofOf, rootOfSegments, shapeOf } from "../../../../protocol/file.ts";
import { blobKeyOf } from "../../../../protocol/header.ts";
import { concat, toHex } from "../../../../protocol/hex.ts";
import { EXTENDED_ROW_BYTES } from "../../../../protocol/params.ts";
import { holds, type Shard, segmentInLog } from "../../../../protocol/shard.ts";
import { streamPayload } from "../../../../protocol/stream.ts";
import { createDaFiles } from "../../../../workers/storage/batches/files.ts";
import { isKept, pruneRows } from "../../../../workers/storage/batches/prune.ts";
import { createServe } from "../../../../workers/storage/batches/serve.ts";
import { type Entry, type NodeLog, openLog } from "../../../../workers/storage/log/index.ts";
import { appendEntries } from "../../../../workers/storage/watch.ts";
import { rejection } from "../../../fakes/errors.ts";
import { sharedCompute } from "../../../protocol/pool.ts";
import { ENTRANCE } from "../../../protocol/sample.ts";
import { honest } from "../../batches.ts";
import { confirmedEvent, entryEvents } from "../../fake-chain.ts";
import type { Stored } from "../../stored.ts";
import { columnOf, openNode, type TestNode } from "../node.ts";

describe("batches as files of the log", function () {
  this.timeout(60_000);
  let compute: Compute;
  let stored: Stored;
  let node: TestNode;
  let files: NodeLog;
  const batchId = () => stored.batch.facts.batchId;
  const open = (shard?: Shard): Promise<NodeLog> =>
    openLog({
      ...{ store: node.shelf.store, dir: node.dir, da: createDaFiles(node.shelf), entrance: ENTRANCE, shard },
      log: silentLog,
    });
  const confirm = async (): Promise<number> => {
    const events = [...entryEvents(stored.batch), confirmedEvent(stored.batch, 0, node.fake.hashAt(1))];
    const block = node.fake.mine(...events);
    await appendEntries(
      files,
      events.map((_, i) => node.fake.eventAt(block, i)),
    );
    await node.follow();
    return block;
  };
  const rows = (): Entry => files.entry(0) as Entry;
  const prune = (finalized: number) => pruneRows({ shelf: node.shelf, files, log: silentLog }, finalized);

  before(async () => {
    compute = await sharedCompute();
    stored = await honest();
  });
  beforeEach(async () => {
    node = await openNode({ compute });
    files = await open();
    await node.submit(stored);
    await node.upload(stored);
  });
  afterEach(async () => {
    await files.close();
    await node.close();
  });

  it("are pending until they are settled, and again when a reorg takes that back", async () => {
    const block = await confirm();
    expect(files.pending(0, 9)).to.deep.equal([0, 1]);
    await rejection(files.segment(rows(), 0), "NotStored");
    await node.settle(batchId());
    expect(files.pending(0, 9)).to.deep.equal([]);
    expect(files.info(0)).to.deep.include({
      state: "finalized",
      da: true,
      batch: { kind: "rows", batchId: batchId() },
    });
    await node.reorg(block - 1);
    expect(files.pending(0, 9)).to.deep.equal([0, 1]);
    await files.revert(block - 1);
    expect(files.tip().nextTxSeq).to.equal(0);
    await confirm();
    await node.settle(batchId());
    expect(files.info(1)).to.deep.include({ state: "finalized" });
  });

  it("are read like any file: segments, roots, proofs, sectors", async () => {
    await confirm();
    await node.settle(batchId());
    const { batch, matrix } = stored;
    const payload = streamPayload(batch.facts.streamId, batchId(), batch.bytes, batch.metadata.headers.map(blobKeyOf));
    for (const [txSeq, bytes] of [matrix.extended, payload].entries()) {
      const entry = files.entry(txSeq) as Entry;
      const shape = shapeOf(entry.length);
      const roots = files.roots(entry);
      expect(rootOfSegments(roots, shape)).to.equal(entry.root);
      const parts: Uint8Array[] = [];
      for (let i = 0; i < shape.segments; i++) {
        parts.push(await files.segment(entry, i));
        expect(files.proof(entry, i)).to.deep.equal(proofOf(shape, roots, i));
      }
      expect(Buffer.from(concat(...parts).subarray(0, entry.length)).equals(bytes)).to.equal(true);
      const proof = await files.sectorProof(entry.start + shape.sectors - 1, 1);
      expect(proof.lemma.at(-1)).to.equal(files.tip().root);
      expect(files.file(entry.root)).to.deep.include({ length: entry.length, hasRoots: true, cached: false });
    }
    expect(toHex(files.roots(rows()).subarray(0, 32))).to.equal(toHex(matrix.segmentRoots.subarray(0, 32)));
  });

  it("are not what another batch's part is that lies at their place", async () => {
    await confirm();
    await node.settle(batchId());
    const other = JSON.stringify({ kind: "metadata", batchId: batchId() });
    await node.shelf.store.write((tx) => tx.put("log", "000000000000", Buffer.from(other)));
    expect(() => files.roots(rows())).to.throw("NotStored");
    await rejection(files.segment(rows(), 0), "NotStored");
  });

  it("give up the rows of other shards once their block is final, and say so", async () => {
    await files.close();
    files = await open({ shardId: 1, numShard: 2 });
    const initial = files.shard();
    expect(initial.numShard).to.equal(1);
    const block = await confirm();
    await node.settle(batchId());
    await prune(block);
    expect(node.shelf.rowCount(batchId())).to.equal(4);
    const shard = await files.halve();
    await files.close();
    files = await open();
    await files.pruned();
    await prune(block - 1);
    expect(node.shelf.rowCount(batchId())).to.equal(4);
    await prune(block);
    const record = node.shelf.find(batchId());
    const serve = createServe({ shelf: node.shelf, log: silentLog, isKept: (r, row) => isKept(files, r, row) });
    for (let row = 0; row < 4; row++) {
      const kept = holds(shard, segmentInLog(rows().start, row));
      expect(node.shelf.hasRow(batchId(), row)).to.equal(kept);
      expect(isKept(files, record, row)).to.equal(kept);
      if (kept) {
        expect(serve.row(batchId(), row)).to.have.length(EXTENDED_ROW_BYTES);
        expect(await files.segment(rows(), row)).to.have.length(EXTENDED_ROW_BYTES);
        expect(await columnOf(serve, batchId(), 3, { first: row, last: row })).to.have.length(2_272);
      } else {
        expect(() => serve.row(batchId(), row)).to.throw("Pruned");
        await rejection(files.segment(rows(), row), "Pruned");
        await rejection(serve.column(batchId(), 3, { first: row, last: row }), "Pruned");
      }
    }
    await rejection(serve.column(batchId(), 3), "Pruned");
    expect(files.info(0)).to.deep.include({ state: "finalized", pruned: true });
    expect(files.usage()).to.include({ rows: 2 });
  });
});
