import { expect } from "chai";
import type { HttpClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import { ROW_BYTES, UPLOAD_ROW_BYTES } from "../../../protocol/params.ts";
import { decodeUpload } from "../../../protocol/upload.ts";
import { createRowsCache } from "../../../workers/batcher/rows.ts";
import { type UploadDeps, upload } from "../../../workers/batcher/upload.ts";
import { keys, type NodeAnswer } from "../../../workers/records.ts";
import { rejection } from "../../fakes/errors.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { answerOf, confirmedAt, hashOf, planOf, submittedAt } from "../facts.ts";
import { put, read } from "./desk.ts";

const plan = planOf(["a", "b"], {
  rowCount: 19,
  blobs: [
    { requestId: hashOf("a"), blobKey: hashOf("key of a"), rows: 18 },
    { requestId: hashOf("b"), blobKey: hashOf("key of b"), rows: 1 },
  ],
});
const { batchId } = plan;
const submitted = submittedAt(10);

const setUp = (fail?: { path: RegExp; code: ErrorCode; fields?: Record<string, string | number> }) => {
  const bucket = memoryBucket();
  put(bucket, keys.plan(batchId), plan);
  put(bucket, keys.submitted(batchId), submitted);
  bucket.objects.set(keys.metadata(batchId), Buffer.from("metadata"));
  bucket.objects.set(keys.rows(hashOf("a")), new Uint8Array(18 * ROW_BYTES).fill(1));
  bucket.objects.set(keys.rows(hashOf("b")), new Uint8Array(ROW_BYTES).fill(2));
  bucket.objects.set(
    keys.redundancy(hashOf("a")),
    Uint8Array.from({ length: 18 * 32 }, (_, i) => i >> 5),
  );
  bucket.objects.set(keys.redundancy(hashOf("b")), new Uint8Array(32).fill(99));
  const sent: string[] = [];
  /** First byte of the redundancy root that accompanies each row. */
  const roots: number[] = [];
  const late: string[] = [];
  const serve = (url: string, method: string | undefined, body: Uint8Array | undefined): void => {
    const path = new URL(url).pathname.replace(`/batches/${batchId}/`, "");
    sent.push(`${method} ${path} ${body?.length ?? 0} ${body?.[0] ?? ""}`.trim());
    if (path.startsWith("rows/") && body) {
      const { redundancyRoots } = decodeUpload(body);
      for (let at = 0; at < redundancyRoots.length; at += 32) roots.push(redundancyRoots[at] as number);
    }
    if (fail?.path.test(path)) throw new ZgError(fail.code, fail.fields);
  };
  const client: Pick<HttpClient, "bytes" | "json"> = {
    bytes: async (url, { method, body }) => {
      serve(url, method, body);
      return new Uint8Array();
    },
    json: async (url, schema, { method, body }) => {
      serve(url, method, body);
      return schema.parse({ batchId, staged: true });
    },
  };
  const deps: UploadDeps = {
    bucket,
    client: client as HttpClient,
    rowsOf: createRowsCache(bucket),
    nodes: ["http://node-0", "http://node-1/"],
    latest: () => 20,
    late: {
      begin: (node) => {
        late.push(`begin ${node}`);
        return late.length === 1;
      },
      end: async (_, node, answered) => void late.push(`end ${node} ${answered}`),
    },
    log: silentLog,
    now: () => 1000,
    pollMs: 50,
  };
  const answer = () => read<NodeAnswer>(bucket, keys.answer(batchId, "1"));
  return {
    bucket,
    deps,
    sent,
    roots,
    late,
    answer,
    run: () => upload(deps, batchId, "1", new AbortController().signal),
  };
};

describe("uploading to one node", () => {
  it("sends metadata, then rows by their place in the batch, at most 16 at once, then asks to stage", async () => {
    const { run, sent, roots, answer } = setUp();
    expect(await run()).to.equal(undefined);
    expect(sent).to.deep.equal([
      "PUT metadata 8 109",
      `PUT rows/0 ${16 * UPLOAD_ROW_BYTES} 1`,
      `PUT rows/16 ${2 * UPLOAD_ROW_BYTES} 1`,
      `PUT rows/18 ${UPLOAD_ROW_BYTES} 2`,
      "POST stage 0",
    ]);
    expect(roots).to.deep.equal([...Array(18).keys(), 99]);
    expect(answer()).to.include({ outcome: "staged", url: "http://node-1/", seed: submitted.blockHash });
  });

  it("sends no row to a node that has not seen the batch yet, and comes back", async () => {
    const { run, sent, answer } = setUp({ path: /metadata/, code: "UnknownBatch" });
    expect(await run()).to.equal(50);
    expect(sent).to.have.length(1);
    expect(answer()).to.equal(undefined);
  });

  it("keeps a refusal by name with the blob it names, and does not insist", async () => {
    const { run, sent, answer } = setUp({ path: /stage/, code: "CommitmentMismatch", fields: { index: 1 } });
    expect(await run()).to.equal(undefined);
    expect(answer()).to.include({ outcome: "refused", code: "CommitmentMismatch", blobKey: hashOf("key of b") });
    const before = sent.length;
    await run();
    expect(sent).to.have.length(before);
  });

  it("names a node that is down, and tries it again", async () => {
    const { run, answer, deps, bucket } = setUp({ path: /./, code: "NodeDown" });
    expect(await run()).to.be.greaterThan(0);
    expect(answer()).to.include({ outcome: "down", code: "NodeDown" });
    const healthy = setUp();
    expect(
      await upload({ ...deps, bucket, client: healthy.deps.client }, batchId, "1", new AbortController().signal),
    ).to.equal(undefined);
    expect(answer()?.outcome).to.equal("staged");
  });

  it("sends nothing twice to a node that has acknowledged, but again after a reorg", async () => {
    const { run, sent, bucket } = setUp();
    put(bucket, keys.answer(batchId, "1"), answerOf("1", { seed: submitted.blockHash }));
    await run();
    expect(sent).to.deep.equal([]);
    put(bucket, keys.answer(batchId, "1"), answerOf("1", { seed: hashOf("the block before the reorg") }));
    await run();
    expect(sent).to.have.length(5);
  });

  it("brings a confirmed batch, closed or not, to a node that lacks it, until its retention is over", async () => {
    for (const closed of [null, { outcome: "finalized", time: 1 }]) {
      const { bucket, deps, run, sent, late, answer } = setUp();
      put(bucket, keys.confirmed(batchId), confirmedAt(14));
      if (closed !== null) put(bucket, keys.closed(batchId), closed);
      const over = { ...deps, latest: () => 14 + 3601 };
      expect(await upload(over, batchId, "1", new AbortController().signal)).to.equal(undefined);
      expect(sent).to.deep.equal([]);
      expect(await run()).to.equal(undefined);
      expect(sent).to.have.length(5);
      expect(late).to.deep.equal(["begin 1", "end 1 true"]);
      expect(answer()?.outcome).to.equal("staged");
    }
  });

  for (const code of ["NodeDown", "UnknownBatch", "BatchNotOpen", "Busy"] as const) {
    it(`leaves it to the reconciler when a node that lacks a confirmed batch says ${code}`, async () => {
      const { bucket, run, sent, late } = setUp({ path: /metadata/, code });
      put(bucket, keys.confirmed(batchId), confirmedAt(14));
      expect(await run()).to.equal(undefined);
      expect(late).to.deep.equal(["begin 1", "end 1 false"]);
      // The second `begin` is refused: the node rests.
      expect(await run()).to.equal(undefined);
      expect(sent).to.have.length(1);
    });
  }

  it("brings nothing of a batch that ended without a certificate", async () => {
    const { bucket, run, sent } = setUp();
    put(bucket, keys.closed(batchId), { outcome: "unavailable", time: 1 });
    await run();
    expect(sent).to.deep.equal([]);
  });

  it("gives up at the deadline", async () => {
    const { deps, sent } = setUp();
    expect(await upload({ ...deps, latest: () => 131 }, batchId, "1", new AbortController().signal)).to.equal(
      undefined,
    );
    expect(sent).to.deep.equal([]);
  });
});

describe("the cache of packed rows", () => {
  const bucketWith = (...names: string[]) => {
    const bucket = memoryBucket();
    for (const name of names) bucket.objects.set(keys.rows(hashOf(name)), new Uint8Array(100));
    const reads: string[] = [];
    bucket.failOn = (operation, key) => void (operation === "get" && reads.push(key)) as undefined;
    return { bucket, reads };
  };

  it("reads once for all who ask, at the same time or later", async () => {
    const { bucket, reads } = bucketWith("a");
    const rowsOf = createRowsCache(bucket);
    await Promise.all([rowsOf(hashOf("a")), rowsOf(hashOf("a"))]);
    await rowsOf(hashOf("a"));
    expect(reads).to.have.length(1);
  });

  it("forgets what was used least recently when memory is short", async () => {
    const { bucket, reads } = bucketWith("a", "b", "c");
    const rowsOf = createRowsCache(bucket, 250);
    for (const name of ["a", "b", "a", "c", "a", "b"]) await rowsOf(hashOf(name));
    expect(reads.map((key) => key.slice(6, 72))).to.deep.equal(["a", "b", "c", "b"].map(hashOf));
  });

  it("does not remember a failure", async () => {
    const { bucket } = bucketWith();
    const rowsOf = createRowsCache(bucket);
    await rejection(rowsOf(hashOf("a")), "CorruptObject");
    bucket.objects.set(keys.rows(hashOf("a")), new Uint8Array(100));
    expect(await rowsOf(hashOf("a"))).to.have.length(100);
  });
});
