/** Where a blob is in its life; a later state includes the earlier ones. */
export const PROGRESS = ["PROCESSING", "ENCODED", "SUBMITTED", "STORED", "CONFIRMED", "FINALIZED"] as const;
export type Progress = (typeof PROGRESS)[number];
export type BlobStatus = Progress | "FAILED" | "INSUFFICIENT_SIGNATURES";

/** Terminal states are written from finalized height only and never change. */
export function isTerminal(status: BlobStatus): boolean {
  return status === "FINALIZED" || status === "FAILED" || status === "INSUFFICIENT_SIGNATURES";
}

/** Has a blob in `status` got as far as `goal`? A blob that failed has reached nothing. */
export function hasReached(status: BlobStatus, goal: Progress): boolean {
  const at = PROGRESS.indexOf(status as Progress);
  return at >= PROGRESS.indexOf(goal);
}
