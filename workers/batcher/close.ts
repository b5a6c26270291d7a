/** Edges `finalize` and `fail`: the end of a batch, written from finalized height, each step repeatable. */
import { type ObjectStore, putJson } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Log } from "../../adapters/log.ts";
import type { Outbox } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import { readBatchFacts } from "../batch-facts.ts";
import { type Closed, keys, type Verdict } from "../records.ts";
import { type Calls, revertOf } from "./calls.ts";
import type { OpenBatches } from "./open.ts";
import { inParallel } from "./parallel.ts";
import { type Fate, fatesOf } from "./retry.ts";
import type { Clock } from "./steps.ts";
import type { Validators } from "./validators.ts";

export interface CloseDeps {
  readonly bucket: ObjectStore;
  readonly open: OpenBatches;
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly calls: Pick<Calls, "fail">;
  readonly validators: Pick<Validators, "of">;
  readonly clock: () => Clock;
  readonly nodes: number;
  readonly pokeSend: () => Promise<unknown>;
  readonly pokeBatch: () => Promise<unknown>;
  readonly log: Log;
  readonly now: () => number;
}

export const finalize = async (deps: CloseDeps, batchId: Hex): Promise<void> => {
  const { bucket, now } = deps;
  const facts = await readBatchFacts(bucket, batchId);
  const confirmed = facts?.confirmed;
  if (facts == null || confirmed == null || facts.closed || confirmed.block > deps.clock().finalized) return;
  const { block, tx } = confirmed;
  const verdict: Verdict = { status: "FINALIZED", batchId, charged: true, retry: false, block, tx, time: now() };
  await inParallel(facts.plan.blobs, async ({ requestId }) => {
    await end(bucket, requestId, verdict);
    crashpoint("cleanup-half");
  });
  crashpoint("finalized");
  await close(deps, batchId, "finalized");
};

/** Before `failBatch` is mined: plans it. After it is final: decides what becomes of each blob. */
export const fail = async (deps: CloseDeps, batchId: Hex): Promise<void> => {
  const { bucket, calls, outbox, clock, now, log } = deps;
  const facts = await readBatchFacts(bucket, batchId);
  if (facts?.submitted == null || facts.confirmed || facts.closed) return;
  if (facts.failed === null) {
    if (clock().latest <= facts.submitted.deadline) return;
    try {
      await outbox.enqueue(await calls.fail(batchId));
    } catch (error) {
      // Anyone may have called it; its event is on the way. Or this node has not reached the deadline yet.
      if (revertOf(error) === undefined) throw error;
      log.debug({ batchId, error }, "failBatch not needed");
      return;
    }
    await deps.pokeSend();
    return;
  }
  if (facts.failed.block > clock().finalized) return;
  const { validators } = await deps.validators.of(facts.submitted.epoch);
  const { plan, answers, votes } = facts;
  const fates = fatesOf({ blobs: plan.blobs, attempt: plan.attempt, answers, nodes: deps.nodes, votes, validators });
  const { failed } = facts;
  await inParallel([...plan.blobs.entries()], async ([index, { requestId }]) => {
    const verdict = verdictOf(fates[index], batchId, failed, now());
    if (verdict !== undefined) await end(bucket, requestId, verdict);
  });
  log.warn({ batchId, attempt: plan.attempt, fates: fates.map(({ kind }) => kind) }, "batch got no quorum");
  await close(deps, batchId, "unavailable");
  await deps.pokeBatch();
};

/** The DA fee of an unavailable batch stays in the sampling pool: whoever was in it has been charged. */
const verdictOf = (
  fate: Fate | undefined,
  batchId: Hex,
  { block, tx }: { readonly block: number; readonly tx: Hex },
  time: number,
): Verdict | undefined => {
  if (fate === undefined || fate.kind === "again") return undefined;
  const common = { batchId, charged: true, block, tx, time };
  if (fate.kind === "failed") return { status: "FAILED", code: fate.code, retry: false, ...common };
  return { status: "INSUFFICIENT_SIGNATURES", code: "InsufficientSignatures", retry: true, ...common };
};

/** The verdict first: as long as the marker is there, the blob is looked at again. */
const end = async (bucket: ObjectStore, requestId: Hex, verdict: Verdict): Promise<void> => {
  await putJson(bucket, keys.verdict(requestId), verdict, { once: true });
  await bucket.delete(keys.pending(requestId));
};

const close = async (deps: CloseDeps, batchId: Hex, outcome: Closed["outcome"]): Promise<void> => {
  const closed: Closed = { outcome, time: deps.now() };
  await putJson(deps.bucket, keys.closed(batchId), closed, { once: true });
  await deps.open.remove(batchId);
};
