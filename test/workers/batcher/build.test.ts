import { expect } from "chai";
import { accepted } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { ROW_BYTES } from "../../../protocol/params.ts";
import { streamIdOf } from "../../../protocol/stream.ts";
import { buildBatch, loadBlob } from "../../../workers/batcher/build.ts";
import { createAccept } from "../../../workers/disperser/accept.ts";
import { encode } from "../../../workers/encoder/process.ts";
import { keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { payloadOf } from "../../protocol/sample.ts";
import { hashOf, packedOf, SUBMITTER } from "../facts.ts";

describe("a batch built from accepted blobs", function () {
  this.timeout(60_000);
  const entrance: Hex = `0x${"e1".repeat(20)}`;

  it("passes every check of a storage node: metadata, roots, commitments, column proofs", async () => {
    const compute = await sharedCompute();
    const bucket = memoryBucket();
    const accept = createAccept({ bucket, enqueue: async () => true, now: () => 1 });
    const ids: Hex[] = [];
    for (const length of [1, 126_972, 126_973, 300_000]) {
      const packed = packedOf(payloadOf(`${length}`, length));
      const request = { ...packed, account: SUBMITTER, salt: hashOf(`${length}`) };
      const { requestId } = await accept(request);
      await encode({ bucket, compute, pokeBatch: async () => undefined, now: () => 2 }, requestId);
      ids.push(requestId);
    }
    const blobs = await Promise.all(ids.map((id) => loadBlob(bucket, id)));
    const context = { chainId: 31337, entrance, submitter: SUBMITTER, attempt: 1, time: 3 };
    const { plan, metadata } = await buildBatch(compute, context, blobs);
    expect(plan.rowCount).to.equal(1 + 1 + 2 + 3);

    const { batchId, attempt, batchRoot, rowsRoot, metadataRoot, metadataLength, rowCount } = plan;
    const recorded = { batchId, attempt, batchRoot, rowsRoot, metadataRoot, metadataLength, rowCount };
    const facts = { ...recorded, submitter: SUBMITTER, blobCount: 4, streamId: streamIdOf(31337n, entrance) };
    const { batch } = accepted(await compute.verifyBatch(metadata, facts));
    const rows = Buffer.concat(await Promise.all(ids.map(async (id) => (await bucket.get(keys.rows(id)))!)));
    accepted(await compute.verifyRows(batch, 0, rows));
    const read = async (first: number, count: number) => rows.subarray(first * ROW_BYTES, (first + count) * ROW_BYTES);
    accepted(await compute.verifyPolynomials(batch, read));
  });
});
