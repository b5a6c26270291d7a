/**
 * One step of a stream: its first entry without a verdict gets one, in a single transaction with all of its effects, or
 * is said to lack its data.
 */
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Sqlite } from "../../adapters/sqlite.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { type Judgement, judgeByLog, judgePayload, mayWriteAnything, onlyNew } from "../../protocol/kv/judge.ts";
import { MAX_PAYLOAD_BYTES } from "../../protocol/kv/limits.ts";
import { kindOf } from "../../protocol/kv/ops.ts";
import { type Result, textOf } from "../../protocol/kv/result.ts";
import { tagsOf } from "../../protocol/kv/tags.ts";
import type { Entry } from "../chain-entry.ts";
import { daWrites } from "./da.ts";
import type { KvDb } from "./db.ts";
import { entryOfRow } from "./entry.ts";
import { isComplete, payloadOf } from "./payloads.ts";
import { NOBODY, viewBefore } from "./view.ts";

export type Step =
  | { readonly kind: "judged"; readonly txSeq: number; readonly text: string }
  | { readonly kind: "missing"; readonly entry: Entry };

/** Entries of a stream without a verdict, in order. */
export const openEntries = (sql: Sqlite, stream: Hex, limit: number): Entry[] =>
  sql
    .all(
      `SELECT e.* FROM verdicts v JOIN entries e ON e.tx_seq = v.tx_seq
        WHERE v.stream = ? AND v.result IS NULL ORDER BY v.tx_seq LIMIT ?`,
      ...[stream, limit],
    )
    .map(entryOfRow);

/** undefined: every entry of the stream has its verdict. */
export const step = (db: KvDb, stream: Hex): Step | undefined =>
  db.sql.write(() => {
    const [entry] = openEntries(db.sql, stream, 1);
    if (entry === undefined) return undefined;
    const judgement = judge(db, stream, entry);
    if (judgement === undefined) return { kind: "missing", entry };
    const text = textOf(judgement.result);
    apply(db.sql, stream, entry.txSeq, judgement, text);
    return { kind: "judged", txSeq: entry.txSeq, text };
  });

/** Those of the next entries whose data may be needed soon, and is not here: not of those whom the stream knows nothing of. */
export const wantedEntries = (db: KvDb, stream: Hex, ahead: number): Entry[] => {
  const open = openEntries(db.sql, stream, ahead);
  const [first] = open;
  if (first === undefined) return [];
  const view = viewBefore(db.sql, stream, first.txSeq);
  return open.filter(
    (entry) => entry.length <= MAX_PAYLOAD_BYTES && mayWriteAnything(view, entry.sender) && !isComplete(db.sql, entry),
  );
};

const nothing = (result: Result): Judgement => ({ result, writes: [], rights: [] });

/** undefined: it depends on data that is not here. */
const judge = (db: KvDb, stream: Hex, entry: Entry): Judgement | undefined => {
  const { sql, da } = db;
  const { txSeq, sender } = entry;
  const view = viewBefore(sql, stream, txSeq);
  const voiders = sql.all("SELECT sender FROM entries WHERE voids = ? ORDER BY tx_seq", txSeq);
  const known = judgeByLog(
    view,
    sender,
    voiders.map((row) => row.sender as Hex),
  );
  if (known !== undefined) return nothing(known);
  if (entry.length > MAX_PAYLOAD_BYTES) return nothing({ code: "DataParseError", why: "Stream data too long" });
  if (!isComplete(sql, entry)) return undefined;
  try {
    // A key of the DA stream is written once, by whichever confirmed batch has it first.
    if (stream === da.stream) return { ...nothing({ code: "Commit" }), writes: onlyNew(view, daWrites(sql, entry)) };
    const tags = tagsOf(fromHex(entry.tags));
    const tagged = new Set(tags.kind === "streams" ? tags.streams : []);
    return judgePayload(stream, tagged, sender, payloadOf(sql, entry), view);
  } catch (error) {
    // What is wrong with our own disk is no verdict on the entry.
    if (!(error instanceof ZgError) || error.code === "CorruptObject" || error.code === "StoreUnavailable") throw error;
    const why = error.code === "BadPayload" ? String(error.fields.why) : error.code;
    return nothing({ code: "DataParseError", why });
  }
};

const apply = (sql: Sqlite, stream: Hex, txSeq: number, { writes, rights }: Judgement, text: string): void => {
  for (const { key, at, size } of writes) {
    sql.run("INSERT OR IGNORE INTO keys (stream, key) VALUES (?, ?)", stream, key);
    sql.run(
      "INSERT INTO vals SELECT id, ?, ?, ? FROM keys WHERE stream = ? AND key = ?",
      ...[txSeq, at, size, stream, key],
    );
  }
  for (const { type, account, key } of rights) {
    sql.run(
      "INSERT INTO rights (stream, kind, account, key, version, op) VALUES (?, ?, ?, ?, ?, ?)",
      ...[stream, kindOf(type), account ?? NOBODY, key ?? new Uint8Array(), txSeq, type],
    );
  }
  crashpoint("kv-verdict-half");
  sql.run("UPDATE verdicts SET result = ? WHERE stream = ? AND tx_seq = ?", text, stream, txSeq);
};
