/** Takes back what the batcher is owed: bonds after their retention, and the credit that failures leave. */
import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import type { Outbox } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import { Bond, idIn, keys } from "../records.ts";
import { type Calls, revertOf } from "./calls.ts";

export interface MoneyDeps {
  readonly bucket: ObjectStore;
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly calls: Pick<Calls, "releaseBond" | "withdraw" | "credit">;
  readonly pokeSend: () => Promise<unknown>;
}

/** Bonds whose retention is over, by finalized height. */
export const releaseBonds = async (deps: MoneyDeps, finalized: number): Promise<void> => {
  for await (const key of deps.bucket.list(keys.bonds)) {
    const bond = await getJson(deps.bucket, key, Bond);
    if (bond === null || finalized <= bond.retainUntil) continue;
    const batchId = idIn(key);
    const refused = await tryPlan(deps, () => deps.calls.releaseBond(batchId));
    // A reorg took the confirmation back: the bond came back with the failure, or its marker is written anew.
    if (refused !== "AlreadyWithdrawn" && refused !== "WrongStatus") continue;
    await withdrawCredit(deps, batchId);
    await deps.bucket.delete(key);
  }
};

/** After a bond was released or a batch failed, its money is credit. */
export const withdrawCredit = async (deps: MoneyDeps, after: Hex): Promise<void> => {
  if ((await deps.calls.credit()) > 0n) await tryPlan(deps, () => deps.calls.withdraw(after));
};

/** The name of the contract's refusal, if it refused: not needed any more, or not yet. */
const tryPlan = async (
  { outbox, pokeSend }: MoneyDeps,
  make: () => ReturnType<Calls["withdraw"]>,
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
