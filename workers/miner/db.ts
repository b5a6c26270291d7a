/**
 * What a miner knows: the places of entries in the log, which context sealed which sectors, what of that is sealed on its
 * disk, the hits it found and what they earned. The sealed bytes are in a file beside it (vault.ts).
 */
import { z } from "zod";
import { openStore, type Store, type Transaction } from "../../adapters/store.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { SEALS_PER_LOAD } from "../../protocol/seal.ts";
import type { Shard } from "../../protocol/shard.ts";

const hash = z.custom<Hex>((value) => isHex(value, 32));
const count = z.int().nonnegative();

/** An entry of the log, as far as it matters where its data lies. */
const Place = z.object({
  txSeq: count,
  start: count,
  sectors: count,
  length: count,
  root: hash,
  block: count,
});
export type Place = z.infer<typeof Place>;

/** The context of an epoch, and the sectors [start, end) that it sealed. */
const Context = z.object({ digest: hash, epoch: count, start: count, end: count, block: count });
export type Context = z.infer<typeof Context>;

/** What a seal of a load is, if it is not the number of its context: not sealed yet, or nothing but zeros. */
export const [ABSENT, EMPTY] = [-1, -2];

const Load = z.object({
  /** In the file of sealed loads; null: none of it is worth one. */
  slot: count.nullable(),
  contexts: z.array(hash),
  seals: z.array(z.int().min(EMPTY)).length(SEALS_PER_LOAD),
});
export type Load = z.infer<typeof Load>;

const Hit = z.object({
  quality: hash,
  nonce: hash,
  load: count,
  sealOffset: count,
  epoch: count,
  contextDigest: hash,
  flowRoot: hash,
  flowLength: count,
  subtaskDigest: hash,
  range: z.object({ startPosition: count, mineLength: count, shardId: z.string(), shardMask: z.string() }),
  /** Last block that takes it. */
  last: count,
  /** Of the transaction that answers, once it is planned. */
  slot: count.nullable(),
  /** Why it was not answered. */
  dropped: z.string().nullable(),
});
export type Hit = z.infer<typeof Hit>;

/** What the chain paid for one answer. */
const Paid = z.object({ block: count, wei: z.string().regex(/^\d+$/) });
export type Paid = z.infer<typeof Paid>;

const Miner = z.object({ minerId: hash, shardId: count, numShard: count });

const TABLES = { entries: Place, contexts: Context, loads: Load, hits: Hit, paid: Paid } as const;
type TableName = keyof typeof TABLES;
type RowOf<Name extends TableName> = z.infer<(typeof TABLES)[Name]>;

export interface MinerDb {
  readonly store: Store;
  get<Name extends TableName>(table: Name, key: string): RowOf<Name> | undefined;
  /** Ascending by key, or descending. */
  rows<Name extends TableName>(
    table: Name,
    range?: { readonly start?: string; readonly end?: string; readonly reverse?: boolean; readonly limit?: number },
  ): Generator<[key: string, row: RowOf<Name>], void>;
  put<Name extends TableName>(tx: Transaction, table: Name, key: string, row: RowOf<Name>): void;
  /** The row inside a transaction: with what was written before it. */
  read<Name extends TableName>(tx: Transaction, table: Name, key: string): RowOf<Name> | undefined;
  minerId(): Hex | undefined;
  setMinerId(minerId: Hex): Promise<void>;
  close(): Promise<void>;
}

/** Numbers as keys, in their order. */
export const keyOf = (value: number): string => String(value).padStart(16, "0");

/** A folder is of one miner and one shard: what is sealed in it is of no use to others. */
export const openMinerDb = async (dir: string, shard: Shard): Promise<MinerDb> => {
  const store = await openStore(dir, { tables: ["meta", "cursor", ...Object.keys(TABLES)] });
  const parse = <Name extends TableName>(table: Name, key: string, bytes: Uint8Array): RowOf<Name> => {
    const parsed = TABLES[table].safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    if (!parsed.success) throw new ZgError("CorruptObject", { what: table, key });
    return parsed.data as RowOf<Name>;
  };
  const miner = () => {
    const bytes = store.table("meta").get("miner");
    return bytes === undefined ? undefined : Miner.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  };
  const known = miner();
  if (known !== undefined && (known.shardId !== shard.shardId || known.numShard !== shard.numShard)) {
    await store.close();
    const sealed = `${known.shardId}/${known.numShard}`;
    throw new ZgError("BadConfig", { what: "shard", sealed, asked: `${shard.shardId}/${shard.numShard}` });
  }

  return {
    store,
    get: (table, key) => {
      const bytes = store.table(table).get(key);
      return bytes === undefined ? undefined : parse(table, key, bytes);
    },
    rows: function* (table, range = {}) {
      for (const { key, value } of store.table(table).range(range)) yield [key, parse(table, key, value)];
    },
    put: (tx, table, key, row) => tx.put(table, key, Buffer.from(JSON.stringify(row))),
    read: (tx, table, key) => {
      const bytes = tx.get(table, key);
      return bytes === undefined ? undefined : parse(table, key, bytes);
    },
    minerId: () => miner()?.minerId,
    setMinerId: (minerId) =>
      store.write((tx) => tx.put("meta", "miner", Buffer.from(JSON.stringify({ minerId, ...shard })))),
    close: () => store.close(),
  };
};

/** The last row of a table whose keys are in the order of the log. */
export const lastOf = <Name extends "entries" | "contexts">(db: MinerDb, table: Name): RowOf<Name> | undefined => {
  for (const [, row] of db.rows(table, { reverse: true, limit: 1 })) return row;
  return undefined;
};

/** Sectors of the log, the first (empty) one included. */
export const lengthOf = (db: MinerDb): number => {
  const last = lastOf(db, "entries");
  return last === undefined ? 1 : last.start + last.sectors;
};

/** Sectors that contexts have sealed. */
export const sealedLengthOf = (db: MinerDb): number => lastOf(db, "contexts")?.end ?? 0;

/** Contexts that sealed something of a load, ascending. */
export const contextsIn = (db: MinerDb, load: number): Context[] => {
  const [from, to] = [load * SECTORS_PER_SEGMENT, (load + 1) * SECTORS_PER_SEGMENT];
  const found: Context[] = [];
  // By their ends: the first that ends beyond the load's start is the first in it.
  for (const [, context] of db.rows("contexts", { start: keyOf(from + 1) })) {
    if (context.start >= to) break;
    found.push(context);
  }
  return found;
};

/** Entries that have something in a load, ascending. */
export const entriesIn = (db: MinerDb, load: number): Place[] => {
  const [from, to] = [load * SECTORS_PER_SEGMENT, (load + 1) * SECTORS_PER_SEGMENT];
  const found: Place[] = [];
  for (const [, before] of db.rows("entries", { end: keyOf(from), reverse: true, limit: 1 })) {
    if (before.start + before.sectors > from) found.push(before);
  }
  for (const [, entry] of db.rows("entries", { start: keyOf(from), end: keyOf(to) })) found.push(entry);
  return found;
};
