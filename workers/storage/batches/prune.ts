/** Rows of settled batches that are of other shards than the node's: given up once no reorg can move the batch. */
import type { Log } from "../../../adapters/log.ts";
import { holds, segmentInLog } from "../../../protocol/shard.ts";
import type { LogStore } from "../log/types.ts";
import type { NodeBatch } from "./record.ts";
import { number12, type Shelf } from "./shelf.ts";

export interface PruneRowsDeps {
  readonly shelf: Shelf;
  readonly files: Pick<LogStore, "info" | "entry" | "shard">;
  readonly log: Log;
}

/** Is a row the node's to keep? All are, until the batch is settled. */
export const isKept = (
  files: Pick<LogStore, "entry" | "shard">,
  record: NodeBatch | undefined,
  row: number,
): boolean => {
  if (record?.confirmed == null || !record.settled) return true;
  const entry = files.entry(record.confirmed.rowsTxSeq);
  return entry === undefined || holds(files.shard(), segmentInLog(entry.start, row));
};

/** Batches to a round: the next head brings the next. */
const BATCHES = 64;

export const pruneRows = async ({ shelf, files, log }: PruneRowsDeps, finalized: number): Promise<void> => {
  const page = [...shelf.store.table("prunable").keys({ start: "", end: "~", limit: BATCHES })].map(Number);
  for (const txSeq of page) {
    const batchId = files.info(txSeq)?.batch?.batchId;
    const record = batchId === undefined ? undefined : shelf.find(batchId);
    const { confirmed } = record ?? { confirmed: null };
    // In the order of the log, so of the blocks: what comes after is not final either.
    if (confirmed !== null && confirmed.block > finalized) return;
    if (record?.settled && batchId !== undefined) {
      const { rowCount } = record.batch.facts;
      const rows = Array.from({ length: rowCount }, (_, row) => row).filter((row) => !isKept(files, record, row));
      const held = rows.filter((row) => shelf.hasRow(batchId, row));
      if (held.length > 0) {
        await shelf.dropRows(batchId, held);
        log.info({ batchId, rows: held.length, ...files.shard() }, "rows of other shards given up");
      }
    }
    await shelf.store.write((tx) => tx.delete("prunable", number12(txSeq)));
  }
};
