/** What became of entries, and how far the replay has come. */
import type { Sqlite } from "../../adapters/sqlite.ts";
import type { Hex } from "../../protocol/hex.ts";
import { AWAITING, commonResult, type StreamResult } from "../../protocol/kv/result.ts";
import { nextTxSeq } from "./log.ts";
import { viewBefore } from "./view.ts";

/** An entry's result on each of its streams. */
export const resultsOf = (sql: Sqlite, txSeq: number): StreamResult[] =>
  sql.all("SELECT stream, result FROM verdicts WHERE tx_seq = ? ORDER BY stream", txSeq).map((row) => {
    const stream = row.stream as Hex;
    return { stream, text: row.result === null ? awaiting(sql, stream, txSeq) : String(row.result) };
  });

const awaiting = (sql: Sqlite, stream: Hex, txSeq: number): string => {
  const first = heldAt(sql, stream);
  return first === undefined || first === txSeq ? AWAITING : `${AWAITING}: stream: ${stream}, entry: ${first}`;
};

/** The entry that holds a stream back. */
export const heldAt = (sql: Sqlite, stream: Hex): number | undefined => {
  const row = sql.get(
    "SELECT tx_seq FROM verdicts WHERE stream = ? AND result IS NULL ORDER BY tx_seq LIMIT 1",
    stream,
  );
  return row && Number(row.tx_seq);
};

/** One text for the whole entry; undefined: it is of no stream that is followed here, or not in the log yet. */
export const resultOf = (sql: Sqlite, txSeq: number): string | undefined => {
  const row = sql.get("SELECT voids, sender FROM entries WHERE tx_seq = ?", txSeq);
  if (typeof row?.voids !== "number") return commonResult(resultsOf(sql, txSeq));
  // A withdrawal has no streams of its own: its result is what became of its target where its submitter was an admin.
  const { voids: target, sender } = row as { voids: number; sender: Hex };
  const results = resultsOf(sql, target);
  const reached = results.filter(({ text }) => !text.startsWith(AWAITING));
  const own = reached.filter(({ stream }) => viewBefore(sql, stream, target).isAdmin(sender));
  if (own.some(({ text }) => text === "Voided")) return "Commit";
  return reached.length < results.length ? AWAITING : "SenderNoWritePermission";
};

/** Everything below has its verdict: on one stream, or on all of them. */
export const appliedTxSeq = (sql: Sqlite, stream?: Hex): number => {
  if (stream !== undefined) return heldAt(sql, stream) ?? nextTxSeq(sql);
  const row = sql.get("SELECT MIN(tx_seq) AS held FROM verdicts WHERE result IS NULL");
  return Number(row?.held ?? nextTxSeq(sql));
};
