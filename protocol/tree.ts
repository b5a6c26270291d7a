import { ZgError } from "./errors.ts";
import { concat } from "./hex.ts";
import { keccak, keccakEach } from "./keccak.ts";
import {
  CELL_LEVEL,
  COLUMNS,
  EXTENDED_ROW_BYTES,
  HASH_BYTES,
  SECTOR_BYTES,
  SECTORS_PER_SEGMENT,
  SEGMENT_LEVEL,
} from "./params.ts";

/** ZERO_HASHES[h] = root of 2^h empty sectors, 0G's padding. */
export const ZERO_HASHES: readonly Uint8Array[] = zeroHashes(64);

function zeroHashes(levels: number): Uint8Array[] {
  const hashes = [keccak(new Uint8Array(SECTOR_BYTES))];
  for (let level = 1; level < levels; level++) {
    const below = hashes[level - 1] as Uint8Array;
    hashes.push(keccak(concat(below, below)));
  }
  return hashes;
}

/**
 * Level 3 of the sector tree: the root of every cell.
 *
 * @param extended n × 262,144 bytes
 * @returns n × 128 × 32 bytes
 */
export function cellRootsOf(extended: Uint8Array): Uint8Array {
  let nodes = keccakEach(extended, SECTOR_BYTES);
  for (let level = 0; level < CELL_LEVEL; level++) nodes = keccakEach(nodes, 2 * HASH_BYTES);
  return nodes;
}

/**
 * Level 10: the root of every segment (= extended row).
 *
 * @param cellRoots n × 128 × 32 bytes
 * @returns n × 32 bytes
 */
export function segmentRootsOf(cellRoots: Uint8Array): Uint8Array {
  let nodes = cellRoots;
  for (let level = CELL_LEVEL; level < SEGMENT_LEVEL; level++) nodes = keccakEach(nodes, 2 * HASH_BYTES);
  return nodes;
}

/** Root of nodes that stand at `level`, padded on the right to a power of two with the empty subtree of that level. */
export function paddedRoot(nodes: Uint8Array, level: number): Uint8Array {
  return fold(nodes, level).root;
}

/** The sibling path of node `index` in the same tree: ⌈log2 n⌉ × 32 bytes. */
export function paddedPath(nodes: Uint8Array, level: number, index: number): Uint8Array {
  return concat(...fold(nodes, level, index).path);
}

function fold(nodes: Uint8Array, level: number, index = 0): { root: Uint8Array; path: Uint8Array[] } {
  const path: Uint8Array[] = [];
  let layer = nodes;
  for (let at = level, i = index; layer.length > HASH_BYTES; at++, i >>= 1) {
    const even = layer.length % (2 * HASH_BYTES) === 0 ? layer : concat(layer, ZERO_HASHES[at] as Uint8Array);
    path.push(even.slice((i ^ 1) * HASH_BYTES, ((i ^ 1) + 1) * HASH_BYTES));
    layer = keccakEach(even, 2 * HASH_BYTES);
  }
  return { root: layer, path };
}

/**
 * Root of a blob: its segment roots, padded to a power of two with 0G's zero hashes.
 *
 * @param segmentRoots rows × 32 bytes, this blob's only
 */
export function dataRootOf(segmentRoots: Uint8Array): Uint8Array {
  if (segmentRoots.length === 0 || segmentRoots.length % HASH_BYTES !== 0) {
    throw new ZgError("LengthMismatch", { expected: "n × 32", actual: segmentRoots.length });
  }
  return paddedRoot(segmentRoots, SEGMENT_LEVEL);
}

/** Levels between a segment root and the dataRoot of a blob of `rows` rows. */
export function rowPathLength(rows: number): number {
  return Math.ceil(Math.log2(rows));
}

/** The 7 siblings (224 bytes) from the root of cell `column` to its segment root. */
export function cellPath(cellRoots: Uint8Array, column: number): Uint8Array {
  return paddedPath(cellRoots.subarray(0, COLUMNS * HASH_BYTES), CELL_LEVEL, column);
}

/** From cell (row, column) of a blob to its dataRoot: 7 + ⌈log2 rows⌉ siblings, index = row × 128 + column. */
export function cellToDataRoot(
  cellRoots: Uint8Array,
  segmentRoots: Uint8Array,
  row: number,
  column: number,
): Uint8Array {
  return concat(cellPath(cellRoots, column), paddedPath(segmentRoots, SEGMENT_LEVEL, row));
}

/**
 * From a sector of a blob to its dataRoot: 10 + ⌈log2 rows⌉ siblings, index = row × 1024 + sector.
 *
 * @param extended the row that holds the sector, 262,144 bytes
 * @param sectorIndex counted through the whole blob
 */
export function sectorToDataRoot(extended: Uint8Array, segmentRoots: Uint8Array, sectorIndex: number): Uint8Array {
  if (extended.length !== EXTENDED_ROW_BYTES) {
    throw new ZgError("LengthMismatch", { expected: EXTENDED_ROW_BYTES, actual: extended.length });
  }
  const leaves = keccakEach(extended, SECTOR_BYTES);
  const row = Math.floor(sectorIndex / SECTORS_PER_SEGMENT);
  return concat(paddedPath(leaves, 0, sectorIndex % SECTORS_PER_SEGMENT), paddedPath(segmentRoots, SEGMENT_LEVEL, row));
}

/**
 * The root that a node, its index and its siblings lead to. The caller fixes the depth: a path of another length than
 * the declared counts ask for is refused, never followed (a node must not pass for a leaf).
 */
export function rootFromPath(node: Uint8Array, index: number, path: Uint8Array, depth: number): Uint8Array {
  if (path.length !== depth * HASH_BYTES) {
    throw new ZgError("LengthMismatch", { expected: depth * HASH_BYTES, actual: path.length });
  }
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** depth) throw new ZgError("BadRequest", { index, depth });
  let root = node;
  for (let level = 0, i = index; level < depth; level++, i = Math.floor(i / 2)) {
    const sibling = path.subarray(level * HASH_BYTES, (level + 1) * HASH_BYTES);
    root = keccak(i % 2 === 0 ? concat(root, sibling) : concat(sibling, root));
  }
  return root;
}

/**
 * The same for many nodes that stand at one index of trees of their own, level by level for all of them: a cell's path
 * costs a fifth of what it costs alone.
 *
 * @param nodes n × 32 bytes
 * @param paths n × depth × 32 bytes
 * @returns n × 32 bytes
 */
export function rootsFromPaths(nodes: Uint8Array, index: number, paths: Uint8Array, depth: number): Uint8Array {
  const count = nodes.length / HASH_BYTES;
  if (paths.length !== count * depth * HASH_BYTES) {
    throw new ZgError("LengthMismatch", { expected: count * depth * HASH_BYTES, actual: paths.length });
  }
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** depth) throw new ZgError("BadRequest", { index, depth });
  const pairs = new Uint8Array(2 * nodes.length);
  let roots = nodes;
  for (let level = 0; level < depth; level++) {
    const right = Math.floor(index / 2 ** level) % 2;
    for (let i = 0; i < count; i++) {
      const [pair, node, sibling] = [2 * i * HASH_BYTES, i * HASH_BYTES, (i * depth + level) * HASH_BYTES];
      pairs.set(roots.subarray(node, node + HASH_BYTES), pair + right * HASH_BYTES);
      pairs.set(paths.subarray(sibling, sibling + HASH_BYTES), pair + (1 - right) * HASH_BYTES);
    }
    roots = keccakEach(pairs, 2 * HASH_BYTES);
  }
  return roots;
}
