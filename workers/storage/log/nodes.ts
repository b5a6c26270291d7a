/**
 * Nodes of a merkle tree in the store, eight of a level to a row: a mask of those that are known, then their hashes.
 * More to a row would be emptier rows where entries are small, fewer would be more keys than hashes.
 */
import type { Transaction } from "../../../adapters/store.ts";
import { HASH_BYTES } from "../../../protocol/params.ts";
import type { Read } from "./tables.ts";

export interface Node {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

const PER_BLOCK = 8;
const MASK_BYTES = 4;
const BLOCK_BYTES = MASK_BYTES + PER_BLOCK * HASH_BYTES;

const blockKey = (prefix: string, level: number, block: number): string =>
  `${prefix}${String(level).padStart(2, "0")}/${String(block).padStart(16, "0")}`;

const maskOf = (block: Uint8Array): number =>
  new DataView(block.buffer, block.byteOffset, MASK_BYTES).getUint32(0, true);

export const nodeAt = (
  read: Read,
  table: string,
  prefix: string,
  level: number,
  index: number,
): Uint8Array | undefined => {
  const block = read(table, blockKey(prefix, level, Math.floor(index / PER_BLOCK)));
  const place = index % PER_BLOCK;
  if (block === undefined || ((maskOf(block) >>> place) & 1) === 0) return undefined;
  return block.subarray(MASK_BYTES + place * HASH_BYTES, MASK_BYTES + (place + 1) * HASH_BYTES);
};

/** Puts what is not there yet, and hands each of those to `added`. */
export const putNodes = (
  tx: Transaction,
  table: string,
  prefix: string,
  nodes: Iterable<Node>,
  added: (node: Node) => void = () => undefined,
): void => {
  const blocks = new Map<string, Uint8Array>();
  const changed = new Set<string>();
  for (const node of nodes) {
    const key = blockKey(prefix, node.level, Math.floor(node.index / PER_BLOCK));
    const block = blocks.get(key) ?? tx.get(table, key)?.slice() ?? new Uint8Array(BLOCK_BYTES);
    blocks.set(key, block);
    const place = node.index % PER_BLOCK;
    const mask = maskOf(block);
    if (((mask >>> place) & 1) === 1) continue;
    new DataView(block.buffer, block.byteOffset).setUint32(0, (mask | (1 << place)) >>> 0, true);
    block.set(node.hash, MASK_BYTES + place * HASH_BYTES);
    changed.add(key);
    added(node);
  }
  for (const key of changed) tx.put(table, key, blocks.get(key) as Uint8Array);
};

/** Takes out what reaches beyond `length` sectors. `keys`: those of the table, ascending from a key on. */
export const truncateNodes = (
  tx: Transaction,
  table: string,
  keys: (start: string, end: string) => Iterable<string>,
  length: number,
): void => {
  for (let level = 0; level < 64; level++) {
    const whole = Math.floor(length / 2 ** level);
    const first = Math.floor(whole / PER_BLOCK);
    for (const key of keys(blockKey("", level, first), `${String(level).padStart(2, "0")}0`)) {
      const kept = key === blockKey("", level, first) ? whole % PER_BLOCK : 0;
      const block = tx.get(table, key)?.slice();
      if (kept === 0 || block === undefined) {
        tx.delete(table, key);
        continue;
      }
      new DataView(block.buffer, block.byteOffset).setUint32(0, (maskOf(block) & (2 ** kept - 1)) >>> 0, true);
      tx.put(table, key, block);
    }
  }
};
