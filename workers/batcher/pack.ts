/** Which blobs go into the next batch. Pure and deterministic: equal candidates give equal batches, whoever packs. */
import type { Hex } from "../../protocol/hex.ts";
import { MAX_BLOBS_PER_BATCH, MAX_ROWS_PER_BATCH } from "../../protocol/params.ts";

export interface Candidate {
  readonly requestId: Hex;
  readonly blobKey: Hex;
  readonly rows: number;
  /** When it became ready, ms. */
  readonly since: number;
  /** Batches of it that failed. */
  readonly attempt: number;
}

export interface Limits {
  readonly maxRows: number;
  readonly maxBlobs: number;
  /** How long a blob waits for company, ms. */
  readonly waitMs: number;
}

export const protocolLimits = (waitMs: number): Limits => ({
  maxRows: MAX_ROWS_PER_BATCH,
  maxBlobs: MAX_BLOBS_PER_BATCH,
  waitMs,
});

export type Packing =
  | { readonly pack: readonly Candidate[]; readonly attempt: number }
  /** Nothing to pack before this many ms; undefined: nothing at all. */
  | { readonly waitMs: number | undefined };

/**
 * Fills by time and by size. Blobs that have waited long enough go now; younger ones fill up to 15/16 of a power of two
 * rows if they can: 0G pads an entry to sixteenths, so the batch's metadata entry then falls into the gap and the log is
 * used to 0.93 instead of 0.50.
 */
export const pack = (candidates: readonly Candidate[], limits: Limits, now: number): Packing => {
  const group = firstGroup(candidates);
  const [oldest] = group;
  if (oldest === undefined) return { waitMs: undefined };
  const { attempt } = oldest;
  const due = group.filter(({ since }) => now - since >= limits.waitMs);
  const rows = rowsOf(group);
  const full = rows >= sixteenths(limits.maxRows) || group.length >= limits.maxBlobs;
  if (due.length === 0 && !full) return { waitMs: Math.max(1, oldest.since + limits.waitMs - now) };
  for (let target = sixteenths(limits.maxRows); target >= 15; target /= 2) {
    if (target > rows) continue;
    const filled = fill(group, target, limits.maxBlobs);
    if (rowsOf(filled) === target && due.every((blob) => filled.includes(blob))) return { pack: filled, attempt };
  }
  // More than one batch holds: there is a choice, so no batch is filled past fifteen sixteenths.
  const most = rows > limits.maxRows ? sixteenths(limits.maxRows) : limits.maxRows;
  return { pack: fill(group, most, limits.maxBlobs), attempt };
};

/**
 * Candidates of one attempt, oldest first, no blobKey twice. A blob whose batch failed is packed with its like, so that
 * it cannot drag fresh ones down with it; the oldest blob's group goes first.
 */
const firstGroup = (candidates: readonly Candidate[]): Candidate[] => {
  const sorted = [...candidates].sort((a, b) => a.since - b.since || compare(a.requestId, b.requestId));
  const seen = new Set<Hex>();
  return sorted.filter(({ blobKey, attempt }) => {
    if (attempt !== sorted[0]?.attempt || seen.has(blobKey)) return false;
    seen.add(blobKey);
    return true;
  });
};

/** Oldest first; what does not fit any more is left for the next batch. */
const fill = (group: readonly Candidate[], maxRows: number, maxBlobs: number): Candidate[] => {
  const filled: Candidate[] = [];
  let rows = 0;
  for (const candidate of group) {
    if (filled.length === maxBlobs || rows === maxRows) break;
    if (rows + candidate.rows > maxRows) continue;
    filled.push(candidate);
    rows += candidate.rows;
  }
  return filled;
};

const rowsOf = (blobs: readonly Candidate[]): number => blobs.reduce((sum, { rows }) => sum + rows, 0);
/** 512 → 480. */
const sixteenths = (rows: number): number => (rows * 15) / 16;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
