import { expect } from "chai";
import { type Compute, openCompute } from "../../../adapters/compute.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { COLUMNS, PAYLOAD_PER_ROW, PROOFS_BYTES } from "../../../protocol/params.ts";
import {
  batchTarget,
  blobTarget,
  createReport,
  type Sampled,
  type Source,
  sampleColumns,
} from "../../../workers/retriever/index.ts";
import { rejection } from "../../fakes/errors.ts";
import { type Batch, bytesOf, chainOf, honest, makeBatch, validator, withholding } from "./fixture.ts";

describe("sampling as anyone", function () {
  this.timeout(60_000);
  let compute: Compute;
  let batch: Batch;

  before(async () => {
    compute = await openCompute({ threads: 2, precompute: 0 });
    batch = await makeBatch({ compute, payloads: [bytesOf(100, 1), bytesOf(PAYLOAD_PER_ROW + 1_000, 2)] });
  });
  after(() => compute.close());

  const run = async (sources: readonly Source[], columns?: readonly number[], of = batch, blobKey?: Hex) => {
    const report = createReport();
    const { signal } = new AbortController();
    const shared = { sources, compute, report, signal, hedgeMs: 100 };
    const options = { ...shared, readBatch: chainOf(of.onChain) };
    const target = await (blobKey === undefined ? batchTarget(of.batchId, options) : blobTarget(blobKey, options));
    const sampled: Sampled = await sampleColumns({ ...shared, target, samples: 10, columns });
    return { ...sampled, target, sources: report.sources() };
  };

  it("draws distinct columns that differ from time to time, and proves each", async () => {
    const [first, second] = await Promise.all([run([honest("a", batch)]), run([honest("a", batch)])]);
    for (const { columns, verified, failed } of [first, second]) {
      expect(new Set(columns).size).to.equal(10);
      expect(Math.max(...columns)).to.be.below(COLUMNS);
      expect(verified).to.deep.equal(columns);
      expect(failed).to.deep.equal({});
    }
    expect(first.columns).not.to.deep.equal(second.columns);
    expect(first.target.rows).to.deep.equal({ from: 0, to: 3 });
  });

  it("names the columns that nobody gives", async () => {
    const withheld = (column: number): boolean => column >= 60;
    const { verified, failed } = await run([withholding("a", batch, withheld)], [3, 60, 59, 127]);
    expect(verified).to.deep.equal([3, 59]);
    expect(failed).to.deep.equal({ 60: "NotFound", 127: "NotFound" });
  });

  it("passes over a node that lies, and says which", async () => {
    const liar = honest("liar", batch, {
      column: async (_id, column, { from, to }) => {
        const frame = batch.frame(column, from, to);
        frame[5] = (frame[5] as number) ^ 1;
        return frame;
      },
    });
    const { verified, sources } = await run([liar, honest("b", batch)], [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(verified).to.have.length(8);
    expect(sources.find(({ source }) => source === "liar")?.codes).to.have.all.keys("CellPathMismatch");
    expect(sources.find(({ source }) => source === "b")?.lied).to.equal(0);
  });

  it("takes what a validator kept where nodes withhold it", async () => {
    const { verified } = await run(
      [withholding("a", batch, (c) => c > 9), validator("v", batch, [20, 30])],
      [5, 20, 30],
    );
    expect(verified).to.deep.equal([5, 20, 30]);
  });

  it("does not take metadata that is not what the chain recorded", async () => {
    const forged = batch.metadata.slice();
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
    const liar = honest("liar", batch, { metadata: async () => forged });
    await rejection(run([liar]), "Unavailable");
    expect((await run([liar, honest("b", batch)])).verified).to.have.length(10);
  });

  it("sees a corrupt encoding in a column that hashes to the recorded roots (F1)", async () => {
    const spoil = (extended: Uint8Array): void => {
      extended[100 * 2_048 + 31] = (extended[100 * 2_048 + 31] as number) ^ 1;
    };
    const bad = await makeBatch({ compute, payloads: [bytesOf(100, 3)], batchId: `0x${"cc".repeat(32)}`, spoil });
    const { verified, failed } = await run([honest("a", bad)], [99, 100, 101], bad);
    // The published proofs are of the honest polynomial, which column 100 alone leaves.
    expect(verified).to.deep.equal([99, 101]);
    expect(failed).to.deep.equal({ 100: "ColumnProofMismatch" });
  });

  for (const index of [0, 1]) {
    it(`samples blob ${index} alone, against its own commitment`, async () => {
      const asked: number[] = [];
      const node = honest("a", batch);
      const spy: Source = {
        ...node,
        column: (id, column, range, ...rest) => {
          asked.push(range.to - range.from);
          return node.column(id, column, range, ...rest);
        },
      };
      const { verified, target } = await run([spy], [0, 64, 127], batch, batch.keys[index]);
      expect(verified).to.deep.equal([0, 64, 127]);
      expect(target.blob).to.deep.equal({ blobKey: batch.keys[index], index });
      expect(new Set(asked)).to.deep.equal(new Set([index + 1]));
    });
  }

  it("tries another node's proofs where those of one do not hold", async () => {
    const wrong = await batch.blobProofs(0);
    const liar = honest("liar", batch, { proofs: async () => wrong });
    const silent = honest("silent", batch, { proofs: async () => new Uint8Array(PROOFS_BYTES) });
    const good = await run([liar, silent, honest("b", batch)], [7, 77], batch, batch.keys[1]);
    expect(good.verified).to.deep.equal([7, 77]);
    const bad = await run([liar, silent], [7, 77], batch, batch.keys[1]);
    expect(bad.verified).to.deep.equal([]);
  });

  it("knows only batches that the chain knows", async () => {
    const { signal } = new AbortController();
    const options = { sources: [honest("a", batch)], compute, report: createReport(), signal, hedgeMs: 100 };
    await rejection(batchTarget(`0x${"77".repeat(32)}`, { ...options, readBatch: chainOf() }), "UnknownBatch");
  });
});
