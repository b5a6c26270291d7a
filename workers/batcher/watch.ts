/** What the chain says becomes facts in the bucket; what it takes back is withdrawn, and that is a fact, too. */
import { type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { ChainEvent } from "../../adapters/chain.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type Confirmed, type Failed, keys, type Reorged, type Submitted } from "../records.ts";
import type { OpenBatches } from "./open.ts";

export interface WatchDeps {
  readonly bucket: ObjectStore;
  readonly open: OpenBatches;
  readonly confirmWindow: number;
  /** Gas of a mined transaction. */
  readonly gasOf: (tx: Hex) => Promise<number | undefined>;
  readonly now: () => number;
}

/** The batches that an event changed, so that their next jobs can be made at once. */
export const applyEvents = async (deps: WatchDeps, events: readonly ChainEvent[]): Promise<Set<Hex>> => {
  const touched = new Set<Hex>();
  for (const event of events) {
    const batchId = event.args.batchId as Hex | undefined;
    if (batchId !== undefined && (await applyToBatch(deps, event, batchId))) touched.add(batchId);
  }
  return touched;
};

const applyToBatch = async (deps: WatchDeps, event: ChainEvent, batchId: Hex): Promise<boolean> => {
  const { bucket, open } = deps;
  const batch = await open.find(batchId);
  if (batch === undefined) return false;
  const at = async (): Promise<Failed> => ({
    block: event.blockNumber,
    blockHash: event.blockHash,
    tx: event.transactionHash,
    gas: await deps.gasOf(event.transactionHash),
    time: deps.now(),
  });
  // The same event again (a crash before the cursor) keeps the time at which it was first seen.
  const isNew = (known: Failed | null): boolean => known?.blockHash !== event.blockHash;
  const { args } = event;
  switch (event.name) {
    case "BatchSubmitted": {
      if (!isNew(batch.submitted)) return true;
      const deadline = event.blockNumber + deps.confirmWindow;
      const submitted: Submitted = { ...(await at()), epoch: Number(args.epoch), deadline };
      await putJson(bucket, keys.submitted(batchId), submitted);
      open.update(batchId, { submitted });
      return true;
    }
    case "BatchConfirmed": {
      if (!isNew(batch.confirmed)) return true;
      const confirmed: Confirmed = {
        ...(await at()),
        signedStake: String(args.signedStake),
        totalStake: String(args.totalStake),
        rowsTxSeq: Number(args.rowsTxSeq),
        metadataTxSeq: Number(args.metadataTxSeq),
        retainUntil: Number(args.retainUntil),
      };
      await putJson(bucket, keys.bond(batchId), { retainUntil: confirmed.retainUntil });
      await putJson(bucket, keys.replication(batchId), { retainUntil: confirmed.retainUntil });
      await putJson(bucket, keys.confirmed(batchId), confirmed);
      crashpoint("confirmation-recorded");
      open.update(batchId, { confirmed });
      return true;
    }
    case "BatchFailed": {
      if (!isNew(batch.failed)) return true;
      const failed = await at();
      await putJson(bucket, keys.failed(batchId), failed);
      open.update(batchId, { failed });
      return true;
    }
    default:
      return false;
  }
};

/** Everything seen above `ancestor` was a reading that the chain took back. Closed batches are below finality. */
export const applyReorg = async (
  deps: Pick<WatchDeps, "bucket" | "open" | "now">,
  ancestor: number,
): Promise<Set<Hex>> => {
  const { bucket, open, now } = deps;
  const touched = new Set<Hex>();
  for (const batch of open.all()) {
    const { batchId } = batch.plan;
    // Last first: a crash in between leaves a state that the chain had.
    for (const what of ["failed", "confirmed", "submitted"] as const) {
      const seen = batch[what];
      if (seen === null || seen.block <= ancestor) continue;
      const reorged: Reorged = { what, block: seen.block, blockHash: seen.blockHash, time: now() };
      await putJson(bucket, keys.reorg(batchId, what, seen.blockHash), reorged, { once: true });
      await bucket.delete(keys[what](batchId));
      open.update(batchId, { [what]: null });
      touched.add(batchId);
    }
  }
  return touched;
};
