/**
 * SQLite, as it is built into Node: one file per party, for what needs keys of any length in order (lmdb's end at two
 * kilobytes). Calls are synchronous; a write has been fsynced when `write` returns. WAL, and no other process beside us.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ZgError } from "../protocol/errors.ts";
import { messageOf } from "./errors.ts";
import { syncFolder } from "./fsync.ts";

/** What goes in; integers are those that a number carries exactly. */
export type SqlValue = Uint8Array | string | number | null;
/** A row by the names of its columns; blobs are copies. */
export type SqlRow = Readonly<Record<string, unknown>>;

export interface Sqlite {
  get(sql: string, ...values: SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: SqlValue[]): SqlRow[];
  /** One row at a time; nothing may be written before the walk has ended. */
  walk(sql: string, ...values: SqlValue[]): Iterable<SqlRow>;
  /** Changed rows. Outside of `write` it is a transaction of its own. */
  run(sql: string, ...values: SqlValue[]): number;
  /** Runs `change` in one transaction: all of it or nothing. Inside of another it is part of that one. */
  write<T>(change: () => T): T;
  close(): void;
}

export interface SqliteOptions {
  /** Steps from an empty file to today's tables, in order; those that a file has had are not run again. */
  readonly schema: readonly string[];
  /** Pages in memory, KiB. */
  readonly cacheKib?: number;
}

/** Node warns once that the module is experimental; that is known and decided (ADR 8). Other warnings pass. */
const load = (): typeof DatabaseSync => {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (messageOf(warning).includes("SQLite is an experimental feature")) return;
    (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule("node:sqlite").DatabaseSync;
  } finally {
    process.emitWarning = emit;
  }
};

export const openSqlite = async (path: string, { schema, cacheKib = 16_384 }: SqliteOptions): Promise<Sqlite> => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const Database = load();
  const db = guarded(() => new Database(path, { enableForeignKeyConstraints: false }));
  try {
    guarded(() => {
      // Exclusive before WAL: the index of the log stays in memory, and a second process is refused.
      db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        PRAGMA cache_size = -${cacheKib}; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;`);
      migrate(db, schema);
    });
    await syncFolder(dirname(path));
  } catch (error) {
    db.close();
    throw error;
  }

  const statements = new Map<string, StatementSync>();
  let [open, writing] = [true, false];
  const prepared = (sql: string): StatementSync => {
    if (!open) throw new ZgError("Stopping", { what: "store" });
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };

  return {
    get: (sql, ...values) => guarded(() => prepared(sql).get(...values) as SqlRow | undefined),
    all: (sql, ...values) => guarded(() => prepared(sql).all(...values) as SqlRow[]),
    walk: (sql, ...values) => guarded(() => prepared(sql).iterate(...values) as Iterable<SqlRow>),
    run: (sql, ...values) => guarded(() => Number(prepared(sql).run(...values).changes)),
    write: (change) => {
      if (writing) return change();
      guarded(() => prepared("BEGIN IMMEDIATE").run());
      writing = true;
      try {
        const result = change();
        guarded(() => prepared("COMMIT").run());
        return result;
      } catch (error) {
        // A full disk has ended the transaction already.
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      } finally {
        writing = false;
      }
    },
    close: () => {
      if (!open) return;
      open = false;
      statements.clear();
      db.close();
    },
  };
};

const migrate = (db: DatabaseSync, schema: readonly string[]): void => {
  const done = Number((db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version);
  if (done > schema.length) throw new ZgError("CorruptObject", { what: "database of a newer version", version: done });
  for (const [index, step] of schema.entries()) {
    if (index >= done) db.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
};

const CORRUPT = new Set([11, 26]);
const BUSY = new Set([5, 6]);

/** SQLite's errors by name: a broken file, another process, or a disk that does not take the write. */
const guarded = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || !("errcode" in error)) throw error;
    const code = Number(error.errcode) & 0xff;
    const fields = { why: error.message, errcode: Number(error.errcode) };
    if (CORRUPT.has(code)) throw new ZgError("CorruptObject", { what: "database", ...fields }, { cause: error });
    if (BUSY.has(code)) throw new ZgError("DataFolderLocked", fields, { cause: error });
    // Constraints and mistakes in a statement are ours.
    if (code === 1 || code === 19 || code === 20 || code === 21) {
      throw new ZgError("Internal", { what: "SQL", ...fields }, { cause: error });
    }
    throw new ZgError("StoreUnavailable", fields, { cause: error });
  }
};
