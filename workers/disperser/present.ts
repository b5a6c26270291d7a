/** Facts as a user reads them: one view of a blob, its events in the order of time. */
import type { BatchFacts } from "../batch-facts.ts";
import { type BlobFacts, currentBatch, flagsOf, statusOf } from "./status.ts";
import type { BlobEvent, BlobView } from "./view.ts";

export const viewOf = (facts: BlobFacts): BlobView => {
  const { accepted, encoded, verdict, batches } = facts;
  const batch = currentBatch(facts);
  const flags = flagsOf(facts);
  const index = batch?.plan.blobs.findIndex(({ requestId }) => requestId === accepted.requestId);
  return {
    requestId: accepted.requestId,
    blobKey: encoded?.blobKey,
    batchId: batch?.plan.batchId,
    blobIndex: index,
    status: statusOf(facts),
    dataRoot: encoded?.dataRoot,
    commitment: encoded?.commitment,
    length: accepted.length,
    rows: accepted.rows,
    account: accepted.account,
    salt: accepted.salt,
    attempt: batch?.plan.attempt ?? batches.length,
    batchRows: batch?.plan.rowCount,
    batchBlobs: batch?.plan.blobs.length,
    code: verdict?.code,
    charged: verdict?.charged,
    retry: verdict?.retry,
    held: heldOf(facts),
    stake: batch?.confirmed ? { signed: batch.confirmed.signedStake, total: batch.confirmed.totalStake } : undefined,
    retainUntil: batch?.confirmed?.retainUntil,
    flags:
      flags.length === 0
        ? undefined
        : flags.map(({ what, batchId, reporter, block, tx }) => ({ what, batchId, reporter, block, tx })),
    events: eventsOf(facts),
    acks: (batch?.answers ?? [])
      .filter(({ outcome }) => outcome === "staged")
      .map(({ node, url, time }) => ({ node, url, time })),
    signatures: (batch?.votes ?? [])
      .filter(({ outcome }) => outcome === "signed")
      .map(({ slot, socket, time }) => ({ slot, socket, time })),
    refusals: batch === undefined ? [] : refusalsOf(batch),
  };
};

/** Only who is waiting to be submitted is held; it is tried again without anybody's doing. */
const heldOf = (facts: BlobFacts): BlobView["held"] =>
  facts.held && statusOf(facts) === "ENCODED" ? { ...facts.held, retry: true } : undefined;

export const eventsOf = (facts: BlobFacts): BlobEvent[] => {
  const { accepted, encoded, verdict, batches } = facts;
  const events: BlobEvent[] = [{ stage: "accepted", time: accepted.time }];
  if (encoded) events.push({ stage: "encoded", time: encoded.time });
  for (const batch of batches) events.push(...batchEvents(batch));
  for (const { time, batchId, block, tx, reporter, what } of flagsOf(facts)) {
    events.push({ stage: "flagged", time, batchId, block, tx, who: reporter, why: what });
  }
  if (verdict) {
    const { time, batchId, block, tx } = verdict;
    const finalized = verdict.status === "FINALIZED";
    events.push({ stage: finalized ? "finalized" : "ended", time, batchId, block, tx, why: verdict.code });
  }
  // Stable: facts of one millisecond keep the order of the route.
  return events.sort((a, b) => a.time - b.time);
};

const batchEvents = ({ plan, submitted, confirmed, failed, reorgs, answers, votes }: BatchFacts): BlobEvent[] => {
  const { batchId } = plan;
  const events: BlobEvent[] = [{ stage: "planned", time: plan.time, batchId }];
  for (const { time, block, what } of reorgs) events.push({ stage: "reorged", time, block, batchId, why: what });
  for (const [stage, seen] of [
    ["submitted", submitted],
    ["confirmed", confirmed],
    ["failed", failed],
  ] as const) {
    if (seen) events.push({ stage, time: seen.time, batchId, block: seen.block, tx: seen.tx, gas: seen.gas });
  }
  for (const { outcome, time, url } of answers) {
    if (outcome === "staged") events.push({ stage: "stored", time, batchId, who: url });
  }
  for (const { outcome, time, socket } of votes) {
    if (outcome === "signed") events.push({ stage: "sampled", time, batchId, who: socket });
  }
  return events;
};

const refusalsOf = ({ answers, votes }: BatchFacts): BlobView["refusals"] => {
  const refusals: BlobView["refusals"] = [];
  for (const { outcome, url, code, time } of answers) {
    if (outcome !== "staged") refusals.push({ who: url, outcome, code, time });
  }
  for (const { outcome, socket, code, why, time } of votes) {
    if (outcome !== "signed") refusals.push({ who: socket, outcome, code, why, time });
  }
  return refusals;
};
