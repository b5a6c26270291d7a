import { expect } from "chai";
import type { Compute } from "../../adapters/compute.ts";
import type { BatchFacts } from "../../protocol/batchCheck.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { submissionOfRows } from "../../protocol/flow.ts";
import { concat } from "../../protocol/hex.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { dataRootOf } from "../../protocol/tree.ts";
import { redundancyRootsOf } from "../../protocol/upload.ts";
import { sharedCompute } from "./pool.ts";
import { codeOf } from "./refusal.ts";
import { assemble, factsOf, type SampleBatch, type SampleBlob, saltOf, sampleBatch, sampleBlob } from "./sample.ts";

describe("once per batch", function () {
  this.timeout(60_000);
  let compute: Compute;
  let blobs: SampleBlob[];
  let batch: SampleBatch;

  before(async () => {
    compute = await sharedCompute();
    blobs = [];
    for (const length of [100, 200_000, 300_000]) blobs.push(await sampleBlob(compute, `blob of ${length}`, length));
    batch = await sampleBatch(compute, blobs);
  });

  const verdict = async (bytes: Uint8Array, facts: BatchFacts) => codeOf(await compute.verifyBatch(bytes, facts));

  it("accepts what the record names", async () => {
    expect(await verdict(batch.bytes, batch.facts)).to.equal("accepted");
  });

  it("refuses by name what differs from the record", async () => {
    const other = saltOf("other");
    const cases: [Partial<BatchFacts>, ErrorCode][] = [
      [{ batchRoot: other }, "BatchRootMismatch"],
      [{ rowsRoot: other }, "RowsRootMismatch"],
      [{ metadataRoot: other }, "MetadataRootMismatch"],
      [{ metadataLength: batch.facts.metadataLength + 1 }, "MetadataRootMismatch"],
      [{ batchId: other }, "MetadataRootMismatch"],
      [{ streamId: other }, "MetadataRootMismatch"],
      [{ blobCount: 2 }, "CountMismatch"],
      [{ rowCount: 7 }, "CountMismatch"],
      [{ attempt: 1 }, "SubmitterMismatch"],
      [{ submitter: `0x${"01".repeat(20)}` }, "SubmitterMismatch"],
    ];
    for (const [other, code] of cases) {
      expect(await verdict(batch.bytes, { ...batch.facts, ...other }), JSON.stringify(other)).to.equal(code);
    }
  });

  it("F3: refuses segment roots that give the dataRoots but are not the rows that will be mined", async () => {
    const rowsRoot = submissionOfRows(batch.metadata.segmentRoots.toReversed()).identity;
    expect(await verdict(batch.bytes, { ...batch.facts, rowsRoot })).to.equal("RowsRootMismatch");
  });

  it("refuses segment roots of which one belongs to another blob, or that are swapped", async () => {
    const roots = batch.metadata.segmentRoots;
    const swapped = concat(roots.slice(0, 32), roots.slice(64, 96), roots.slice(32, 64), roots.slice(96));
    const forged = assemble(blobs, batch.metadata.headers, batch.metadata.proofs, swapped);
    expect(await verdict(forged.bytes, forged.facts)).to.equal("DataRootMismatch");
    expect(dataRootOf(swapped.slice(32, 96))).to.not.deep.equal(dataRootOf(roots.slice(32, 96)));
  });

  it("refuses a header of the same form in another order, and any flipped bit of the metadata", async () => {
    const reversed = assemble(blobs, [...batch.metadata.headers].reverse(), batch.metadata.proofs);
    expect(await verdict(reversed.bytes, reversed.facts)).to.equal("DataRootMismatch");
    for (let at = 0; at < batch.bytes.length; at += 241) {
      const flipped = batch.bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 0x10;
      expect(await verdict(flipped, batch.facts), `byte ${at}`).to.not.equal("accepted");
    }
  });

  it("A6: checks every point alone and says whose it is", async () => {
    const bad = blobs[1]?.header.commitment.replace(/..$/, "00") as `0x${string}`;
    const headers = batch.metadata.headers.map((header, i) => (i === 1 ? { ...header, commitment: bad } : header));
    const forged = assemble(blobs, headers, batch.metadata.proofs);
    const refused = await compute.verifyBatch(forged.bytes, forged.facts);
    expect(refused).to.deep.include({ ok: false, code: "BadPoint" });
    expect(refused).to.have.nested.property("fields.index", 1);
    expect(codeOf(await compute.verifyCommitments(headers))).to.equal("BadPoint");
    expect(codeOf(await compute.verifyCommitments(batch.metadata.headers))).to.equal("accepted");
  });

  it("A9: names the one blob of many whose rows are not what its commitment says", async () => {
    const headers = batch.metadata.headers.map((header, i) =>
      i === 2 ? { ...header, commitment: blobs[0]?.header.commitment as `0x${string}` } : header,
    );
    const forged = assemble(blobs, headers, batch.metadata.proofs);
    const opened = await compute.verifyBatch(forged.bytes, forged.facts);
    if (!opened.ok) throw new Error(opened.code);
    const read = async (from: number, count: number) => batch.rows.slice(from * ROW_BYTES, (from + count) * ROW_BYTES);
    const refused = await compute.verifyPolynomials(opened.batch, read);
    expect(refused).to.deep.include({ ok: false, code: "CommitmentMismatch" });
    expect(refused).to.have.nested.property("fields.index", 2);
  });

  it("refuses rows that are not the batch's, at their place, and rows beyond it", async () => {
    const opened = await compute.verifyBatch(batch.bytes, batch.facts);
    if (!opened.ok) throw new Error(opened.code);
    const row = (i: number) => batch.rows.slice(i * ROW_BYTES, (i + 1) * ROW_BYTES);
    expect(codeOf(await compute.verifyRows(opened.batch, 1, row(1)))).to.equal("accepted");
    expect(codeOf(await compute.verifyRows(opened.batch, 1, row(2)))).to.equal("SegmentRootMismatch");
    expect(codeOf(await compute.verifyRows(opened.batch, 5, concat(row(5), row(5))))).to.equal("CountMismatch");
    expect(codeOf(await compute.verifyRows(opened.batch, -1, row(0)))).to.equal("CountMismatch");
  });

  it("refuses rows at the gate when the claimed root of their redundancy is another, and trusts no gate", async () => {
    const opened = await compute.verifyBatch(batch.bytes, batch.facts);
    if (!opened.ok) throw new Error(opened.code);
    const { cellRoots } = await compute.extendRows(batch.rows);
    const roots = redundancyRootsOf(cellRoots);
    expect(codeOf(await compute.verifyRows(opened.batch, 0, batch.rows, roots))).to.equal("accepted");
    // The rows are right: nothing but the gate can have refused them.
    roots.fill(7, 4 * 32, 5 * 32);
    const verdict = await compute.verifyRows(opened.batch, 0, batch.rows, roots);
    expect(verdict).to.deep.include({ ok: false, code: "SegmentRootMismatch", fields: { row: 4 } });
  });

  it("a blob's own proofs hold against its own commitment and no other's", async () => {
    const proofs = await compute.blobProofs(blobs[1]?.q as Uint8Array);
    const alone = assemble([blobs[1] as SampleBlob], [batch.metadata.headers[1] as never], proofs);
    const opened = await compute.verifyBatch(alone.bytes, factsOf(alone.metadata, alone.bytes));
    if (!opened.ok) throw new Error(opened.code);
    const rows = blobs[1]?.rows as Uint8Array;
    expect(codeOf(await compute.verifyPolynomials(opened.batch, async () => rows))).to.equal("accepted");
  });
});
