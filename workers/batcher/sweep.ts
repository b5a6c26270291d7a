import type { Calls } from "./calls.ts";
import type { OpenBatches } from "./open.ts";
import type { Slots } from "./slot-reader.ts";

export interface SweepDeps {
  readonly open: OpenBatches;
  readonly slots: Slots;
  readonly calls: Pick<Calls, "statusOf">;
  /** Plans made before this are not about to get their slot, ms. */
  readonly olderThan: number;
}

/** Forgets plans that never got a slot, or lost it: their blobs are packed again. If the chain has them after all, its
 * event opens them again. */
export const sweep = async ({ open, slots, calls, olderThan }: SweepDeps): Promise<void> => {
  const idle = open.all().filter(({ plan, submitted }) => submitted === null && plan.time < olderThan);
  if (idle.length === 0) return;
  const live = await slots.live();
  for (const { plan } of idle) {
    if (!live.has(plan.batchId) && (await calls.statusOf(plan.batchId)) === "None") await open.remove(plan.batchId);
  }
};
