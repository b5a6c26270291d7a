/**
 * Who is to blame for a check that failed: the peer that sent the bytes, or the batch? Only the second is a verdict.
 * A peer that lies is passed over; a batch that is bad is never signed. Pure.
 */
import type { ErrorCode, ErrorFields } from "../../protocol/errors.ts";

/**
 * Codes of a column that hashes to the recorded roots and is bad all the same: evidence against the batch itself. The
 * only point in a column's check is its published proof.
 */
const EVIDENCE: ReadonlySet<ErrorCode> = new Set(["NonCanonicalElement", "ColumnProofMismatch", "BadPoint"]);

export const isEvidence = (code: ErrorCode): boolean => EVIDENCE.has(code);

/** How a peer failed us. */
export type Fault = "wrong" | "slow" | "withholding" | "down" | "behind";

export const faultOf = (code: ErrorCode): Fault => {
  switch (code) {
    case "Timeout":
      return "slow";
    case "NodeDown":
    case "Stopping":
    case "Busy":
    case "Internal":
      return "down";
    // It has not followed so far, or is still being filled.
    case "UnknownBatch":
    case "NotStaged":
      return "behind";
    case "CellPathMismatch":
    case "LengthMismatch":
    case "MetadataRootMismatch":
    case "BadResponse":
      return "wrong";
    default:
      return "withholding";
  }
};

export interface Complaint {
  readonly who: string;
  readonly fault: Fault;
  readonly code: ErrorCode;
  /** What it was asked for: "metadata", or a column. */
  readonly what: string;
}

/** One sentence for people, and for the batcher that asks why there is no signature yet. */
export const sentenceOf = (complaints: readonly Complaint[], columns: { have: number; need: number }): string => {
  const progress = `${columns.have} of ${columns.need} columns verified`;
  if (complaints.length === 0) return progress;
  const parties = new Map<string, Map<string, number>>();
  for (const { who, fault, code } of complaints) {
    const own = parties.get(who) ?? new Map<string, number>();
    const name = `${fault} (${code})`;
    parties.set(who, own.set(name, (own.get(name) ?? 0) + 1));
  }
  const told = [...parties].map(
    ([who, faults]) => `${who}: ${[...faults].map(([name, times]) => `${times} × ${name}`).join(", ")}`,
  );
  return `${progress}; ${told.join("; ")}`.slice(0, 1_000);
};

/** Who failed most; null when nobody did. */
export const worstOf = (complaints: readonly Complaint[]): string | null => {
  const counts = new Map<string, number>();
  for (const { who } of complaints) counts.set(who, (counts.get(who) ?? 0) + 1);
  let worst: string | null = null;
  for (const [who, count] of counts) if (worst === null || count > (counts.get(worst) ?? 0)) worst = who;
  return worst;
};

/** How long to wait before the missing columns are asked for again, ms: soon at first, then at most every 2 s. */
export const pauseAfter = (round: number): number => Math.min(200 * 2 ** Math.min(round, 10), 2_000);

export const plainFields = (fields: ErrorFields): ErrorFields => ({
  ...(typeof fields.column === "number" ? { column: fields.column } : {}),
  ...(typeof fields.row === "number" ? { row: fields.row } : {}),
  ...(typeof fields.index === "number" ? { index: fields.index } : {}),
  ...(typeof fields.blobKey === "string" ? { blobKey: fields.blobKey } : {}),
});
