/**
 * What a KV node keeps, and how it lies in its database. All of it is a function of the chain and of the payloads that
 * have arrived, but for `streams.revision`, which counts what this node has taken back.
 *
 *   meta      cursor; which streams are watched
 *   heads     next txSeq after each block that has entries
 *   entries   entries with stream tags of watched streams, and withdrawals (`voids` is their target)
 *   streams   founder: who submitted the first entry; −1 as the first is the DA stream's genesis
 *   verdicts  one row for each entry and stream; NULL while it waits
 *   keys, vals   versioned values: where in its entry's payload each lies; size 0 deletes
 *   rights    operations of access control that took effect
 *   segments  payloads, in pieces of 256 KiB as they are verified
 *   batches, confirmed   of DAEntrance: what the DA stream's entries are held against
 */
import { join } from "node:path";
import { openSqlite, type Sqlite } from "../../adapters/sqlite.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";

const SCHEMA = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE heads (block INTEGER PRIMARY KEY, next_seq INTEGER NOT NULL);
  CREATE TABLE entries (
    tx_seq INTEGER PRIMARY KEY, block INTEGER NOT NULL, block_hash TEXT NOT NULL, tx TEXT NOT NULL,
    sender TEXT NOT NULL, root TEXT NOT NULL, identity TEXT NOT NULL, length INTEGER NOT NULL, start INTEGER NOT NULL,
    sectors INTEGER NOT NULL, tags BLOB NOT NULL, nodes TEXT NOT NULL, voids INTEGER);
  CREATE INDEX entries_file ON entries (root, length);
  CREATE INDEX entries_voids ON entries (voids, tx_seq) WHERE voids IS NOT NULL;
  CREATE TABLE streams (
    stream TEXT PRIMARY KEY, founder TEXT NOT NULL, first_seq INTEGER NOT NULL, revision INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE verdicts (stream TEXT NOT NULL, tx_seq INTEGER NOT NULL, result TEXT, PRIMARY KEY (stream, tx_seq)) WITHOUT ROWID;
  CREATE INDEX verdicts_entry ON verdicts (tx_seq);
  CREATE INDEX verdicts_open ON verdicts (stream, tx_seq) WHERE result IS NULL;
  CREATE INDEX verdicts_first ON verdicts (tx_seq) WHERE result IS NULL;
  CREATE TABLE keys (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, key BLOB NOT NULL, UNIQUE (stream, key));
  CREATE TABLE vals (
    key_id INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (key_id, version)) WITHOUT ROWID;
  CREATE INDEX vals_version ON vals (version);
  CREATE TABLE rights (
    stream TEXT NOT NULL, kind INTEGER NOT NULL, account TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL,
    op INTEGER NOT NULL, PRIMARY KEY (stream, kind, account, key, version)) WITHOUT ROWID;
  CREATE INDEX rights_version ON rights (version);
  CREATE TABLE segments (root TEXT NOT NULL, length INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (root, length, n));
  CREATE TABLE batches (batch_id TEXT PRIMARY KEY, block INTEGER NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE confirmed (tx_seq INTEGER PRIMARY KEY, block INTEGER NOT NULL, batch_id TEXT NOT NULL);
  `,
];

export interface KvOptions {
  /** The DA stream and the contract that owns it. */
  readonly da: { readonly stream: Hex; readonly entrance: Hex };
  /** Only these; all when absent. */
  readonly streams?: readonly Hex[];
}

export interface KvDb {
  readonly sql: Sqlite;
  readonly da: KvOptions["da"];
  /** Is this stream followed here? */
  watches(stream: Hex): boolean;
  readonly watched: readonly Hex[] | undefined;
}

export const openKvDb = async (dir: string, { da, streams }: KvOptions): Promise<KvDb> => {
  const sql = await openSqlite(join(dir, "kv.sqlite"), { schema: SCHEMA });
  try {
    const watched = streams && [...new Set(streams)].sort();
    sql.write(() => {
      checkSame(sql, "da", da.stream);
      // Entries of a stream that was not watched then are gone: what is kept can not be made whole by watching more.
      checkSame(sql, "streams", watched?.join(" ") ?? "all");
      sql.run("INSERT OR IGNORE INTO streams (stream, founder, first_seq) VALUES (?, ?, -1)", da.stream, da.entrance);
      // Payloads that a reorg left without an entry.
      sql.run(`DELETE FROM segments WHERE NOT EXISTS (
        SELECT 1 FROM entries e WHERE e.root = segments.root AND e.length = segments.length)`);
    });
    const set = watched && new Set(watched);
    return { sql, da, watched, watches: (stream) => set === undefined || set.has(stream) };
  } catch (error) {
    sql.close();
    throw error;
  }
};

const checkSame = (sql: Sqlite, name: string, value: string): void => {
  sql.run("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", name, value);
  const known = sql.get("SELECT value FROM meta WHERE name = ?", name)?.value;
  if (known === value) return;
  throw new ZgError("BadConfig", {
    what: `the KV node's folder is of another set: ${name}`,
    known: String(known).slice(0, 200),
  });
};
