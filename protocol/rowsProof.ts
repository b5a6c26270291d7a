/**
 * Cells and sectors of a batch under its `rowsRoot`, by the number of their row in the whole batch: what is on record is
 * enough to prove and to check one, no header and no metadata is needed. Twin of contracts/libraries/BatchRows.sol.
 */
import { checkColumn, parseFrame } from "./column.ts";
import { ZgError } from "./errors.ts";
import { type FlowNode, nodeHeights, submissionOfRows } from "./flow.ts";
import { concat, fromHex, type Hex, toHex } from "./hex.ts";
import { keccakEach, keccakHex } from "./keccak.ts";
import {
  CELL_PATH,
  COLUMNS,
  EXTENDED_ROW_BYTES,
  HASH_BYTES,
  SECTOR_BYTES,
  SECTORS_PER_SEGMENT,
  SEGMENT_BYTES,
  SEGMENT_LEVEL,
} from "./params.ts";
import { cellPath, cellRootsOf, paddedPath, rootFromPath, ZERO_HASHES } from "./tree.ts";

/** As the contracts take it. */
export interface RowsProof {
  /** Node roots of the rows' entry in the log, left to right. */
  readonly nodes: readonly Hex[];
  /** Siblings from the cell, or the sector, up to the node that covers its row. */
  readonly path: readonly Hex[];
}

/** What the chain has on record of a batch's rows. */
export interface RowsFacts {
  readonly rowsRoot: Hex;
  readonly rowCount: number;
}

/** Proof of cell (row, column). @param cellRoots of that row, 128 × 32 bytes @param segmentRoots of the whole batch */
export function proveRowsCell(cellRoots: Uint8Array, segmentRoots: Uint8Array, row: number, column: number): RowsProof {
  checkIndex(column, COLUMNS);
  return proofOf(cellPath(cellRoots, column), segmentRoots, row);
}

/** The same from a frame of a column, which has the cell's siblings up to its row. @param path 7 × 32 bytes */
export function proveFramedCell(path: Uint8Array, segmentRoots: Uint8Array, row: number): RowsProof {
  if (path.length !== CELL_PATH * HASH_BYTES) {
    throw new ZgError("LengthMismatch", { expected: CELL_PATH * HASH_BYTES, actual: path.length });
  }
  return proofOf(path, segmentRoots, row);
}

/** Proof of a sector of a row. @param extended the row, 262,144 bytes @param sector 0 … 1023 */
export function proveRowsSector(
  extended: Uint8Array,
  segmentRoots: Uint8Array,
  row: number,
  sector: number,
): RowsProof {
  checkIndex(sector, SECTORS_PER_SEGMENT);
  if (extended.length !== EXTENDED_ROW_BYTES) {
    throw new ZgError("LengthMismatch", { expected: EXTENDED_ROW_BYTES, actual: extended.length });
  }
  return proofOf(paddedPath(keccakEach(extended, SECTOR_BYTES), 0, sector), segmentRoots, row);
}

/** A cell by its place: `row` counts through the batch. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** A cell as it is shown to the chain. */
export interface ShownCell {
  /** 2048 bytes */
  readonly cell: Uint8Array;
  readonly proof: RowsProof;
}

/**
 * A cell with its proof, from its row of the column as nodes serve it (cell ‖ 7 siblings) and the batch's segment roots.
 * Whatever was given by whom: what does not lead to `rowsRoot` is refused.
 */
export function showCell(frame: Uint8Array, segmentRoots: Uint8Array, at: CellPlace, facts: RowsFacts): ShownCell {
  const { row, column } = at;
  checkColumn(column);
  checkIndex(row, facts.rowCount);
  if (segmentRoots.length !== facts.rowCount * HASH_BYTES) {
    throw new ZgError("LengthMismatch", { expected: facts.rowCount * HASH_BYTES, actual: segmentRoots.length });
  }
  const [{ cell, path }] = parseFrame(frame, 1) as [{ cell: Uint8Array; path: Uint8Array }];
  const proof = proofOf(path, segmentRoots, row);
  checkRowsCell(cellRootsOf(cell), row, column, facts, proof);
  return { cell, proof };
}

