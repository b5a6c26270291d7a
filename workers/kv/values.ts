/** Reads of streams, as of any version. */
import type { Sqlite } from "../../adapters/sqlite.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type FileRef, readPayload } from "./payloads.ts";

/** Where a value is: in the payload of the entry that wrote it. */
export interface Located {
  readonly key: Uint8Array;
  /** txSeq of the entry. */
  readonly version: number;
  readonly at: number;
  /** Bytes; 0: deleted. */
  readonly size: number;
}

/** The last write of a key up to and including `version`, be it a deletion. */
export const findValue = (sql: Sqlite, stream: Hex, key: Uint8Array, version: number): Located | undefined => {
  const row = sql.get(
    `SELECT v.version, v.at, v.size FROM keys k JOIN vals v ON v.key_id = k.id
      WHERE k.stream = ? AND k.key = ? AND v.version <= ? ORDER BY v.version DESC LIMIT 1`,
    ...[stream, key, version],
  );
  return row && { key, version: Number(row.version), at: Number(row.at), size: Number(row.size) };
};

export const readValue = (sql: Sqlite, value: Located, from: number, size: number): Uint8Array => {
  const file = sql.get("SELECT root, length FROM entries WHERE tx_seq = ?", value.version) as FileRef | undefined;
  if (file === undefined)
    throw new ZgError("CorruptObject", { what: "value without its entry", version: value.version });
  return readPayload(sql, file, value.at + from, Math.max(0, Math.min(size, value.size - from)));
};

export interface Walk {
  readonly stream: Hex;
  /** Where to begin; undefined: at the end that is first in the direction of the walk. */
  readonly key: Uint8Array | undefined;
  readonly inclusive: boolean;
  readonly reverse: boolean;
  readonly version: number;
}

/** Keys looked at in one go, and their bytes. Deleted keys, and those that are not written yet at a version, are passed over. */
const [SLICE, SLICE_BYTES] = [1_000, 1 << 20];
/** Slices of one walk. */
const MAX_SLICES = 50;

/** Where a walk has ended: at a value, at the end of the stream, or, with `last`, at a key from which it may go on. */
export interface Walked {
  readonly found?: Located;
  readonly last?: Uint8Array;
}

/**
 * The next key with a value, in the order of the keys' bytes.
 *
 * @param turn before each slice but the first: a walk over a desert of deleted keys lets others through
 */
export const walkTo = async (sql: Sqlite, walk: Walk, turn: () => Promise<void>): Promise<Walked> => {
  let from: Pick<Walk, "key" | "inclusive"> = walk;
  for (let slices = 1; ; slices++) {
    const walked = slice(sql, { ...walk, ...from });
    if (walked.last === undefined || slices === MAX_SLICES) return walked;
    from = { key: walked.last, inclusive: false };
    await turn();
  }
};

const slice = (sql: Sqlite, { stream, key, inclusive, reverse, version }: Walk): Walked => {
  const compare = `${reverse ? "<" : ">"}${inclusive ? "=" : ""}`;
  const rows = sql.walk(
    `SELECT k.key, v.version, v.at, v.size FROM keys k
      LEFT JOIN vals v ON v.key_id = k.id
        AND v.version = (SELECT MAX(version) FROM vals WHERE key_id = k.id AND version <= ?)
      WHERE k.stream = ? ${key === undefined ? "" : `AND k.key ${compare} ?`}
      ORDER BY k.key ${reverse ? "DESC" : "ASC"}`,
    ...[version, stream, ...(key === undefined ? [] : [key])],
  );
  let [seen, bytes] = [0, 0];
  for (const row of rows) {
    const at = row.key as Uint8Array;
    if (Number(row.size ?? 0) > 0) {
      return { found: { key: at, version: Number(row.version), at: Number(row.at), size: Number(row.size) } };
    }
    seen += 1;
    bytes += at.length;
    if (seen === SLICE || bytes > SLICE_BYTES) return { last: at };
  }
  return {};
};

/** A write that took effect, for those who follow a stream. */
export interface Change {
  readonly version: number;
  readonly key: Uint8Array;
  readonly size: number;
  readonly sender: Hex;
}

/** Writes of a stream in the order of the log, and of the keys within an entry, after a place in that order. */
export const changesAfter = (
  sql: Sqlite,
  stream: Hex,
  from: { readonly txSeq: number; readonly key: Uint8Array | undefined },
  limit: number,
  maxBytes: number,
): { readonly changes: Change[]; readonly more: boolean } => {
  const changes: Change[] = [];
  let bytes = 0;
  const rows = sql.walk(
    `SELECT v.version, k.key, v.size, e.sender FROM verdicts d
      JOIN entries e ON e.tx_seq = d.tx_seq
      JOIN vals v ON v.version = d.tx_seq JOIN keys k ON k.id = v.key_id AND k.stream = d.stream
      WHERE d.stream = ? AND d.tx_seq >= ? AND (d.tx_seq > ? OR k.key > ?) ORDER BY d.tx_seq, k.key`,
    ...[stream, from.txSeq, from.key === undefined ? from.txSeq - 1 : from.txSeq, from.key ?? new Uint8Array()],
  );
  for (const row of rows) {
    const key = row.key as Uint8Array;
    bytes += key.length;
    if (changes.length === limit || (changes.length > 0 && bytes > maxBytes)) return { changes, more: true };
    changes.push({ version: Number(row.version), key, size: Number(row.size), sender: row.sender as Hex });
  }
  return { changes, more: false };
};
