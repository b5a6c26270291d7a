/** What segments count against the quota. A file without entries does not: nobody has paid for it, and it may go at any time. */
import type { Transaction } from "../../../adapters/store.ts";
import { type FileShape, segmentBytes, shapeOf } from "../../../protocol/file.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import { slotAt } from "./segments.ts";
import { fromJson, json, type Read, recordOf } from "./tables.ts";
import type { FileRef } from "./types.ts";

/** A disk gives blocks of 4 KiB, and nothing for the part of a slot that was never written. */
const BLOCK_SECTORS = 16;

/** Sectors that data segment `index` takes on disk. */
export const usedBy = (shape: FileShape, index: number): number =>
  BLOCK_SECTORS * Math.ceil(segmentBytes(shape, index) / SECTOR_BYTES / BLOCK_SECTORS);

/** Of all files with entries. */
export const usedIn = (read: Read): number => fromJson<number>(read("meta", "used")) ?? 0;

export const addUsed = (tx: Transaction, sectors: number): void => {
  if (sectors !== 0) tx.put("meta", "used", json((fromJson<number>(tx.get("meta", "used")) ?? 0) + sectors));
};

/** Of what is here of a file: only its last segment is shorter than the others. */
export const usedByFile = (read: Read, file: FileRef): number => {
  const { held } = recordOf(read, file);
  if (held === 0) return 0;
  const shape = shapeOf(file.length);
  const last = shape.segments - 1;
  const [whole, rest] = [usedBy(shape, 0), usedBy(shape, last)];
  return slotAt(read, file, last) === undefined ? held * whole : (held - 1) * whole + rest;
};
