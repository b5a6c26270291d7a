/**
 * The log's tree, kept node by node: what `Flow` computes from its peaks, plus every path at every length it ever had.
 *
 * A node (level, index) covers the sectors [index × 2^level, (index + 1) × 2^level). It is complete when the log has
 * reached its end; complete nodes never change, so they are stored once, and a root or a path at any earlier length needs
 * only them and the empty subtrees.
 */
import { ZgError } from "./errors.ts";
import { type FlowNode, placeFile } from "./flow.ts";
import { concat, fromHex, type Hex, toHex } from "./hex.ts";
import { keccak } from "./keccak.ts";
import { HASH_BYTES } from "./params.ts";
import { ZERO_HASHES } from "./tree.ts";

export interface Nodes {
  /** A complete node that is an entry's, or is made of entries' and of the gaps between them; undefined for others. */
  get(level: number, index: number): Uint8Array | undefined;
}

export interface AddedNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

export interface Appended {
  /** Sector at which the file starts. */
  readonly start: number;
  /** Sectors of the log with it. */
  readonly length: number;
  /** Nodes that are complete now and were not, gaps included: to be stored before the next append. */
  readonly added: readonly AddedNode[];
}

/** 0G's sector proof: the lemma is [leaf, siblings from the bottom …, root], `path[i]` says that node i is a left one. */
export interface SectorProof {
  readonly lemma: readonly Hex[];
  readonly path: readonly boolean[];
}

/** Sectors of a log without entries: leaf 0 is no sector, its hash is 32 zero bytes. */
export const EMPTY_LOG = 1;
const FIRST_LEAF = new Uint8Array(HASH_BYTES);

/** Appends a file to a log of `length` sectors. */
export function appended(nodes: Nodes, length: number, file: readonly FlowNode[]): Appended {
  const next = placeFile(length, file);
  if (file.length === 0 || !Number.isSafeInteger(next.length))
    throw new ZgError("BadRequest", { length, nodes: file.length });
  const added: AddedNode[] = [];
  const fresh = new Map<string, Uint8Array>();
  const complete = (level: number, index: number): Uint8Array =>
    fresh.get(`${level}:${index}`) ?? known(nodes, level, index);
  let at = length;
  const append = (subtree: Uint8Array, height: number): void => {
    let [level, index, hash] = [height, at / 2 ** height, subtree];
    for (;;) {
      added.push({ level, index, hash });
      fresh.set(`${level}:${index}`, hash);
      if (index % 2 === 0) break;
      hash = keccak(concat(complete(level, index - 1), hash));
      [level, index] = [level + 1, (index - 1) / 2];
    }
    at += 2 ** height;
  };

  const start = next.placed[0]?.start ?? length;
  while (at < start) {
    const height = trailingZeros(at, start - at);
    append(ZERO_HASHES[height] as Uint8Array, height);
  }
  for (const node of next.placed) append(fromHex(node.root, HASH_BYTES), node.height);
  return { start, length: next.length, added };
}

/** Root of the log when it had `length` sectors: `Flow.computeFlowRoot`. */
export function rootAt(nodes: Nodes, length: number): Hex {
  return toHex(nodeAt(nodes, length, levelsOf(length), 0));
}

/**
 * Siblings of a node from its level up to below the root, in the log of `length` sectors. They are known for entries'
 * nodes and for what is above them; the way from a sector to its entry's node is in the file.
 */
export function pathAt(nodes: Nodes, length: number, level: number, index: number): Uint8Array[] {
  const top = levelsOf(length);
  if (!Number.isInteger(index) || index < 0 || level < 0 || level > top || index >= 2 ** (top - level)) {
    throw new ZgError("BadRequest", { level, index, length });
  }
  const path: Uint8Array[] = [];
  for (let l = level, i = index; l < top; l++, i = Math.floor(i / 2)) {
    path.push(nodeAt(nodes, length, l, i % 2 === 0 ? i + 1 : i - 1));
  }
  return path;
}

/** Levels above the leaves of a log of `length` sectors, that is the length of a sector's path. */
export function levelsOf(length: number): number {
  if (!Number.isSafeInteger(length) || length < EMPTY_LOG) throw new ZgError("BadRequest", { length });
  let levels = 0;
  while (2 ** levels < length) levels++;
  return levels;
}

/** Node (level, index) in the log of `length` sectors: complete, empty, or with the log's end in it. */
function nodeAt(nodes: Nodes, length: number, level: number, index: number): Uint8Array {
  const [from, to] = [index * 2 ** level, (index + 1) * 2 ** level];
  if (from >= length) return ZERO_HASHES[level] as Uint8Array;
  if (to <= length) return known(nodes, level, index);
  const left = nodeAt(nodes, length, level - 1, 2 * index);
  return keccak(concat(left, nodeAt(nodes, length, level - 1, 2 * index + 1)));
}

function known(nodes: Nodes, level: number, index: number): Uint8Array {
  if (level === 0 && index === 0) return FIRST_LEAF;
  const hash = nodes.get(level, index);
  if (hash === undefined) throw new ZgError("CorruptObject", { why: "a node of the log is missing", level, index });
  return hash;
}

/** The largest height of an aligned subtree that starts at `at` and is not larger than `room`. */
function trailingZeros(at: number, room: number): number {
  let height = 0;
  while (at % 2 ** (height + 1) === 0 && 2 ** (height + 1) <= room) height++;
  return height;
}
