/** The validator's edges, each with what it does, and the jobs that its records ask for. */
import type { Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import { route } from "../route.ts";
import type { Handlers } from "../subscribe.ts";
import { accuseSilent, answerAudit, claimTickets, type DutyDeps, type Look } from "./duties.ts";
import { type LeaseDeps, tendLease } from "./lease.ts";
import { type Duty, dutiesOf } from "./record.ts";
import { type SampleDeps, sample } from "./sample.ts";
import { jobOf } from "./watch.ts";

export interface EdgeDeps {
  readonly queues: Pick<Queues, "tryAdd">;
  readonly sample: SampleDeps;
  readonly duty: DutyDeps;
  readonly lease: LeaseDeps;
}

const LOOKS: Readonly<Record<Duty, Look>> = { audit: answerAudit, lottery: claimTickets, accuse: accuseSilent };

export const createEdges = (deps: EdgeDeps) => {
  const { queues } = deps;
  const { ledger, terms, head } = deps.duty;

  const look =
    (duty: Duty): Handlers<"audit">["audit"] =>
    async ({ batchId }, { signal, later }) => {
      const again = await LOOKS[duty](deps.duty, batchId, signal);
      if (again !== undefined) throw later(again);
    };
  const handlers: Handlers<"sample" | Duty | "lease"> = {
    sample: async (job, { signal, later }) => {
      const again = await sample(deps.sample, job, signal);
      if (again !== undefined) throw later(again);
    },
    audit: look("audit"),
    lottery: look("lottery"),
    accuse: look("accuse"),
    lease: () => tendLease(deps.lease),
  };

  /** What a batch needs now, if anything. */
  const enqueue = async (batchId: Hex): Promise<void> => {
    const record = ledger.find(batchId);
    const job = jobOf(record);
    if (job !== undefined) await queues.tryAdd(route.sample, job);
    for (const duty of dutiesOf(record, terms, head())) await queues.tryAdd(route[duty], { batchId });
  };

  return {
    handlers,
    enqueue,
    /** Jobs for all that the records ask for: what Redis forgot comes again. */
    reconcile: async (): Promise<void> => {
      for (const { batch } of [...ledger.all()]) await enqueue(batch.facts.batchId);
      await queues.tryAdd(route.lease, {});
    },
  };
};
