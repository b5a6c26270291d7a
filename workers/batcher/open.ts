/** The batches that are not closed, with what the chain says of them, in memory; the bucket is the record. */
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { Hex } from "../../protocol/hex.ts";
import { BatchPlan, Closed, Confirmed, Failed, idIn, keys, Submitted } from "../records.ts";

export interface OpenBatch {
  readonly plan: BatchPlan;
  readonly submitted: Submitted | null;
  readonly confirmed: Confirmed | null;
  readonly failed: Failed | null;
}

export interface OpenBatches {
  /** Reads everything again: another batcher on the same key may have written. */
  reload(): Promise<void>;
  get(batchId: Hex): OpenBatch | undefined;
  all(): OpenBatch[];
  /** The batch, read from the bucket if it is unknown here; undefined when it is not ours or is closed. */
  find(batchId: Hex): Promise<OpenBatch | undefined>;
  /** What the chain said, or took back. */
  update(batchId: Hex, facts: Partial<Omit<OpenBatch, "plan">>): void;
  /** Durable before the batch is planned. */
  add(plan: BatchPlan): Promise<void>;
  remove(batchId: Hex): Promise<void>;
}

export const createOpenBatches = (bucket: ObjectStore): OpenBatches => {
  const batches = new Map<Hex, OpenBatch>();

  const read = async (batchId: Hex): Promise<OpenBatch | undefined> => {
    const [plan, submitted, confirmed, failed, closed] = await Promise.all([
      getJson(bucket, keys.plan(batchId), BatchPlan),
      getJson(bucket, keys.submitted(batchId), Submitted),
      getJson(bucket, keys.confirmed(batchId), Confirmed),
      getJson(bucket, keys.failed(batchId), Failed),
      getJson(bucket, keys.closed(batchId), Closed),
    ]);
    return plan === null || closed !== null ? undefined : { plan, submitted, confirmed, failed };
  };

  return {
    reload: async () => {
      const ids = new Set<Hex>();
      for await (const key of bucket.list(keys.opens)) ids.add(idIn(key));
      for (const batchId of batches.keys()) if (!ids.has(batchId)) batches.delete(batchId);
      for (const batchId of ids) {
        const before = batches.get(batchId);
        const batch = await read(batchId);
        if (batch !== undefined) {
          // What an event changed meanwhile is newer than what was read.
          if (batches.get(batchId) === before) batches.set(batchId, batch);
          continue;
        }
        // Closed, but whoever closed it died before the marker was gone.
        batches.delete(batchId);
        await bucket.delete(keys.open(batchId));
      }
    },
    get: (batchId) => batches.get(batchId),
    all: () => [...batches.values()],
    find: async (batchId) => {
      const known = batches.get(batchId);
      if (known !== undefined) return known;
      const batch = await read(batchId);
      if (batch === undefined) return undefined;
      await putJson(bucket, keys.open(batchId), { batchId });
      batches.set(batchId, batch);
      return batch;
    },
    update: (batchId, facts) => {
      const batch = batches.get(batchId);
      if (batch !== undefined) batches.set(batchId, { ...batch, ...facts });
    },
    add: async (plan) => {
      await putJson(bucket, keys.open(plan.batchId), { batchId: plan.batchId });
      if (!batches.has(plan.batchId))
        batches.set(plan.batchId, { plan, submitted: null, confirmed: null, failed: null });
    },
    remove: async (batchId) => {
      await bucket.delete(keys.open(batchId));
      batches.delete(batchId);
    },
  };
};
