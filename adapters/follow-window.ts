import { ZgError } from "../protocol/errors.ts";
import { RpcError } from "./rpc.ts";

/** How many blocks to ask logs for at once: halved when the node finds it too much, doubled again while it goes well. */
export interface Window {
  readonly size: number;
  readonly max: number;
}

export const WINDOW: Window = { size: 1_000, max: 10_000 };

export const shrink = ({ size, max }: Window): Window => ({ size: Math.max(Math.floor(size / 2), 1), max });
export const grow = ({ size, max }: Window): Window => ({ size: Math.min(size * 2, max), max });

/** The node refuses a range, each in its own words, or its answer is longer than we take. */
export const isTooMuch = (error: unknown): boolean =>
  error instanceof RpcError || (error instanceof ZgError && error.fields.why === "longer than expected");

/** Up to this many blocks every header is fetched and linked; above, only the ends and the blocks with logs. */
export const LINKED_BLOCKS = 64;

/**
 * The next stretch to read, or undefined when there is none. Blocks that may still change are read in short stretches,
 * so that each of their headers is known if the chain is reorganised.
 */
export const nextStretch = (
  from: number,
  target: number,
  finalized: number,
  window: Window,
): { from: number; to: number } | undefined => {
  if (from > target) return undefined;
  const longest = from <= finalized - LINKED_BLOCKS ? Math.min(window.size, finalized - from + 1) : LINKED_BLOCKS;
  return { from, to: Math.min(target, from + Math.min(longest, window.size) - 1) };
};
