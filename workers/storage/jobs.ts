/** The node's jobs, and the net under them: which batches need one, from the records alone. */
import { asZgError } from "../../adapters/errors.ts";
import type { Handler, Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type BatchJob, route, type SyncJob } from "../route.ts";
import { subscribe } from "../subscribe.ts";
import type { Intake } from "./batches/intake.ts";
import { mayStage, mustSettle } from "./batches/record.ts";
import { type SettleDeps, settle } from "./batches/settle.ts";
import type { Shelf } from "./batches/shelf.ts";

export const needsStore = (shelf: Shelf, batchId: Hex): boolean => {
  const record = shelf.find(batchId);
  return record !== undefined && mayStage(record) && shelf.rowCount(batchId) === record.batch.facts.rowCount;
};

/** What the sender waits for may have been done already, or be undone by the chain: then there is nothing to do. */
export const runStore = async (intake: Pick<Intake, "stage">, shelf: Shelf, batchId: Hex): Promise<void> => {
  if (!needsStore(shelf, batchId)) return;
  try {
    await intake.stage(batchId);
  } catch (error) {
    const { code } = asZgError(error);
    if (code !== "NotStaged" && code !== "UnknownBatch" && code !== "BatchNotOpen") throw error;
  }
};

export interface JobDeps extends SettleDeps {
  readonly intake: Intake;
  readonly sync: Handler<SyncJob>;
}

export const workJobs = (queues: Queues, { intake, sync, ...deps }: JobDeps): void => {
  subscribe(queues, "storage", {
    store: ({ batchId }: BatchJob) => runStore(intake, deps.shelf, batchId),
    settle: async ({ batchId }: BatchJob) => {
      await settle(deps, batchId);
    },
    sync,
  });
};

/** Every record that is not where it should be gets its job again: an emptied Redis costs time and nothing else. */
export const reconcile = async (queues: Pick<Queues, "tryAdd">, shelf: Shelf): Promise<void> => {
  for (const record of [...shelf.all()]) {
    const { batchId } = record.batch.facts;
    if (mustSettle(record)) await queues.tryAdd(route.settle, { batchId });
    else if (needsStore(shelf, batchId)) await queues.tryAdd(route.store, { batchId });
  }
};
