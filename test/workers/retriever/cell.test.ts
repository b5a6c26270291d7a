import { expect } from "chai";
import { type Compute, openCompute } from "../../../adapters/compute.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import { CELL_BYTES, PAYLOAD_PER_ROW } from "../../../protocol/params.ts";
import { checkRowsCell } from "../../../protocol/rowsProof.ts";
import { cellRootsOf } from "../../../protocol/tree.ts";
import { createReport, fetchCell, type Source } from "../../../workers/retriever/index.ts";
import { rejection } from "../../fakes/errors.ts";
import { type Batch, bytesOf, chainOf, honest, makeBatch, sharded, validator, withholding } from "./fixture.ts";

describe("one cell of a batch", function () {
  this.timeout(60_000);
  let compute: Compute;
  let batch: Batch;
  before(async () => {
    compute = await openCompute({ threads: 1, precompute: 0 });
    batch = await makeBatch({ compute, payloads: [bytesOf(100, 1), bytesOf(PAYLOAD_PER_ROW + 1_000, 2)] });
  });
  after(() => compute.close());

  const run = (sources: readonly Source[], at = { row: 2, column: 100 }, onChain = batch.onChain) => {
    const report = createReport();
    const { signal } = new AbortController();
    const found = fetchCell({
      ...{ batchId: batch.batchId, at, sources, report, signal, hedgeMs: 50 },
      readBatch: chainOf(onChain),
    });
    return { found, report };
  };
  const refused = (sources: readonly Source[], code: ErrorCode, at?: { row: number; column: number }) =>
    rejection(run(sources, at).found, code);
  const spoilt = (source: Source): Source => ({
    ...source,
    name: "liar",
    column: async (...asked) => (await source.column(...asked)).map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
  });

  it("comes with the proof that the chain takes", async () => {
    for (const [row, column] of [
      [0, 0],
      [1, 63],
      [2, 127],
    ] as const) {
      const { cell, proof, source } = await run([honest("a", batch)], { row, column }).found;
      const own = batch.row(row).slice(column * CELL_BYTES, (column + 1) * CELL_BYTES);
      expect([source, Buffer.compare(cell, own)]).to.deep.equal(["a", 0]);
      checkRowsCell(cellRootsOf(cell), row, column, batch.onChain.facts, proof);
    }
  });

  it("comes from a node of its shard, or from a validator that kept its column", async () => {
    const shards = [sharded("a", batch, 0, 2), sharded("b", batch, 1, 2)];
    expect((await run(shards, { row: 1, column: 7 }).found).source).to.equal("b");
    const hiding = withholding("hiding", batch, () => true);
    expect((await run([hiding, validator("v", batch, [100])]).found).source).to.equal("v");
  });

  it("is not taken from a node that lies, which is named", async () => {
    const { found, report } = run([spoilt(honest("a", batch)), honest("b", batch)]);
    expect((await found).source).to.equal("b");
    expect(report.sources().find(({ source }) => source === "liar")?.codes).to.deep.equal({ BadProof: 1 });
  });

  it("counts as withheld where nobody gives it, or the metadata, or anything but lies", async () => {
    await refused([withholding("a", batch, () => true)], "Unavailable");
    await refused([spoilt(honest("a", batch))], "Unavailable");
    const other = await makeBatch({ compute, payloads: [bytesOf(100, 3), bytesOf(PAYLOAD_PER_ROW + 1_000, 4)] });
    await refused([honest("a", batch, { metadata: async () => other.metadata })], "Unavailable");
    const mute = async (): Promise<never> => {
      throw new ZgError("NotFound");
    };
    await refused([honest("a", batch, { metadata: mute })], "Unavailable");
  });

  it("is asked for only where a challenge could be: in an available batch, within its rows", async () => {
    const sources = [honest("a", batch)];
    await refused(sources, "BadRequest", { row: 3, column: 0 });
    await rejection(run(sources, undefined, { ...batch.onChain, status: "Submitted" }).found, "NotYetAvailable");
    await rejection(run(sources, undefined, { ...batch.onChain, head: 1_001 }).found, "Expired");
  });
});
