/** Confirmation moves a batch from staging into the log and the KV: one transaction, so half of it is never seen. */
import type { VerifiedBatch } from "../../../adapters/compute.ts";
import { crashpoint } from "../../../adapters/crashpoint.ts";
import type { Log } from "../../../adapters/log.ts";
import type { Transaction } from "../../../adapters/store.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { concat, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { blobLocation } from "../../../protocol/stream.ts";
import { mayPrune, setSettled } from "../log/settled.ts";
import { mustSettle, type NodeBatch } from "./record.ts";
import { json, type LogEntry, number12, parseJson, type Shelf } from "./shelf.ts";

export interface SettleDeps {
  readonly shelf: Shelf;
  /** Fails unless the stored metadata is the canonical metadata of the batch. */
  readonly verified: (record: NodeBatch) => Promise<VerifiedBatch>;
  readonly log: Log;
  /** The entries of a batch have their data now. */
  readonly onSettled?: (txSeqs: readonly number[]) => void;
}

/** Idempotent. False: there is nothing to settle (any more, or yet). */
export const settle = async ({ shelf, verified, log, onSettled }: SettleDeps, batchId: Hex): Promise<boolean> => {
  const record = shelf.find(batchId);
  if (record === undefined || !mustSettle(record)) return false;
  const { metadata } = await verified(record);
  const blobKeys = metadata.headers.map(blobKeyOf);
  let done = false;
  await shelf.update(batchId, (known, tx) => {
    if (known === undefined || !mustSettle(known) || known.confirmed === null) return known;
    const { rowsTxSeq, metadataTxSeq } = known.confirmed;
    putEntry(tx, rowsTxSeq, { kind: "rows", batchId });
    putEntry(tx, metadataTxSeq, { kind: "metadata", batchId });
    setSettled(tx, [rowsTxSeq, metadataTxSeq], true);
    mayPrune(tx, rowsTxSeq);
    crashpoint("settle-half");
    const writes = writesOf(batchId, blobKeys);
    for (const [key, value] of writes) tx.put("kv", `${key}/${number12(metadataTxSeq)}`, value);
    tx.put("writes", number12(metadataTxSeq), concat(...writes.map(([key]) => fromHex(key, 32))));
    done = true;
    return { ...known, settled: true };
  });
  if (!done) return false;
  log.info({ batchId, ...record.confirmed }, "settled");
  if (record.confirmed !== null) onSettled?.([record.confirmed.rowsTxSeq, record.confirmed.metadataTxSeq]);
  return true;
};

/**
 * Takes a batch out of log and KV again, in the transaction that says so in its record. By what was noted when it was
 * settled: the metadata may have rotted meanwhile, or be gone.
 */
export const unsettle = (tx: Transaction, { confirmed }: NodeBatch): void => {
  if (confirmed === null) return;
  const { rowsTxSeq, metadataTxSeq } = confirmed;
  const keys = tx.get("writes", number12(metadataTxSeq)) ?? new Uint8Array();
  for (let at = 0; at < keys.length; at += 32) {
    tx.delete("kv", `${toHex(keys.subarray(at, at + 32))}/${number12(metadataTxSeq)}`);
  }
  tx.delete("writes", number12(metadataTxSeq));
  for (const txSeq of [rowsTxSeq, metadataTxSeq]) tx.delete("log", number12(txSeq));
  setSettled(tx, [rowsTxSeq, metadataTxSeq], false);
};

/** The DA stream's writes: batchId → metadata (kept once, so the value is its name), blobKey → (batchId, index). */
const writesOf = (batchId: Hex, blobKeys: readonly Hex[]): (readonly [Hex, Uint8Array])[] => [
  [batchId, fromHex(batchId, 32)],
  ...blobKeys.map((blobKey, index) => [blobKey, blobLocation(batchId, index)] as const),
];

const putEntry = (tx: Transaction, txSeq: number, entry: LogEntry): void => {
  const known = tx.get("log", number12(txSeq));
  if (known !== undefined && (parseJson(known) as LogEntry).batchId !== entry.batchId) {
    throw new ZgError("CorruptObject", { what: "two batches at one place in the log", txSeq, batchId: entry.batchId });
  }
  tx.put("log", number12(txSeq), json(entry));
};

export interface Place {
  readonly batchId: Hex;
  readonly index: number;
}

/** What the KV says of a key: the first confirmed write of it counts, in the order of the log. */
export const kvGet = (shelf: Shelf, key: Hex): Uint8Array | undefined => {
  for (const { value } of shelf.store.table("kv").range({ prefix: `${key}/`, limit: 1 })) {
    return value.length === 32 ? shelf.metadata(key) : value;
  }
  return undefined;
};
