/** A stream as it was at some place in the log, read from the database. */
import type { Sqlite } from "../../adapters/sqlite.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { StreamView } from "../../protocol/kv/judge.ts";
import { gives, KINDS, type Kind, OPS, type OpType } from "../../protocol/kv/ops.ts";

const NONE: Uint8Array = new Uint8Array();
/** Of rights that are about a key, not about an account. */
export const NOBODY = "";

/** Just before entry `txSeq`: its own submitter is the founder already if it is the stream's first. */
export const viewBefore = (sql: Sqlite, stream: Hex, txSeq: number): StreamView => viewOf(sql, stream, txSeq, txSeq);

/** With everything up to and including entry `version`. */
export const viewAt = (sql: Sqlite, stream: Hex, version: number): StreamView =>
  viewOf(sql, stream, Math.min(version + 1, Number.MAX_SAFE_INTEGER), version);

/** Has no entry tagged the stream up to and including `version`? */
export const isNew = (sql: Sqlite, stream: Hex, version: number): boolean =>
  sql.get("SELECT 1 FROM streams WHERE stream = ? AND first_seq <= ?", stream, version) === undefined;

const viewOf = (sql: Sqlite, stream: Hex, below: number, founded: number): StreamView => {
  const last = (kind: Kind, account: string, key: Uint8Array): OpType | undefined =>
    sql.get(
      `SELECT op FROM rights WHERE stream = ? AND kind = ? AND account = ? AND key = ? AND version < ?
        ORDER BY version DESC LIMIT 1`,
      ...[stream, kind, account, key, below],
    )?.op as OpType | undefined;
  const held = (kind: Kind, account: string, key = NONE): boolean => {
    const op = last(kind, account, key);
    return op !== undefined && gives(op);
  };
  // A payload asks the same of its sender for every key.
  const remembered = (ask: (account: Hex) => boolean): ((account: Hex) => boolean) => {
    const known = new Map<Hex, boolean>();
    return (account) => {
      const answer = known.get(account) ?? ask(account);
      known.set(account, answer);
      return answer;
    };
  };
  return {
    isAdmin: remembered((account) => {
      const op = last(KINDS.admin, account, NONE);
      if (op !== undefined) return gives(op);
      const founder = "SELECT 1 FROM streams WHERE stream = ? AND founder = ? AND first_seq <= ?";
      return sql.get(founder, stream, account, founded) !== undefined;
    }),
    isWriter: remembered((account) => held(KINDS.writer, account)),
    isSpecialKey: (key) => held(KINDS.special, NOBODY, key),
    isWriterOfKey: (account, key) => held(KINDS.keyWriter, account, key),
    isWriterOfAnyKey: remembered(
      (account) =>
        sql.get(
          `SELECT 1 FROM (SELECT op, MAX(version) FROM rights
            WHERE stream = ? AND kind = ? AND account = ? AND version < ? GROUP BY key) WHERE op = ? LIMIT 1`,
          ...[stream, KINDS.keyWriter, account, below, OPS.GRANT_SPECIAL_WRITER_ROLE],
        ) !== undefined,
    ),
    latestVersion: (key) => {
      const row = sql.get(
        `SELECT v.version FROM keys k JOIN vals v ON v.key_id = k.id
          WHERE k.stream = ? AND k.key = ? AND v.version < ? ORDER BY v.version DESC LIMIT 1`,
        ...[stream, key, below],
      );
      return Number(row?.version ?? 0);
    },
  };
};
