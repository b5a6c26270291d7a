/** What the chain says of batches becomes facts in the node's records; what it takes back is taken out of them. */
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Log } from "../../adapters/log.ts";
import type { Hex } from "../../protocol/hex.ts";
import { batchIdIn, chainBatchOf, type Entrance } from "../chain-batch.ts";
import { entryOf } from "../chain-entry.ts";
import { isOver, type NodeBatch, onConfirmed, onFailed, onReorg, onSubmitted } from "./batches/record.ts";
import { unsettle } from "./batches/settle.ts";
import { type Shelf, wipe } from "./batches/shelf.ts";
import type { LogStore } from "./log/types.ts";

export interface WatchDeps {
  readonly shelf: Shelf;
  readonly entrance: Entrance;
  readonly log: Log;
}

/** Before what they say of batches: a batch that is settled looks for its entries. */
export const appendEntries = async (files: Pick<LogStore, "append">, events: readonly ChainEvent[]): Promise<void> => {
  const submits = events.filter(({ contract, name }) => contract === "Flow" && name === "Submit");
  if (submits.length > 0) await files.append(submits.map(entryOf));
};

/** Returns the batches that changed. */
export const applyEvents = async (deps: WatchDeps, events: readonly ChainEvent[]): Promise<Set<Hex>> => {
  const touched = new Set<Hex>();
  for (const event of events) {
    const batchId = event.contract === "DAEntrance" ? batchIdIn(event) : undefined;
    if (batchId !== undefined && (await applyEvent(deps, event, batchId))) touched.add(batchId);
  }
  return touched;
};

const applyEvent = async ({ shelf, entrance, log }: WatchDeps, event: ChainEvent, batchId: Hex): Promise<boolean> => {
  const { name, args, blockNumber: block } = event;
  switch (name) {
    case "BatchSubmitted": {
      const batch = chainBatchOf(event, entrance);
      await shelf.update(batchId, (known, tx) => {
        const next = onSubmitted(known, batch);
        if (next.wipe && known !== undefined) wipe(tx, known);
        return next.record;
      });
      log.info({ batchId, block, rows: batch.facts.rowCount }, "batch seen on chain");
      return true;
    }
    case "BatchConfirmed": {
      const [rowsTxSeq, metadataTxSeq] = [Number(args.rowsTxSeq), Number(args.metadataTxSeq)];
      const confirmed = { block, rowsTxSeq, metadataTxSeq, retainUntil: Number(args.retainUntil) };
      await shelf.update(batchId, (known) => known && onConfirmed(known, confirmed));
      return true;
    }
    case "BatchFailed":
      await shelf.update(batchId, (known) => known && onFailed(known, block));
      return true;
    default:
      return false;
  }
};

export const applyReorg = async ({ shelf, log }: WatchDeps, ancestor: number): Promise<void> => {
  for (const { batch } of [...shelf.all()]) {
    const { batchId } = batch.facts;
    if (onReorg(shelf.find(batchId) as NodeBatch, ancestor) === shelf.find(batchId)) continue;
    await shelf.update(batchId, (known, tx) => {
      if (known === undefined) return known;
      const next = onReorg(known, ancestor);
      if (known.settled && !next.settled) unsettle(tx, known);
      return next;
    });
    log.warn({ batchId, ancestor }, "reorg: taken back");
  }
};

/** Deletes the data of batches that nothing can bring back. */
export const dropOver = async ({ shelf, log }: WatchDeps, finalized: number): Promise<void> => {
  for (const { batch } of [...shelf.all()].filter((record) => isOver(record, finalized))) {
    const { batchId } = batch.facts;
    await shelf.update(batchId, (known, tx) => {
      if (known === undefined || !isOver(known, finalized)) return known;
      wipe(tx, known);
      return { ...known, dropped: true, staged: false };
    });
    log.info({ batchId }, "dropped");
  }
};
