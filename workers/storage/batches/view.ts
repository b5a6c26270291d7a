/** What a node says of a batch when it is asked: `GET /batches/:id`. */
import type { ErrorFields } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { type NodeBatch, type Refusal, type State, stateOf } from "./record.ts";
import type { Shelf } from "./shelf.ts";

export interface BatchView {
  readonly batchId: Hex;
  readonly state: State;
  /** Verified and durable, of `rowCount`. */
  readonly rows: number;
  readonly rowCount: number | null;
  readonly metadata: boolean;
  readonly submitted: { readonly block: number; readonly seed: Hex; readonly deadline: number } | null;
  readonly confirmed: NodeBatch["confirmed"];
  /** `final`: the batch itself is bad; otherwise only what somebody sent was. */
  readonly refused: {
    readonly code: string;
    readonly fields: ErrorFields;
    readonly blob: Hex | null;
    readonly final: boolean;
  } | null;
}

/** @param sent what was last sent for it and refused */
export const viewOf = (shelf: Shelf, batchId: Hex, sent?: Refusal): BatchView => {
  const record = shelf.find(batchId);
  const state = stateOf(record);
  const rows = record === undefined ? 0 : shelf.rowCount(batchId);
  if (record === undefined || state === "unknown") {
    const nothing = { submitted: null, confirmed: null, refused: null };
    return { batchId, state: "unknown", rows, rowCount: null, metadata: false, ...nothing };
  }
  const { batch, confirmed } = record;
  // A verdict says more than what strangers sent; of a staged batch neither is of interest.
  const refusal = record.refusal ?? (record.staged ? null : (sent ?? null));
  return {
    batchId,
    state,
    rows,
    rowCount: batch.facts.rowCount,
    metadata: shelf.hasMetadata(batchId),
    submitted: { block: batch.block, seed: batch.seed, deadline: batch.deadline },
    confirmed,
    refused: refusal && { code: refusal.code, fields: refusal.fields, blob: refusal.blobKey, final: refusal.final },
  };
};

/** How many batches are in which state. */
export const countStates = (shelf: Shelf): Partial<Record<State, number>> => {
  const counts: Partial<Record<State, number>> = {};
  for (const record of shelf.all()) counts[stateOf(record)] = (counts[stateOf(record)] ?? 0) + 1;
  return counts;
};
