/** Everything that is known of a batch, read together: what the batcher decides on and the disperser shows. */
import { getJson, type ObjectStore } from "../adapters/bucket.ts";
import type { Hex } from "../protocol/hex.ts";
import { BatchPlan, Closed, Confirmed, Failed, keys, NodeAnswer, Reorged, Submitted, Vote } from "./records.ts";

export interface BatchFacts {
  readonly plan: BatchPlan;
  readonly submitted: Submitted | null;
  readonly confirmed: Confirmed | null;
  readonly failed: Failed | null;
  readonly closed: Closed | null;
  readonly reorgs: readonly Reorged[];
  /** Of the present submission only: after a reorg the seed differs and nodes are asked again. */
  readonly answers: readonly NodeAnswer[];
  readonly votes: readonly Vote[];
}

/** Null when there is no plan: the batch is not ours. */
export const readBatchFacts = async (bucket: ObjectStore, batchId: Hex): Promise<BatchFacts | null> => {
  const [plan, submitted, confirmed, failed, closed, reorgs] = await Promise.all([
    getJson(bucket, keys.plan(batchId), BatchPlan),
    getJson(bucket, keys.submitted(batchId), Submitted),
    getJson(bucket, keys.confirmed(batchId), Confirmed),
    getJson(bucket, keys.failed(batchId), Failed),
    getJson(bucket, keys.closed(batchId), Closed),
    readAll(bucket, keys.reorgs(batchId), (key) => getJson(bucket, key, Reorged)),
  ]);
  if (plan === null) return null;
  const seed = submitted?.blockHash;
  const [answers, votes] =
    seed === undefined
      ? [[], []]
      : await Promise.all([
          readAll(bucket, keys.answers(batchId), (key) => getJson(bucket, key, NodeAnswer)),
          readAll(bucket, keys.votes(batchId, seed), (key) => getJson(bucket, key, Vote)),
        ]);
  return { plan, submitted, confirmed, failed, closed, reorgs, answers: answers.filter((a) => a.seed === seed), votes };
};

/** Every object under a prefix, in the order of its keys. */
export const readAll = async <T>(
  bucket: ObjectStore,
  prefix: string,
  read: (key: string) => Promise<T | null>,
): Promise<T[]> => {
  const reads: Promise<T | null>[] = [];
  for await (const key of bucket.list(prefix)) reads.push(read(key));
  return (await Promise.all(reads)).filter((value) => value !== null);
};
