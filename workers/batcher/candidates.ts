/** The blobs that may go into the next batch: encoded, without a verdict, and in no batch of ours that is alive. */
import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import type { Hex } from "../../protocol/hex.ts";
import { Accepted, BatchPlan, Closed, Encoded, idIn, keys } from "../records.ts";
import type { Candidate } from "./pack.ts";
import { inParallel } from "./parallel.ts";

export type OnChain = "None" | "Submitted" | "Available" | "Unavailable";

export interface CandidateDeps {
  readonly bucket: ObjectStore;
  readonly statusOnChain: (batchId: Hex) => Promise<OnChain>;
  /** Told of a batch of ours that is on chain although no outbox slot of ours says so. */
  readonly adopt: (batchId: Hex) => Promise<void>;
}

export interface Found {
  readonly candidates: readonly Candidate[];
  /** Blobs that are not encoded yet: they will be candidates soon. */
  readonly waiting: number;
}

export const findCandidates = async (deps: CandidateDeps, live: ReadonlySet<Hex>): Promise<Found> => {
  const { bucket } = deps;
  const placed = await blobsOf(bucket, live);
  const ids: Hex[] = [];
  for await (const key of bucket.list(keys.pendings)) {
    const requestId = idIn(key);
    if (!placed.has(requestId)) ids.push(requestId);
  }
  const looked = await inParallel(ids, (requestId) => look(deps, requestId));
  return {
    candidates: looked.filter((found) => typeof found === "object"),
    waiting: looked.filter((found) => found === "waiting").length,
  };
};

const look = async (deps: CandidateDeps, requestId: Hex): Promise<Candidate | "waiting" | "placed"> => {
  const { bucket } = deps;
  const [accepted, encoded] = await Promise.all([
    getJson(bucket, keys.accepted(requestId), Accepted),
    getJson(bucket, keys.encoded(requestId), Encoded),
  ]);
  if (accepted === null || encoded === null) return "waiting";
  if (await bucket.has(keys.verdict(requestId))) return "placed";
  let attempt = 0;
  for await (const key of bucket.list(keys.placements(requestId))) {
    const batchId = idIn(key);
    if ((await getJson(bucket, keys.closed(batchId), Closed)) !== null) {
      attempt += 1;
      continue;
    }
    // A batch that no live slot holds: nothing came of it, unless the chain knows better.
    if ((await deps.statusOnChain(batchId)) === "None") continue;
    await deps.adopt(batchId);
    return "placed";
  }
  return { requestId, blobKey: encoded.blobKey, rows: accepted.rows, since: encoded.time, attempt };
};

const blobsOf = async (bucket: ObjectStore, batches: ReadonlySet<Hex>): Promise<Set<Hex>> => {
  const plans = await inParallel([...batches], (batchId) => getJson(bucket, keys.plan(batchId), BatchPlan));
  return new Set(plans.flatMap((plan) => plan?.blobs.map(({ requestId }) => requestId) ?? []));
};
