/** What the chain says of the log becomes rows; what it takes back is taken out of them, with all that followed from it. */
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Sqlite } from "../../adapters/sqlite.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { tagsOf } from "../../protocol/kv/tags.ts";
import { batchIdIn, chainBatchOf } from "../chain-batch.ts";
import { type Entry, entryOf } from "../chain-entry.ts";
import type { KvDb } from "./db.ts";
import { insertEntry } from "./entry.ts";
import { viewBefore } from "./view.ts";

/** Number of the next entry, as far as this node has followed. */
export const nextTxSeq = (sql: Sqlite): number =>
  Number(sql.get("SELECT next_seq FROM heads ORDER BY block DESC LIMIT 1")?.next_seq ?? 0);

/** Events in chain order, in one transaction. Returns the streams that have something to judge. */
export const applyEvents = (db: KvDb, chainId: number, events: readonly ChainEvent[]): Set<Hex> =>
  db.sql.write(() => {
    const touched = new Set<Hex>();
    for (const event of events) {
      if (event.contract === "Flow" && event.name === "Submit") applySubmit(db, entryOf(event), touched);
      if (event.contract === "DAEntrance") applyBatch(db, chainId, event);
    }
    return touched;
  });

const applySubmit = (db: KvDb, entry: Entry, touched: Set<Hex>): void => {
  const { sql } = db;
  const { txSeq, block, sender } = entry;
  const next = nextTxSeq(sql);
  // Effects are repeated after a crash.
  if (txSeq < next) return;
  if (txSeq > next) throw new ZgError("BadResponse", { what: "a gap in the log", expected: next, txSeq });
  sql.run("INSERT OR REPLACE INTO heads (block, next_seq) VALUES (?, ?)", block.number, txSeq + 1);
  const tags = tagsOf(fromHex(entry.tags));
  if (tags.kind === "void" && tags.target < txSeq) {
    insertEntry(sql, entry, tags.target);
    for (const stream of withdraw(sql, tags.target, sender)) touched.add(stream);
  }
  const streams = tags.kind === "streams" ? tags.streams.filter((stream) => db.watches(stream)) : [];
  if (streams.length === 0) return;
  insertEntry(sql, entry, null);
  for (const stream of streams) {
    sql.run("INSERT OR IGNORE INTO streams (stream, founder, first_seq) VALUES (?, ?, ?)", stream, sender, txSeq);
    sql.run("INSERT INTO verdicts (stream, tx_seq, result) VALUES (?, ?, NULL)", stream, txSeq);
    touched.add(stream);
  }
};

/** Takes back what a withdrawn entry did, on each stream where the one who withdraws was an admin before it. */
const withdraw = (sql: Sqlite, target: number, sender: Hex): Hex[] => {
  const touched: Hex[] = [];
  for (const { stream: id, result } of sql.all("SELECT stream, result FROM verdicts WHERE tx_seq = ?", target)) {
    const stream = id as Hex;
    if (result === null) touched.push(stream);
    if (result === null || result === "Voided" || result === "SenderNoWritePermission") continue;
    if (!viewBefore(sql, stream, target).isAdmin(sender)) continue;
    rewind(sql, stream, target);
    touched.push(stream);
  }
  return touched;
};

/** A stream as it was just before entry `txSeq`; its entries from there on are to be judged again. */
const rewind = (sql: Sqlite, stream: Hex, txSeq: number): void => {
  const gone = sql.all(
    `DELETE FROM vals WHERE version >= ? AND EXISTS (
      SELECT 1 FROM keys k WHERE k.id = vals.key_id AND k.stream = ?) RETURNING key_id`,
    ...[txSeq, stream],
  );
  for (const id of new Set(gone.map(({ key_id }) => Number(key_id)))) {
    sql.run("DELETE FROM keys WHERE id = ? AND NOT EXISTS (SELECT 1 FROM vals WHERE key_id = ?)", id, id);
  }
  sql.run("DELETE FROM rights WHERE version >= ? AND stream = ?", txSeq, stream);
  sql.run("UPDATE verdicts SET result = NULL WHERE stream = ? AND tx_seq >= ?", stream, txSeq);
  sql.run("UPDATE streams SET revision = revision + 1 WHERE stream = ?", stream);
};

const applyBatch = ({ sql, da }: KvDb, chainId: number, event: ChainEvent): void => {
  const batchId = batchIdIn(event);
  if (event.name === "BatchSubmitted") {
    const { facts } = chainBatchOf(event, { chainId, entrance: da.entrance, confirmWindow: 0 });
    const row = [facts.batchId, event.blockNumber, JSON.stringify(facts)];
    sql.run("INSERT OR REPLACE INTO batches (batch_id, block, facts) VALUES (?, ?, ?)", ...row);
  }
  if (event.name === "BatchConfirmed" && batchId !== undefined) {
    const row = [Number(event.args.metadataTxSeq), event.blockNumber, batchId];
    sql.run("INSERT OR REPLACE INTO confirmed (tx_seq, block, batch_id) VALUES (?, ?, ?)", ...row);
  }
};

/** Takes back what came from blocks above `ancestor`. Returns the streams that have something to judge again. */
export const applyReorg = ({ sql }: KvDb, ancestor: number): Set<Hex> =>
  sql.write(() => {
    const touched = new Set<Hex>();
    sql.run("DELETE FROM heads WHERE block > ?", ancestor);
    sql.run("DELETE FROM batches WHERE block > ?", ancestor);
    sql.run("DELETE FROM confirmed WHERE block > ?", ancestor);
    const next = nextTxSeq(sql);
    for (const { stream } of sql.all("SELECT DISTINCT stream FROM verdicts WHERE tx_seq >= ?", next)) {
      rewind(sql, stream as Hex, next);
      touched.add(stream as Hex);
    }
    const withdrawn = sql.all("SELECT DISTINCT voids FROM entries WHERE tx_seq >= ? AND voids < ?", next, next);
    sql.run("DELETE FROM verdicts WHERE tx_seq >= ?", next);
    sql.run("DELETE FROM streams WHERE first_seq >= ?", next);
    sql.run("DELETE FROM entries WHERE tx_seq >= ?", next);
    for (const { voids } of withdrawn) {
      const rows = sql.all("SELECT stream FROM verdicts WHERE tx_seq = ? AND result = 'Voided'", Number(voids));
      for (const { stream } of rows) {
        // Another withdrawal may still stand: it is judged again, not given back.
        rewind(sql, stream as Hex, Number(voids));
        touched.add(stream as Hex);
      }
    }
    return touched;
  });
