/**
 * Edge `batch`: the next batch, planned for the next outbox slot. The slot is the fence: a batch for slot n is made from
 * blobs that are in no lower slot, and only one batch can have slot n; who comes second packs again.
 */
import { type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { Compute } from "../../adapters/compute.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Log } from "../../adapters/log.ts";
import type { Outbox } from "../../adapters/outbox.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { hold, release } from "../held.ts";
import { type BatchPlan, keys } from "../records.ts";
import { buildBatch, loadBlob } from "./build.ts";
import { type Calls, revertOf } from "./calls.ts";
import { findCandidates } from "./candidates.ts";
import type { OpenBatches } from "./open.ts";
import { type Candidate, type Limits, pack } from "./pack.ts";
import { inParallel } from "./parallel.ts";
import type { Slots } from "./slot-reader.ts";

export interface FormDeps {
  readonly bucket: ObjectStore;
  readonly compute: Pick<Compute, "columnProofs">;
  readonly outbox: Pick<Outbox, "address" | "next" | "plan">;
  readonly slots: Slots;
  readonly open: OpenBatches;
  readonly calls: Pick<Calls, "submit" | "statusOf">;
  readonly adopt: (batchId: Hex) => Promise<void>;
  readonly pokeSend: () => Promise<unknown>;
  readonly chainId: number;
  readonly entrance: Hex;
  readonly limits: Limits;
  readonly log: Log;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** When a submission would be refused for a reason that may pass (no validators, no money), ms. */
const REFUSED_PAUSE_MS = 2_000;

/** Packs until there is nothing to pack; resolves to the ms after which there may be something again. */
export const formBatches = async (deps: FormDeps): Promise<number | undefined> => {
  for (;;) {
    deps.signal.throwIfAborted();
    // In this order: a slot that is taken after `next` makes our plan fail, one taken before it is seen.
    const nonce = await deps.outbox.next();
    const live = await deps.slots.live();
    const { candidates, waiting } = await findCandidates({ ...deps, statusOnChain: deps.calls.statusOf }, live);
    const packing = pack(candidates, deps.limits, deps.now());
    if (candidates.length === 0) await release(deps.bucket);
    if (!("pack" in packing)) return packing.waitMs ?? (waiting > 0 ? deps.limits.waitMs : undefined);
    const outcome = await formOne(deps, nonce, packing.pack, packing.attempt);
    if (outcome === "refused") return REFUSED_PAUSE_MS;
  }
};

const formOne = async (
  deps: FormDeps,
  nonce: number,
  chosen: readonly Candidate[],
  attempt: number,
): Promise<"planned" | "taken" | "adopted" | "refused"> => {
  const { bucket, outbox, calls, log } = deps;
  const { chainId, entrance } = deps;
  const submitter = outbox.address.toLowerCase() as Hex;
  const blobs = await inParallel(chosen, ({ requestId }) => loadBlob(bucket, requestId));
  const context = { chainId, entrance, submitter, attempt, time: deps.now() };
  const { plan, metadata } = await buildBatch(deps.compute, context, blobs);
  const { batchId } = plan;
  await writePlan(bucket, plan, metadata);
  await deps.open.add(plan);
  crashpoint("batch-formed");
  try {
    const intent = await calls.submit(plan);
    deps.signal.throwIfAborted();
    if ((await outbox.plan(nonce, intent)) === "exists") return "taken";
  } catch (error) {
    const revert = revertOf(error);
    if (revert === "BatchAlreadySubmitted" && (await calls.statusOf(batchId)) !== "Unavailable") {
      await deps.adopt(batchId);
      return "adopted";
    }
    if (!(error instanceof ZgError) || (revert === undefined && error.code !== "InsufficientFunds")) throw error;
    log.warn({ batchId, revert, error }, "the chain would not take the batch");
    await hold(bucket, error, deps.now());
    return "refused";
  }
  await release(bucket);
  log.info({ batchId, nonce, blobs: plan.blobs.length, rows: plan.rowCount, attempt }, "batch planned");
  await deps.pokeSend();
  return "planned";
};

/** All of it before the slot: whoever finds the slot finds the batch, and each blob finds its way to it. */
const writePlan = async (bucket: ObjectStore, plan: BatchPlan, metadata: Uint8Array): Promise<void> => {
  const { batchId } = plan;
  await bucket.put(keys.metadata(batchId), metadata);
  await putJson(bucket, keys.plan(batchId), plan, { once: true });
  await inParallel(plan.blobs, ({ requestId }) => putJson(bucket, keys.placement(requestId, batchId), { batchId }));
};
