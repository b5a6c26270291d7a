/** An entry of the log as a KV node keeps it. */
import type { Sqlite, SqlRow } from "../../adapters/sqlite.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import type { Entry } from "../chain-entry.ts";

/** `voids`: the txSeq that the entry withdraws. */
export const insertEntry = (sql: Sqlite, entry: Entry, voids: number | null): void => {
  const { txSeq, block, transactionHash, sender, root, identity, length, start, sectors, tags, nodes } = entry;
  const row = [
    ...[txSeq, block.number, block.hash, transactionHash, sender, root, identity],
    ...[length, start, sectors, fromHex(tags), JSON.stringify(nodes), voids],
  ];
  sql.run(`INSERT INTO entries VALUES (${row.map(() => "?").join(", ")})`, ...row);
};

export const findEntry = (sql: Sqlite, txSeq: number): Entry | undefined => {
  const row = sql.get("SELECT * FROM entries WHERE tx_seq = ?", txSeq);
  return row && entryOfRow(row);
};

export const entryOfRow = (row: SqlRow): Entry => ({
  txSeq: Number(row.tx_seq),
  block: { number: Number(row.block), hash: row.block_hash as Hex },
  transactionHash: row.tx as Hex,
  sender: row.sender as Hex,
  root: row.root as Hex,
  identity: row.identity as Hex,
  length: Number(row.length),
  start: Number(row.start),
  sectors: Number(row.sectors),
  tags: toHex(row.tags as Uint8Array),
  nodes: JSON.parse(String(row.nodes)) as Entry["nodes"],
});
