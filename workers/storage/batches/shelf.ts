/**
 * What a storage node keeps, and how it lies in its store. Every change of a batch is one transaction together with
 * the batch's record, so a crash leaves the record before the change or after it, never between.
 *
 *   batches   <batchId>                       record (JSON)
 *   metadata  <batchId>                       canonical metadata
 *   cells     <batchId>/<row>/<block>         16 cells: a column is read without its whole row
 *   trees     <batchId>/<row>                 hashes of the row; there if and only if the row is
 *   blobs     <blobKey>/<batchId>             index (JSON): where a blob may be, settled or not
 *   log       <txSeq>                         entry (JSON)
 *   kv        <key>/<txSeq>                   value; the lowest txSeq is the one that counts
 *   writes    <txSeq>                         keys that this entry has written, 32 bytes each
 *
 * In the same store lies the log of files (log/tables.ts).
 */
import { crashpoint } from "../../../adapters/crashpoint.ts";
import { openStore, type Store, type Transaction } from "../../../adapters/store.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { concat, type Hex } from "../../../protocol/hex.ts";
import {
  CELL_BYTES,
  COLUMNS,
  DATA_COLUMNS,
  EXTENDED_ROW_BYTES,
  FRAME_ROW_BYTES,
  HASH_BYTES,
} from "../../../protocol/params.ts";
import { LOG_TABLES } from "../log/tables.ts";
import { NodeBatch } from "./record.ts";
import { ROW_TREE_BYTES, rowTreeOf, writePath } from "./row-tree.ts";

const CELLS_PER_BLOCK = 16;
const BLOCK_BYTES = CELLS_PER_BLOCK * CELL_BYTES;
const BLOCKS = COLUMNS / CELLS_PER_BLOCK;
const DATA_BLOCKS = DATA_COLUMNS / CELLS_PER_BLOCK;
/** What a row takes on disk, lmdb's pages not counted. */
export const STORED_ROW_BYTES = EXTENDED_ROW_BYTES + ROW_TREE_BYTES;

export const TABLES = ["batches", "metadata", "cells", "trees", "blobs", "log", "kv", "writes", "cursor"] as const;

export interface LogEntry {
  readonly kind: "rows" | "metadata";
  readonly batchId: Hex;
}

export interface Shelf {
  readonly store: Store;
  /** Every record; what the chain said of a batch is small and kept. */
  all(): Iterable<NodeBatch>;
  find(batchId: Hex): NodeBatch | undefined;
  /** Reads the record in the transaction that changes it. `change` returns the record unchanged to do nothing. */
  update(batchId: Hex, change: (known: NodeBatch | undefined, tx: Transaction) => NodeBatch | undefined): Promise<void>;
  metadata(batchId: Hex): Uint8Array | undefined;
  hasMetadata(batchId: Hex): boolean;
  hasRow(batchId: Hex, row: number): boolean;
  rowCount(batchId: Hex): number;
  putRows(batchId: Hex, first: number, extended: Uint8Array, cellRoots: Uint8Array, check: () => void): Promise<void>;
  /** The cell and its siblings, as they lie on the disk; undefined without the row. */
  frameRow(batchId: Hex, row: number, column: number): Uint8Array | undefined;
  /** The whole extended row. */
  row(batchId: Hex, row: number): Uint8Array | undefined;
  /** The row's hashes from its cell roots to its segment root, as they lie on the disk. */
  tree(batchId: Hex, row: number): Uint8Array | undefined;
  /** The data half. */
  dataHalf(batchId: Hex, row: number): Uint8Array | undefined;
  dropRows(batchId: Hex, rows: readonly number[]): Promise<void>;
  /** Rows on disk. */
  rows(): number;
  /** Rows in staging: of batches without a certificate. The others' place in the log is paid for. */
  stagedRows(): number;
  close(): Promise<void>;
}

export const number12 = (value: number): string => String(value).padStart(12, "0");
const rowKey = (batchId: Hex, row: number): string => `${batchId}/${String(row).padStart(4, "0")}`;
const blockKey = (batchId: Hex, row: number, block: number): string => `${rowKey(batchId, row)}/${block}`;

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const parseJson = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString("utf8"));

