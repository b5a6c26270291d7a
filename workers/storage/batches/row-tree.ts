/**
 * The hashes of one stored row between its cell roots and its segment root, laid out level by level, so that the seven
 * siblings of a cell are read and not computed again.
 */
import { keccakEach } from "../../../protocol/keccak.ts";
import { CELL_PATH, COLUMNS, HASH_BYTES } from "../../../protocol/params.ts";

/** 128 + 64 + … + 2 + 1 nodes. */
export const ROW_TREE_BYTES = (2 * COLUMNS - 1) * HASH_BYTES;

/** @param cellRoots 128 × 32 bytes */
export const rowTreeOf = (cellRoots: Uint8Array): Uint8Array => {
  const tree = new Uint8Array(ROW_TREE_BYTES);
  let [layer, at] = [cellRoots, 0];
  for (;;) {
    tree.set(layer, at);
    at += layer.length;
    if (layer.length === HASH_BYTES) return tree;
    layer = keccakEach(layer, 2 * HASH_BYTES);
  }
};

/** Writes the siblings of cell `column` to `path`, from the bottom: 7 × 32 bytes. */
export const writePath = (tree: Uint8Array, column: number, path: Uint8Array): Uint8Array => {
  for (let level = 0, start = 0, index = column; level < CELL_PATH; level++, index >>= 1) {
    const sibling = (start + (index ^ 1)) * HASH_BYTES;
    path.set(tree.subarray(sibling, sibling + HASH_BYTES), level * HASH_BYTES);
    start += COLUMNS >> level;
  }
  return path;
};
