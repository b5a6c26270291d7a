/** A load's data from storage nodes, none of which is trusted: every segment is verified against its entry's root. */
import { asZgError } from "../../adapters/errors.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { segmentBytes, shapeOf } from "../../protocol/file.ts";
import { SECTOR_BYTES, SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "../../protocol/params.ts";
import { SECTORS_PER_SEAL } from "../../protocol/seal.ts";
import type { Peers } from "../peers.ts";
import type { Place } from "./db.ts";

export type Source = Pick<Peers, "roots" | "segment">;

export interface Gathered {
  /** 262,144 bytes; gaps and padding are zeros. */
  readonly data: Uint8Array;
  /** Of seals whose data could not be had. */
  readonly lacking: ReadonlySet<number>;
  /** The last reason why. */
  readonly why: ErrorCode | undefined;
}

/**
 * @param entries those that have something in the load
 * @param wanted numbers of the seals that are to be sealed: nothing is fetched for others
 */
export const gather = async (
  source: Source,
  load: number,
  entries: readonly Place[],
  wanted: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<Gathered> => {
  const data = new Uint8Array(SEGMENT_BYTES);
  const lacking = new Set<number>();
  let why: ErrorCode | undefined;
  for (const entry of entries) {
    const part = partIn(entry, load);
    if (part === undefined) continue;
    const seals = sealsOver(part.sector, part.bytes / SECTOR_BYTES).filter((seal) => wanted.has(seal));
    if (seals.length === 0) continue;
    try {
      const roots = await source.roots(entry, signal);
      data.set(await source.segment(entry, part.index, roots, signal), part.sector * SECTOR_BYTES);
    } catch (error) {
      signal.throwIfAborted();
      why = asZgError(error).code;
      for (const seal of seals) lacking.add(seal);
    }
  }
  return { data, lacking, why };
};

interface Part {
  /** Segment of the file. */
  readonly index: number;
  /** Where its data begins, in the load. */
  readonly sector: number;
  readonly bytes: number;
}

/** The data of an entry that lies in a load; undefined: nothing but padding. Each segment of a file lies in one load. */
const partIn = ({ start, length }: Place, load: number): Part | undefined => {
  const index = load - Math.floor(start / SECTORS_PER_SEGMENT);
  const shape = shapeOf(length);
  if (index >= shape.segments) return undefined;
  return { index, sector: index === 0 ? start % SECTORS_PER_SEGMENT : 0, bytes: segmentBytes(shape, index) };
};

const sealsOver = (sector: number, sectors: number): number[] => {
  const first = Math.floor(sector / SECTORS_PER_SEAL);
  const last = Math.floor((sector + sectors - 1) / SECTORS_PER_SEAL);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
};