/** Refuses a cell (by the root of its eight sectors) that is not the batch's at (row, column). */
export function checkRowsCell(cellRoot: Uint8Array, row: number, column: number, facts: RowsFacts, proof: RowsProof) {
  checkIndex(column, COLUMNS);
  checkUnder(cellRoot, row, { index: column, of: COLUMNS, levels: CELL_PATH }, facts, proof);
}

/** Refuses a sector (by its hash) that is not the batch's at (row, sector). */
export function checkRowsSector(
  sectorHash: Uint8Array,
  row: number,
  sector: number,
  facts: RowsFacts,
  proof: RowsProof,
) {
  checkIndex(sector, SECTORS_PER_SEGMENT);
  checkUnder(sectorHash, row, { index: sector, of: SECTORS_PER_SEGMENT, levels: SEGMENT_LEVEL }, facts, proof);
}

interface Place {
  readonly index: number;
  readonly of: number;
  readonly levels: number;
}

function checkUnder(leaf: Uint8Array, row: number, at: Place, { rowsRoot, rowCount }: RowsFacts, proof: RowsProof) {
  checkIndex(row, rowCount);
  const nodes = concat(...proof.nodes.map((node) => fromHex(node, HASH_BYTES)));
  const identity = keccakHex(nodes);
  if (identity !== rowsRoot.toLowerCase())
    throw new ZgError("RowsRootMismatch", { actual: identity, recorded: rowsRoot });
  const heights = nodeHeights(rowCount * SEGMENT_BYTES);
  if (heights.length !== proof.nodes.length) {
    throw new ZgError("CountMismatch", { nodes: proof.nodes.length, expected: heights.length });
  }
  const { node, place, height } = coverOf(heights, row);
  const path = concat(...proof.path.map((sibling) => fromHex(sibling, HASH_BYTES)));
  const root = toHex(rootFromPath(leaf, place * at.of + at.index, path, at.levels + height));
  const covering = proof.nodes[node]?.toLowerCase();
  if (root !== covering) throw new ZgError("BadProof", { why: "not under rowsRoot", root, node: covering ?? "" });
}

/** Which node covers a row, the row's place under it, and how many levels it lies below. */
function coverOf(heights: readonly number[], row: number): { node: number; place: number; height: number } {
  let place = row;
  for (const [node, sectors] of heights.entries()) {
    const height = sectors - SEGMENT_LEVEL;
    if (place < 2 ** height) return { node, place, height };
    place -= 2 ** height;
  }
  throw new ZgError("BadRequest", { row });
}

function proofOf(below: Uint8Array, segmentRoots: Uint8Array, row: number): RowsProof {
  const rowCount = segmentRoots.length / HASH_BYTES;
  checkIndex(row, rowCount);
  const { nodes } = submissionOfRows(segmentRoots);
  const { place, height } = coverOf(
    nodes.map((node: FlowNode) => node.height),
    row,
  );
  const from = (row - place) * HASH_BYTES;
  const under = segmentRoots.subarray(from, from + 2 ** height * HASH_BYTES);
  const path = [...words(below), ...words(paddedPath(under, SEGMENT_LEVEL, place))];
  // What the node covers beyond the last row is empty.
  for (let level = path.length + SEGMENT_LEVEL - words(below).length; level < SEGMENT_LEVEL + height; level++) {
    path.push(toHex(ZERO_HASHES[level] as Uint8Array));
  }
  return { nodes: nodes.map(({ root }) => root), path };
}

const words = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => toHex(bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)));

function checkIndex(index: number, count: number) {
  if (!Number.isInteger(index) || index < 0 || index >= count) throw new ZgError("BadRequest", { index, count });
}
