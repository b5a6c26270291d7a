/** Edge `release`: takes back what the batcher is owed: bonds after their retention, and the credit that failures leave. */
import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Intent, Outbox } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import { Bond, idIn, keys } from "../records.ts";
import { type Calls, revertOf } from "./calls.ts";

export interface PlanDeps {
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly pokeSend: () => Promise<unknown>;
}
export interface MoneyDeps extends PlanDeps {
  readonly bucket: ObjectStore;
  readonly calls: Pick<Calls, "releaseBond" | "withdraw" | "credit">;
}

/** Batches whose retention is over, by finalized height, and whose bond is on record as not taken back. */
export async function* bondsDue(bucket: ObjectStore, finalized: number): AsyncGenerator<Hex> {
  for await (const key of bucket.list(keys.bonds)) {
    const bond = await getJson(bucket, key, Bond);
    if (bond !== null && finalized > bond.retainUntil) yield idIn(key);
  }
}

/**
 * What says that there is nothing to release any more: it is released, or lost to a reporter, or a reorg took the
 * confirmation back (then the bond came back with the failure, or its marker is written anew).
 */
const OVER: ReadonlySet<string | undefined> = new Set(["AlreadyWithdrawn", "BondForfeited", "WrongStatus"]);

/** One step: the release is planned until the chain has it; then the credit is taken and the marker removed. */
export const releaseBond = async (deps: MoneyDeps, batchId: Hex): Promise<void> => {
  const refused = await tryPlan(deps, () => deps.calls.releaseBond(batchId));
  // Until then an open challenge, or a node that has not reached the height, holds it back.
  if (!OVER.has(refused)) return;
  await withdrawCredit(deps, batchId);
  crashpoint("bond-released");
  await deps.bucket.delete(keys.bond(batchId));
};

/** After a bond was released or a batch failed, its money is credit. */
export const withdrawCredit = async (deps: MoneyDeps, after: Hex): Promise<void> => {
  if ((await deps.calls.credit()) > 0n) await tryPlan(deps, () => deps.calls.withdraw(after));
};

/** The name of the contract's refusal, if it refused: not needed any more, or not yet. */
export const tryPlan = async (
  { outbox, pokeSend }: PlanDeps,
  make: () => Promise<Intent>,
): Promise<string | undefined> => {
  try {
    await outbox.enqueue(await make());
  } catch (error) {
    const revert = revertOf(error);
    if (revert === undefined) throw error;
    return revert;
  }
  await pokeSend();
  return undefined;
};
