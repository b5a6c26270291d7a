/**
 * The local store of a node: lmdb, one environment per party, a few named tables of bytes. `write` is atomic and has
 * been fsynced when it resolves; concurrent writes share one fsync. Reads are synchronous,
 * from the memory map.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { ZgError } from "../protocol/errors.ts";
import { messageOf } from "./errors.ts";
import { syncFolder } from "./fsync.ts";

export interface StoreOptions {
  readonly tables: readonly string[];
}

export interface Range {
  /** Keys that begin with this; excludes start and end. */
  readonly prefix?: string;
  /** First key, inclusive. */
  readonly start?: string;
  /** Last key, exclusive. */
  readonly end?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Table {
  /** A copy: it stays valid however the store goes on. */
  get(key: string): Uint8Array | undefined;
  /** What `use` makes of the value, which is lent: it is another's as soon as `use` has returned. */
  look<T>(key: string, use: (value: Uint8Array) => T): T | undefined;
  has(key: string): boolean;
  /** Ascending by the bytes of the key, or descending. */
  range(range?: Range): Iterable<Entry>;
  keys(range?: Range): Iterable<string>;
  count(range?: Range): number;
  /** Of the whole table, without looking at it. */
  size(): number;
}

/** What may be done inside `write`; reads see the writes before them. */
export interface Transaction {
  get(table: string, key: string): Uint8Array | undefined;
  put(table: string, key: string, value: Uint8Array): void;
  delete(table: string, key: string): void;
}

export interface Store {
  table(name: string): Table;
  /** Runs `change` in one transaction (synchronously, nothing else interleaves); a throw undoes all of it. */
  write<T>(change: (transaction: Transaction) => T): Promise<T>;
  close(): Promise<void>;
}

const MAX_KEY_BYTES = 1024;

export const openStore = async (dir: string, options: StoreOptions): Promise<Store> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const root = open({
    path: dir,
    noSubdir: false,
    maxDbs: options.tables.length + 1,
    encoding: "binary",
    // Its batch promises have no owner: a failed commit would end the process as an unhandled rejection.
    eventTurnBatching: false,
    // Commits return after fdatasync. Overlapping sync would make data visible before it is durable.
    overlappingSync: false,
    pageSize: 4096,
  });
  const tables = new Map(
    options.tables.map((name) => [name, root.openDB<Buffer, string>({ name, encoding: "binary" })]),
  );
  await syncFolder(dir);
  await syncFolder(dirname(dir));
  return new LmdbStore(root, tables);
};

class LmdbStore implements Store {
  readonly #root: RootDatabase;
  readonly #tables: ReadonlyMap<string, Database<Buffer, string>>;
  #closed = false;

  constructor(root: RootDatabase, tables: ReadonlyMap<string, Database<Buffer, string>>) {
    this.#root = root;
    this.#tables = tables;
  }

  table(name: string): Table {
    const db = this.#db(name);
    return {
      get: (key) => db.getBinary(key),
      look: (key, use) => {
        const lent = db.getBinaryFast(key);
        // lmdb lends one buffer for all values and only says how much of it is this one's.
        return lent === undefined ? undefined : use(new Uint8Array(lent.buffer, lent.byteOffset, lent.length));
      },
      has: (key) => db.doesExist(key),
      range: (range = {}) => db.getRange(boundsOf(range)),
      keys: (range = {}) => db.getKeys(boundsOf(range)),
      count: (range = {}) => db.getKeysCount(boundsOf(range)),
      size: () => (db.getStats() as { entryCount: number }).entryCount,
    };
  }

  async write<T>(change: (transaction: Transaction) => T): Promise<T> {
    if (this.#closed) throw new ZgError("Stopping", { what: "store" });
    let outcome: { value: T } | { error: unknown } | undefined;
    try {
      await this.#root.transaction(() => {
        try {
          outcome = { value: this.#run(change) };
        } catch (error) {
          outcome = { error };
        }
      });
    } catch (error) {
      throw await notCommitted(error);
    }
    if (outcome === undefined || "error" in outcome) throw outcome?.error;
    return outcome.value;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.close();
  }

  /**
   * lmdb puts many callbacks into one commit, so a throw in one must leave no trace: changes are collected first and
   * applied only after the callback has returned.
   */
  #run<T>(change: (transaction: Transaction) => T): T {
    const changes = new Map<Database<Buffer, string>, Map<string, Uint8Array | undefined>>();
    const collect = (name: string, key: string, value: Uint8Array | undefined): void => {
      const db = this.#db(name);
      if (key.length === 0 || Buffer.byteLength(key) > MAX_KEY_BYTES) {
        throw new ZgError("BadRequest", { what: "store key", key: key.slice(0, 80) });
      }
      const ofTable = changes.get(db) ?? new Map<string, Uint8Array | undefined>();
      changes.set(db, ofTable.set(key, value));
    };
    const result = change({
      get: (name, key) => {
        const ofTable = changes.get(this.#db(name));
        return ofTable?.has(key) ? ofTable.get(key) : this.#db(name).getBinary(key);
      },
      put: collect,
      delete: (name, key) => collect(name, key, undefined),
    });
    for (const [db, ofTable] of changes) {
      for (const [key, value] of ofTable) {
        if (value === undefined) db.removeSync(key);
        else db.putSync(key, bufferOf(value));
      }
    }
    return result;
  }

  #db(name: string): Database<Buffer, string> {
    const db = this.#tables.get(name);
    if (db === undefined) throw new ZgError("Internal", { what: "no such table", name });
    return db;
  }
}

/** Disk full, an I/O error: nothing of the transaction is there, and the store goes on when the disk does. */
const notCommitted = async (error: unknown): Promise<ZgError> => {
  // lmdb keeps the reason in a second promise, which must not stay unhandled.
  const second = error instanceof Error && "commitError" in error ? error.commitError : undefined;
  const why = await Promise.resolve(second).then(
    () => error,
    (reason: unknown) => reason,
  );
  return new ZgError("StoreUnavailable", { why: messageOf(why) }, { cause: error });
};

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Sorts after every key that begins with the prefix: keys are text, and U+10FFFF is the last code point. */
const after = (prefix: string): string => `${prefix}\u{10FFFF}`;

const boundsOf = ({ prefix, start, end, reverse = false, limit }: Range) => {
  const low = prefix ?? start;
  const high = prefix === undefined ? end : after(prefix);
  // lmdb walks from `start` to `end`, start inclusive and end exclusive, in the direction of the walk. No stored key
  // equals `after(prefix)`; with plain bounds the exclusive upper end is skipped by `exclusiveStart`.
  return reverse
    ? { start: high, end: low, reverse, limit, exclusiveStart: true, inclusiveEnd: true }
    : { start: low, end: high, limit };
};
