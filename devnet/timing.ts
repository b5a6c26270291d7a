import { samplesFor } from "../protocol/quorum.ts";
import type { Timing } from "../workers/context.ts";

/** For a chain with a block a second and workers on one machine. docs/parameters.md has the reason of each. */
export function devnetTiming(validators: number): Timing {
  return {
    confirmations: 1,
    // A network of storage alone has none, and nobody to draw.
    samples: samplesFor(Math.max(1, validators)),
    pollMs: 100,
    batchMs: 500,
    graceMs: 500,
    reconcileMs: 2_000,
  };
}
