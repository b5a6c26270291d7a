/** Files that DAEntrance submitted: their bytes are rows and metadata of batches, which are kept as such. */
import type { BatchPart } from "./types.ts";

export interface DaFiles {
  /** What entry `txSeq` is, once its batch is settled. */
  part(txSeq: number): BatchPart | undefined;
  /** Roots of all padded segments; undefined when they cannot be told. */
  roots(part: BatchPart): Uint8Array | undefined;
  /** Whole sectors, not verified; undefined when it is not here. */
  segment(part: BatchPart, index: number): Uint8Array | undefined;
  /** Extended rows on disk. */
  rows(): number;
  /** Of these, those that no certificate covers yet. */
  stagedRows(): number;
}
