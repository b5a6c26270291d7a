/** Edge `respond`: who asks for a cell of a batch of ours gets it on chain, whatever that costs: our bond is at stake. */
import { getJson } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { ZgError } from "../../protocol/errors.ts";
import { BatchPlan, Challenge, keys } from "../records.ts";
import type { Calls } from "./calls.ts";
import { type CellDeps, findCell } from "./cell.ts";
import { type PlanDeps, tryPlan } from "./money.ts";
import type { Clock } from "./steps.ts";

export interface RespondDeps extends CellDeps, PlanDeps {
  readonly calls: Pick<Calls, "answer" | "earned" | "withdrawEarned">;
  readonly clock: () => Clock;
}

/** @param id as `challengeId` names it */
export const respond = async (deps: RespondDeps, id: string, signal: AbortSignal): Promise<void> => {
  const { bucket, clock, log } = deps;
  const challenge = await getJson(bucket, keys.challenge(id), Challenge);
  if (challenge === null) return;
  const { batchId, row, column, deadline, ended } = challenge;
  const { latest, finalized } = clock();
  if (ended !== undefined) {
    if (ended.block <= finalized) await takeEarned(deps, id);
    return;
  }
  // What is sent now is mined in a later block at the earliest.
  if (latest >= deadline) {
    if (finalized <= deadline) return;
    log.error({ batchId, row, column, deadline }, "a challenge was not answered in time: the bond is lost");
    await bucket.delete(keys.challenge(id));
    return;
  }
  const plan = await getJson(bucket, keys.plan(batchId), BatchPlan);
  if (plan === null) throw new ZgError("CorruptObject", { key: keys.plan(batchId) });
  const shown = await findCell(deps, plan, { row, column }, signal);
  const refused = await tryPlan(deps, () => deps.calls.answer(id, challenge, shown));
  // Anyone may answer, and whoever is first is paid: the event is on its way.
  if (refused !== undefined) log.debug({ batchId, row, column, refused }, "no answer needed");
};

/** What answers earned is credit in DAChallenge. */
const takeEarned = async (deps: RespondDeps, id: string): Promise<void> => {
  if ((await deps.calls.earned()) > 0n) await tryPlan(deps, () => deps.calls.withdrawEarned(id));
  crashpoint("answer-paid");
  await deps.bucket.delete(keys.challenge(id));
};
