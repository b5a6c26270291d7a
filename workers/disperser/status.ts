/** The status of a blob is computed from facts, each time it is asked for. */
import type { BlobStatus } from "../../protocol/status.ts";
import type { BatchFacts } from "../batch-facts.ts";
import type { Held } from "../held.ts";
import type { Accepted, Encoded, Flag, Verdict } from "../records.ts";

export interface BlobFacts {
  readonly accepted: Accepted;
  readonly encoded: Encoded | null;
  readonly verdict: Verdict | null;
  /** Every batch the blob was packed into, oldest first. */
  readonly batches: readonly BatchFacts[];
  /** What was proved on chain against any of them, and against any of their blobs. */
  readonly flags?: readonly Flag[];
  /** Why nothing is submitted at present. */
  readonly held?: Held | null;
  /** Acknowledgements that make a batch STORED. */
  readonly copies: number;
}

export const statusOf = (facts: BlobFacts): BlobStatus => {
  if (facts.verdict !== null) return facts.verdict.status;
  const batch = currentBatch(facts);
  if (batch?.confirmed) return "CONFIRMED";
  if (batch?.submitted) return stagedOf(batch) >= facts.copies ? "STORED" : "SUBMITTED";
  return facts.encoded === null ? "PROCESSING" : "ENCODED";
};

/**
 * The batch that speaks for the blob: the one of the verdict, else the one that is furthest on chain, else the latest
 * plan. A closed batch speaks no more: the blob is free to be packed again.
 */
export const currentBatch = (facts: BlobFacts): BatchFacts | undefined => {
  const { verdict, batches } = facts;
  if (verdict?.batchId !== undefined) return batches.find(({ plan }) => plan.batchId === verdict.batchId);
  const alive = batches.filter(({ closed }) => closed === null);
  return alive.find(({ confirmed }) => confirmed) ?? alive.findLast(({ submitted }) => submitted) ?? alive.at(-1);
};

const stagedOf = (batch: BatchFacts): number => batch.answers.filter(({ outcome }) => outcome === "staged").length;

/** The flags of the blob itself: those of its batches, and of other blobs none. */
export const flagsOf = ({ accepted, batches, flags = [] }: BlobFacts): Flag[] => {
  const indexIn = new Map(
    batches.map(({ plan }) => [
      plan.batchId,
      plan.blobs.findIndex(({ requestId }) => requestId === accepted.requestId),
    ]),
  );
  return flags.filter(({ batchId, index }) => index === undefined || index === indexIn.get(batchId));
};
