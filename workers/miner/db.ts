/**
 * What a miner knows: the places of entries in the log, which context sealed which sectors, what of that is sealed on its
 * disk, the hits it found and what they earned. The sealed bytes are in a file beside it (vault.ts).
 */
import { z } from "zod";
import { openStore, type Store, type Transaction } from "../../adapters/store.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import type { Shard } from "../../protocol/shard.ts";
import { decodeLoad, encodeLoad } from "./load-record.ts";

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

interface Codec<Row> {
  encode(row: Row): Uint8Array;
  decode(bytes: Uint8Array): Row;
}
/** Written by us: what does not parse is a broken disk. */
const json = <S extends z.ZodType>(what: string, schema: S): Codec<z.infer<S>> => ({
  encode: (row) => Buffer.from(JSON.stringify(row)),
  decode: (bytes) => {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    if (!parsed.success) throw new ZgError("CorruptObject", { what });
    return parsed.data;
  },
});
const TABLES = {
  entries: json("entry", Place),
  contexts: json("context", Context),
  loads: { encode: encodeLoad, decode: decodeLoad },
  hits: json("hit", Hit),
  paid: json("payment", Paid),
} as const;
type TableName = keyof typeof TABLES;
type RowOf<Name extends TableName> = ReturnType<(typeof TABLES)[Name]["decode"]>;

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
  const codecOf = <Name extends TableName>(table: Name) => TABLES[table] as unknown as Codec<RowOf<Name>>;
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
      return bytes === undefined ? undefined : codecOf(table).decode(bytes);
    },
    rows: function* (table, range = {}) {
      for (const { key, value } of store.table(table).range(range)) yield [key, codecOf(table).decode(value)];
    },
    put: (tx, table, key, row) => tx.put(table, key, codecOf(table).encode(row)),
    read: (tx, table, key) => {
      const bytes = tx.get(table, key);
      return bytes === undefined ? undefined : codecOf(table).decode(bytes);
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
