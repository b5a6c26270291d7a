import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifiedCells } from "../protocol/column.ts";
import { concat, equalBytes, type Hex } from "../protocol/hex.ts";
import { CELL_PATH, COLUMNS, HASH_BYTES } from "../protocol/params.ts";
import { cellRootsOf, rootFromPath, segmentRootsOf } from "../protocol/tree.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { writePath } from "../workers/storage/batches/row-tree.ts";
import { openShelf } from "../workers/storage/batches/shelf.ts";
import { compare, report } from "./measure.ts";

// 64 rows of a column out of the node's store, each cell held against the certified root on its way out.
const ROWS = 64;
const PIECE = 16;
const id: Hex = `0x${"5e".repeat(32)}`;
const folder = await mkdtemp(join(tmpdir(), "zg-bench-"));
const shelf = await openShelf(folder);
const extended = payloadOf("rows", ROWS * 262_144);
const cellRoots = cellRootsOf(extended);
const roots = segmentRootsOf(cellRoots);
await shelf.putRows(id, 0, extended, cellRoots, () => undefined);
const rootOf = (row: number) => roots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
const table = shelf.store.table("cells");
let column = 0;

function together(): void {
  column = (column + 1) % COLUMNS;
  for (let from = 0; from < ROWS; from += PIECE) {
    const rows = Array.from({ length: PIECE }, (_, i) => shelf.frameRow(id, from + i, column) as Uint8Array);
    verifiedCells(column, concat(...rows), roots.subarray(from * HASH_BYTES, (from + PIECE) * HASH_BYTES));
  }
}
function oneByOne(): void {
  column = (column + 1) % COLUMNS;
  for (let row = 0; row < ROWS; row++) {
    const block = table.get(`${id}/${String(row).padStart(4, "0")}/${column >> 4}`) as Uint8Array;
    const cell = block.subarray((column % 16) * 2048, (column % 16) * 2048 + 2048);
    const tree = shelf.store.table("trees").get(`${id}/${String(row).padStart(4, "0")}`) as Uint8Array;
    const path = writePath(tree, column, new Uint8Array(CELL_PATH * HASH_BYTES));
    if (!equalBytes(rootFromPath(cellRootsOf(cell), column, path, CELL_PATH), rootOf(row))) throw new Error("rotten");
  }
}
const ours = { what: "16 rows at a time, of each block and tree only what is sent", run: together };
const peer = { what: "cell by cell, block and tree copied as wholes", run: oneByOne };
const times = await compare(ours, peer, 40);
const perCell = ((times.ours / ROWS) * 1000).toFixed(1);
report("serve", "64 cells of a column, read, checked and framed", ours, peer, times, { microsecondsPerCell: perCell });
await shelf.close();
await rm(folder, { recursive: true });
