import { expect } from "chai";
import { type Compute, openCompute } from "../../../adapters/compute.ts";
import { verifyBatchPath } from "../../../protocol/batch.ts";
import { frameRow } from "../../../protocol/column.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import { isMalformed } from "../../../protocol/fraud.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { bytesToBig, concat, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak } from "../../../protocol/keccak.ts";
import { COLUMNS, EXTENDED_ROW_BYTES, HASH_BYTES } from "../../../protocol/params.ts";
import { cellRootsOf, rootFromPath } from "../../../protocol/tree.ts";
import { createReport, findCharge, type Source } from "../../../workers/retriever/index.ts";
import { rejection } from "../../fakes/errors.ts";
import { corruptBlob, edit, matrixOf } from "../../protocol/matrix.ts";
import { sampleBatch } from "../../protocol/sample.ts";
import { blobOf, storedOf } from "../batches.ts";
import { type Batch, chainOf, honest, sharded, validator, withholding } from "./fixture.ts";

describe("a charge against a blob", function () {
  this.timeout(120_000);
  let compute: Compute;
  before(async () => {
    compute = await openCompute({ threads: 2, precompute: 0 });
  });
  after(() => compute.close());

  /** Blobs of 1 and 2 rows; what is spoilt is in the second, in row 2 of the batch, before it was committed to. */
  const LENGTH = 2 * 126_976 - 4;
  const q: Record<string, Uint8Array> = {};
  const made = async (column?: number, change?: (cell: Uint8Array) => void): Promise<Batch> => {
    const first = await blobOf("first");
    const clean = await blobOf("second", LENGTH);
    const { extended } = await compute.extendRows(clean.rows);
    const spoilt =
      column === undefined || change === undefined
        ? undefined
        : await corruptBlob(compute, "second", matrixOf(edit(extended, 1, column, change)), LENGTH);
    const bad = spoilt ?? clean;
    const sample = await sampleBatch(compute, [first, bad]);
    const { matrix } = await storedOf(compute, sample);
    const rows = concat(matrix.extended.slice(0, EXTENDED_ROW_BYTES), spoilt?.matrix.extended ?? extended);
    const cellRoots = cellRootsOf(rows);
    const rowFrame = (row: number, at: number): Uint8Array =>
      frameRow(
        rows.subarray(row * EXTENDED_ROW_BYTES, (row + 1) * EXTENDED_ROW_BYTES),
        cellRoots.subarray(row * COLUMNS * HASH_BYTES, (row + 1) * COLUMNS * HASH_BYTES),
        at,
      );
    const frame = (at: number, from = 0, to = 3): Uint8Array =>
      concat(...Array.from({ length: to - from }, (_, i) => rowFrame(from + i, at)));
    const batchId = sample.facts.batchId;
    q[batchId] = bad.q;
    return {
      ...{ batchId, payloads: [], headers: sample.metadata.headers, keys: sample.metadata.headers.map(blobKeyOf) },
      metadata: sample.bytes,
      onChain: { status: "Available", retainUntil: 1_000, head: 10, withheld: false, corrupt: [], facts: sample.facts },
      frame,
      blobProofs: async () => new Uint8Array(),
      row: (row) => rows.slice(row * EXTENDED_ROW_BYTES, (row + 1) * EXTENDED_ROW_BYTES),
    };
  };
  const flipped = (column: number) =>
    made(column, (cell) => {
      cell[31] = (cell[31] as number) ^ 1;
    });
  const topByte = (column: number) =>
    made(column, (cell) => {
      cell[64] = 0x11;
    });
  const charge = (batch: Batch, sources: readonly Source[], blob = 1) =>
    findCharge({
      ...{ blobKey: batch.keys[blob] as Hex, sources, compute, report: createReport(), hedgeMs: 100 },
      readBatch: chainOf({ ...batch.onChain, corrupt: [blob] }),
      signal: new AbortController().signal,
    });
  const refused = (work: Promise<unknown>, code: ErrorCode) => rejection(work, code);

  /** All that the contract compares, by the TypeScript twins. */
  const holds = async (batch: Batch, found: Awaited<ReturnType<typeof charge>>, position: number): Promise<void> => {
    const { header, index, path, proof } = found;
    const { batchRoot } = batch.onChain.facts;
    expect([found.batchId, index]).to.deep.equal([batch.batchId, 1]);
    expect(verifyBatchPath(batchRoot, 2, header, index, concat(...path.map((hash) => fromHex(hash))))).to.equal(true);
    if (proof.kind === "malformed") {
      const leaf = keccak(concat(...proof.sector.map((word) => fromHex(word))));
      const siblings = concat(...proof.path.map((hash) => fromHex(hash)));
      expect(toHex(rootFromPath(leaf, proof.sectorIndex, siblings, 11))).to.equal(header.dataRoot);
      const element = (proof.sectorIndex % 1024) * 8 + proof.element;
      expect(element).to.equal(position);
      const value = bytesToBig(fromHex(proof.sector[proof.element] as Hex));
      expect(isMalformed(value, Math.floor(proof.sectorIndex / 1024), element, header)).to.equal(true);
      return;
    }
    expect(proof.position).to.equal(position);
    expect(proof.parts.map(({ rows }) => rows.length)).to.deep.equal([2]);
    expect(proof.opening).to.deep.equal(await compute.openBlob(q[batch.batchId] as Uint8Array, position));
  };
  it("is one sector where an element has no right to be there (F5)", async () => {
    const batch = await topByte(5);
    const found = await charge(batch, [honest("a", batch)]);
    expect(found.proof.kind).to.equal("malformed");
    await holds(batch, found, 5 * 64 + 2);
  });

  // Of the data it is the redundancy that is wrong: the data were committed to as they are.
  for (const [column, at] of [
    [3, 64],
    [64, 64],
    [100, 100],
    [127, 127],
  ] as const) {
    it(`is a position at which the rows leave the commitment: column ${column} (F1)`, async () => {
      const batch = await flipped(column);
      const found = await charge(batch, [honest("a", batch)]);
      expect(found.proof.kind).to.equal("corrupt");
      await holds(batch, found, at * 64);
    });
  }

  it("is found past a node that lies, and in what a validator kept where nodes withhold it (F6)", async () => {
    const batch = await flipped(100);
    const liar = honest("liar", batch, {
      column: async (_id, column, { from, to }) => {
        const frame = batch.frame(column, from, to);
        frame[7] = (frame[7] as number) ^ 1;
        return frame;
      },
    });
    const hiding = withholding("hiding", batch, (column) => column === 100 || column < 30);
    const found = await charge(batch, [liar, hiding, validator("v", batch, [100])]);
    await holds(batch, found, 100 * 64);
  });

  it("is found where each node keeps some rows and none a whole column", async () => {
    const batch = await flipped(90);
    const found = await charge(batch, [sharded("a", batch, 0, 2), sharded("b", batch, 1, 2)]);
    await holds(batch, found, 90 * 64);
  });

  it("is not made against an honest blob, nor against the neighbour of a corrupt one (F6)", async () => {
    const clean = await made();
    await refused(charge(clean, [honest("a", clean)]), "NotFound");
    const batch = await flipped(100);
    await refused(charge(batch, [honest("a", batch)], 0), "NotFound");
  });

  it("is not made while the columns that show the fault, or too many of all, are withheld", async () => {
    const batch = await flipped(100);
    const hiding = (hide: (column: number) => boolean): Source => ({
      ...withholding("a", batch, hide),
      row: async () => {
        throw new ZgError("NotStaged");
      },
    });
    await refused(charge(batch, [hiding((column) => column === 100)]), "NotFound");
    await refused(charge(batch, [hiding((column) => column >= 63)]), "Unavailable");
    await holds(batch, await charge(batch, [hiding((column) => column < 63)]), 100 * 64);
  });
});