export const openShelf = async (dir: string): Promise<Shelf> => {
  const store = await openStore(dir, { tables: [...TABLES, ...LOG_TABLES] });
  const [cells, trees, metadata] = [store.table("cells"), store.table("trees"), store.table("metadata")];
  const records = new Map<Hex, NodeBatch>();
  // As this store wrote them, checked then: checking them again is most of what a start would take.
  for (const { key, value } of store.table("batches").range()) records.set(key as Hex, parseJson(value) as NodeBatch);
  const counts = new Map<Hex, number>();

  const rowCount = (batchId: Hex): number => {
    let known = counts.get(batchId);
    if (known === undefined) {
      known = trees.count({ prefix: `${batchId}/` });
      counts.set(batchId, known);
    }
    return known;
  };
  const readBlocks = (batchId: Hex, row: number, blocks: number): Uint8Array | undefined => {
    const parts: Uint8Array[] = [];
    for (let block = 0; block < blocks; block++) {
      const part = cells.get(blockKey(batchId, row, block));
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return concat(...parts);
  };

  return {
    store,
    all: () => records.values(),
    find: (batchId) => records.get(batchId),
    update: async (batchId, change) => {
      const next = await store.write((tx) => {
        const bytes = tx.get("batches", batchId);
        const known = bytes === undefined ? undefined : NodeBatch.parse(parseJson(bytes));
        const changed = change(known, tx);
        if (changed !== undefined && changed !== known) tx.put("batches", batchId, json(changed));
        return changed;
      });
      if (next !== undefined) records.set(batchId, next);
      counts.delete(batchId);
    },
    metadata: (batchId) => metadata.get(batchId),
    hasMetadata: (batchId) => metadata.has(batchId),
    hasRow: (batchId, row) => trees.has(rowKey(batchId, row)),
    rowCount,
    putRows: async (batchId, first, extended, cellRoots, check) => {
      await store.write((tx) => {
        check();
        for (let i = 0; i * EXTENDED_ROW_BYTES < extended.length; i++) {
          for (let block = 0; block < BLOCKS; block++) {
            const at = i * EXTENDED_ROW_BYTES + block * BLOCK_BYTES;
            tx.put("cells", blockKey(batchId, first + i, block), extended.subarray(at, at + BLOCK_BYTES));
          }
          const roots = cellRoots.subarray(i * COLUMNS * HASH_BYTES, (i + 1) * COLUMNS * HASH_BYTES);
          tx.put("trees", rowKey(batchId, first + i), rowTreeOf(roots));
        }
        crashpoint("row-written-not-fsynced");
      });
      counts.delete(batchId);
    },
    frameRow: (batchId, row, column) => {
      const frame = new Uint8Array(FRAME_ROW_BYTES);
      const at = (column % CELLS_PER_BLOCK) * CELL_BYTES;
      const found =
        cells.look(blockKey(batchId, row, Math.floor(column / CELLS_PER_BLOCK)), (block) => {
          frame.set(block.subarray(at, at + CELL_BYTES));
          return true;
        }) && trees.look(rowKey(batchId, row), (tree) => writePath(tree, column, frame.subarray(CELL_BYTES)));
      return found === undefined ? undefined : frame;
    },
    row: (batchId, row) => readBlocks(batchId, row, BLOCKS),
    tree: (batchId, row) => trees.get(rowKey(batchId, row)),
    dataHalf: (batchId, row) => readBlocks(batchId, row, DATA_BLOCKS),
    dropRows: async (batchId, rows) => {
      await store.write((tx) => {
        for (const row of rows) deleteRow(tx, batchId, row);
      });
      counts.delete(batchId);
    },
    rows: () => trees.size(),
    stagedRows: () => {
      let rows = 0;
      for (const record of records.values()) {
        if (record.confirmed === null && !record.dropped) rows += rowCount(record.batch.facts.batchId);
      }
      return rows;
    },
    close: () => store.close(),
  };
};

const deleteRow = (tx: Transaction, batchId: Hex, row: number): void => {
  for (let block = 0; block < BLOCKS; block++) tx.delete("cells", blockKey(batchId, row, block));
  tx.delete("trees", rowKey(batchId, row));
};

/** Deletes rows and metadata, in the transaction that says so in the record. The blobs' places stay known. */
export const wipe = (tx: Transaction, { batch: { facts } }: NodeBatch): void => {
  for (let row = 0; row < facts.rowCount; row++) deleteRow(tx, facts.batchId, row);
  tx.delete("metadata", facts.batchId);
};

/** A stored row that is not what was stored: never served, asked for again. */
export const corruptRow = (batchId: Hex, row: number): ZgError => new ZgError("CorruptObject", { batchId, row });
