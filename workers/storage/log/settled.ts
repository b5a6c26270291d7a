/** What the settling of a batch does to its two entries, in the transaction that settles it. */
import type { Transaction } from "../../../adapters/store.ts";
import { readIn, setPending, setReady } from "./core.ts";
import { entryAt, historyIn, PRESENT, seqKey } from "./tables.ts";

/** The entries have their data now, or again lack it. */
export const setSettled = (tx: Transaction, txSeqs: readonly number[], settled: boolean): void => {
  for (const txSeq of txSeqs) {
    const entry = entryAt(readIn(tx), txSeq);
    if (entry === undefined) continue;
    if (settled) setReady(tx, entry, txSeq);
    else setPending(tx, entry, txSeq);
    if (!settled) tx.delete("prunable", seqKey(txSeq));
  }
};

/** Rows that are of other shards may go, once the block is final. */
export const mayPrune = (tx: Transaction, rowsTxSeq: number): void => {
  if ((historyIn(readIn(tx))?.shard.numShard ?? 1) > 1) tx.put("prunable", seqKey(rowsTxSeq), PRESENT);
};
