/**
 * The segments of one entry that this node should hold and does not, from any peers that have them. What has come is
 * durable segment by segment, and what is missing is read from the log store: a node that dies goes on where it was.
 */
import { crashpoint } from "../../../adapters/crashpoint.ts";
import { each } from "../../../adapters/each.ts";
import type { ErrorCode } from "../../../protocol/errors.ts";
import type { Peers } from "../../peers.ts";
import type { LogStore } from "../log/types.ts";
import { reasonOf } from "./reason.ts";

export interface FileSyncDeps {
  readonly store: Pick<LogStore, "info" | "file" | "roots" | "putRoots" | "missing" | "putSegment">;
  readonly peers: Pick<Peers, "roots" | "segment">;
  /** Segments on their way at once. */
  readonly hands: number;
  /** A segment came from a peer and is durable. */
  readonly onSegment: (bytes: number) => void;
}

export interface Synced {
  /** Segments that came. */
  readonly fetched: number;
  /** The last reason why some did not; undefined: nothing is missing. */
  readonly failure: ErrorCode | undefined;
  /** Segment at which the next look should begin: behind the ones that nobody has now. */
  readonly from: number;
}

/** Segments in a row that nobody has, after which the rest of a file is left for another time. */
const MAX_IN_VAIN = 32;
const PAGE = 64;

/** @param from segment to begin with; those before it follow */
export const syncFile = async (
  { store, peers, hands, onSegment }: FileSyncDeps,
  txSeq: number,
  from: number,
  signal: AbortSignal,
): Promise<Synced> => {
  const info = store.info(txSeq);
  if (info === undefined || info.state === "finalized" || info.da) return { fetched: 0, failure: undefined, from: 0 };
  const { root, length, start } = info.entry;
  const file = { root, length };
  let fetched = 0;
  let inVain = 0;
  let failure: ErrorCode | undefined;
  let last = from;

  try {
    if (store.file(root, length)?.hasRoots !== true) await store.putRoots(file, await peers.roots(file, signal));
  } catch (error) {
    return { fetched, failure: reasonOf(error, signal), from };
  }
  const roots = store.roots(file);

  function* wanted(): Generator<number, void> {
    for (const [first, end] of [
      [from, info?.segments ?? 0],
      [0, from],
    ] as const) {
      for (let at = first; at < end; ) {
        const page = store.missing(txSeq, at, PAGE).filter((index) => index < end);
        yield* page;
        at = page.length < PAGE ? end : (page.at(-1) as number) + 1;
      }
    }
  }
  const fetchOne = async (index: number, either: AbortSignal): Promise<void> => {
    // Its uploader may have been faster, or the chain may have taken the entry back.
    if (inVain >= MAX_IN_VAIN || store.missing(txSeq, index, 1)[0] !== index) return;
    try {
      const data = await peers.segment({ ...file, start }, index, roots, either);
      crashpoint("segment-fetched-not-stored");
      if (await store.putSegment(file, index, data)) {
        fetched += 1;
        onSegment(data.length);
      }
      inVain = 0;
    } catch (error) {
      failure = reasonOf(error, either);
      inVain += 1;
    }
    last = index + 1;
  };
  await each(wanted(), hands, signal, fetchOne);
  if (store.missing(txSeq, 0, 1).length === 0) return { fetched, failure: undefined, from: 0 };
  return { fetched, failure: failure ?? "NotStored", from: last >= info.segments ? 0 : last };
};
