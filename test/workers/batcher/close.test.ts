import { expect } from "chai";
import { silentLog } from "../../../adapters/log.ts";
import type { Intent } from "../../../adapters/outbox.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { type CloseDeps, fail, finalize } from "../../../workers/batcher/close.ts";
import { createOpenBatches } from "../../../workers/batcher/open.ts";
import { type Closed, keys, type Verdict } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { answerOf, confirmedAt, hashOf, minedAt, planOf, SUBMITTER, submittedAt } from "../facts.ts";
import { put, read } from "./desk.ts";

const setUp = (attempt = 0, more: Partial<CloseDeps> = {}) => {
  const bucket = memoryBucket();
  const plan = planOf(["a", "b"], { attempt });
  const { batchId } = plan;
  put(bucket, keys.plan(batchId), plan);
  put(bucket, keys.open(batchId), {});
  put(bucket, keys.submitted(batchId), submittedAt(10));
  for (const { requestId } of plan.blobs) put(bucket, keys.pending(requestId), {});
  const enqueued: string[] = [];
  const calls = {
    fail: async (id: Hex): Promise<Intent> => ({
      id: `fail-${id}`,
      kind: "failBatch",
      to: SUBMITTER,
      data: "0x",
      value: "0",
    }),
  };
  const deps: CloseDeps = {
    bucket,
    open: createOpenBatches(bucket),
    outbox: { enqueue: async ({ id }) => ({ nonce: enqueued.push(id) }) },
    calls,
    validators: { of: async () => ({ validators: [], totalStake: 40n, hint: 0, aggregateKey: "0x" }) },
    clock: () => ({ latest: 200, finalized: 190 }),
    nodes: 2,
    pokeSend: async () => undefined,
    pokeBatch: async () => undefined,
    log: silentLog,
    now: () => 1000,
    ...more,
  };
  return {
    bucket,
    batchId,
    deps,
    enqueued,
    verdict: (name: string) => read<Verdict>(bucket, keys.verdict(hashOf(name))),
    isPending: (name: string) => bucket.objects.has(keys.pending(hashOf(name))),
    closed: () => read<Closed>(bucket, keys.closed(batchId))?.outcome,
    isOpen: () => bucket.objects.has(keys.open(batchId)),
  };
};

describe("finalizing a batch", () => {
  it("writes every verdict, removes every marker, closes the batch", async () => {
    const { bucket, batchId, deps, verdict, isPending, closed, isOpen } = setUp();
    put(bucket, keys.confirmed(batchId), confirmedAt(14));
    await finalize(deps, batchId);
    for (const name of ["a", "b"]) {
      expect(verdict(name)).to.include({ status: "FINALIZED", batchId, block: 14, charged: true });
      expect(isPending(name)).to.equal(false);
    }
    expect(closed()).to.equal("finalized");
    expect(isOpen()).to.equal(false);
  });

  it("writes nothing below finalized height", async () => {
    const { bucket, batchId, deps, verdict } = setUp(0, { clock: () => ({ latest: 200, finalized: 13 }) });
    put(bucket, keys.confirmed(batchId), confirmedAt(14));
    await finalize(deps, batchId);
    expect(verdict("a")).to.equal(undefined);
  });

  it("goes on after a crash in the middle, and changes no verdict that is there", async () => {
    const { bucket, batchId, deps, verdict, isPending } = setUp();
    put(bucket, keys.confirmed(batchId), confirmedAt(14));
    put(bucket, keys.verdict(hashOf("a")), { status: "FINALIZED", time: 1 });
    await finalize(deps, batchId);
    await finalize(deps, batchId);
    expect(verdict("a")?.time).to.equal(1);
    expect(verdict("b")?.status).to.equal("FINALIZED");
    expect(isPending("a")).to.equal(false);
  });
});

describe("failing a batch", () => {
  it("plans failBatch once the deadline has passed, and leaves the blobs where they are", async () => {
    const { batchId, deps, enqueued, verdict, closed } = setUp();
    await fail(deps, batchId);
    expect(enqueued).to.deep.equal([`fail-${batchId}`]);
    expect(verdict("a")).to.equal(undefined);
    expect(closed()).to.equal(undefined);
  });

  it("plans nothing before the deadline, or when somebody else was faster", async () => {
    const early = setUp(0, { clock: () => ({ latest: 130, finalized: 120 }) });
    await fail(early.deps, early.batchId);
    expect(early.enqueued).to.deep.equal([]);
    const fails = async () => {
      throw new ZgError("ChainReverted", { error: "AlreadyFailed" });
    };
    const late = setUp(0, { calls: { fail: fails } });
    await fail(late.deps, late.batchId);
    expect(late.enqueued).to.deep.equal([]);
  });

  it("frees the blobs for the next attempt at finalized height, and not before", async () => {
    const early = setUp(0, { clock: () => ({ latest: 200, finalized: 139 }) });
    put(early.bucket, keys.failed(early.batchId), minedAt(140));
    await fail(early.deps, early.batchId);
    expect(early.closed()).to.equal(undefined);

    const { bucket, batchId, deps, verdict, isPending, closed } = setUp();
    put(bucket, keys.failed(batchId), minedAt(140));
    await fail(deps, batchId);
    expect(closed()).to.equal("unavailable");
    expect(verdict("a")).to.equal(undefined);
    expect(isPending("a")).to.equal(true);
  });

  it("ends the blobs of a third failure with INSUFFICIENT_SIGNATURES", async () => {
    const { bucket, batchId, deps, verdict, isPending } = setUp(2);
    put(bucket, keys.failed(batchId), minedAt(140));
    await fail(deps, batchId);
    expect(verdict("a")).to.include({ status: "INSUFFICIENT_SIGNATURES", charged: true, retry: true });
    expect(isPending("a")).to.equal(false);
  });

  it("ends only the blob that was refused by name, with the code of the refusal", async () => {
    const { bucket, batchId, deps, verdict, isPending } = setUp();
    put(bucket, keys.failed(batchId), minedAt(140));
    for (const node of ["0", "1"]) {
      const blobKey = hashOf("key of b");
      const refusal = answerOf(node, {
        outcome: "refused",
        code: "CommitmentMismatch",
        blobKey,
        seed: hashOf("block 10"),
      });
      put(bucket, keys.answer(batchId, node), refusal);
    }
    await fail(deps, batchId);
    expect(verdict("b")).to.include({ status: "FAILED", code: "CommitmentMismatch", retry: false });
    expect(verdict("a")).to.equal(undefined);
    expect(isPending("a")).to.equal(true);
  });

  it("does not fail a batch that was confirmed in the last moment", async () => {
    const { bucket, batchId, deps, enqueued } = setUp();
    put(bucket, keys.confirmed(batchId), confirmedAt(130));
    await fail(deps, batchId);
    expect(enqueued).to.deep.equal([]);
  });
});
