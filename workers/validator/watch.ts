/** What the chain says of batches becomes facts in the validator's records; what it takes back is taken out of them. */
import { z } from "zod";
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Log } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { batchIdIn, chainBatchOf, type Entrance } from "../chain-batch.ts";
import type { SampleJob } from "../route.ts";
import { type Ledger, outcomeIn, wipe } from "./ledger.ts";
import { isOver, mustSample, onConfirmed, onReorg, onSubmitted, type Sampling, type Windows } from "./record.ts";

export interface WatchDeps {
  readonly ledger: Ledger;
  readonly entrance: Entrance;
  readonly log: Log;
}

/** Returns the batches that changed. */
export const applyEvents = async (deps: WatchDeps, events: readonly ChainEvent[]): Promise<Set<Hex>> => {
  const touched = new Set<Hex>();
  for (const event of events) {
    const batchId = event.contract === "DAEntrance" ? batchIdIn(event) : undefined;
    if (batchId !== undefined && (await applyEvent(deps, event, batchId))) touched.add(batchId);
  }
  return touched;
};

const applyEvent = async ({ ledger, entrance }: WatchDeps, event: ChainEvent, batchId: Hex): Promise<boolean> => {
  const { name, args, blockNumber: block } = event;
  switch (name) {
    case "BatchSubmitted": {
      const batch = chainBatchOf(event, entrance);
      await ledger.update(batchId, (known, tx) => {
        const next = onSubmitted(known, batch, outcomeIn(tx, batchId, batch.seed));
        if (next.wipe) {
          wipe(tx, batchId);
          tx.delete("evidence", batchId);
        }
        return next.record;
      });
      return true;
    }
    case "BatchConfirmed": {
      const certificate = certificateOf(event);
      const confirmed = { block, retainUntil: Number(args.retainUntil), certificate };
      await ledger.update(batchId, (known) => known && onConfirmed(known, confirmed));
      return true;
    }
    case "BatchFailed":
      await ledger.update(batchId, (known) => known && { ...known, failed: { block } });
      return true;
    default:
      return false;
  }
};

const Confirmation = z.object({
  seed: z.custom<Hex>((value) => isHex(value, 32)),
  auditSeed: z.custom<Hex>((value) => isHex(value, 32)),
  absent: z.bigint(),
});

const certificateOf = ({ args, transactionHash }: ChainEvent) => {
  const parsed = Confirmation.safeParse(args);
  if (!parsed.success) throw new ZgError("BadResponse", { what: "BatchConfirmed", tx: transactionHash });
  return { ...parsed.data, absent: parsed.data.absent.toString() };
};

export const applyReorg = async ({ ledger, log }: WatchDeps, ancestor: number): Promise<void> => {
  for (const { batch } of [...ledger.all()]) {
    const { batchId } = batch.facts;
    const known = ledger.find(batchId) as Sampling;
    if (onReorg(known, ancestor) === known) continue;
    await ledger.update(batchId, (record) => record && onReorg(record, ancestor));
    log.warn({ batchId, ancestor }, "reorg: taken back");
  }
};

/** Deletes the samples that nobody can ask for any more. */
export const dropOver = async (
  { ledger, log, windows }: WatchDeps & { readonly windows: Windows },
  finalized: number,
): Promise<void> => {
  for (const { batch } of [...ledger.all()].filter((record) => isOver(record, finalized, windows))) {
    const { batchId } = batch.facts;
    await ledger.update(batchId, (known, tx) => {
      if (known === undefined || !isOver(known, finalized, windows)) return known;
      wipe(tx, batchId);
      return { ...known, dropped: true };
    });
    log.info({ batchId }, "samples dropped");
  }
};

/** The job a batch needs now, if any. */
export const jobOf = (record: Sampling | undefined): SampleJob | undefined =>
  mustSample(record) ? { batchId: record.batch.facts.batchId, seed: record.batch.seed } : undefined;
