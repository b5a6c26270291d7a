import { ZgError } from "./errors.ts";
import { concat, type Hex, toHex } from "./hex.ts";
import { keccak, keccakEach, keccakHex } from "./keccak.ts";
import { HASH_BYTES, SECTOR_BYTES, SECTORS_PER_SEGMENT, SEGMENT_BYTES, SEGMENT_LEVEL } from "./params.ts";
import { paddedRoot, ZERO_HASHES } from "./tree.ts";

/** An aligned power-of-two subtree of a padded file: 2^height sectors. */
export interface FlowNode {
  readonly root: Hex;
  readonly height: number;
}

/** A file as 0G's log takes it. */
export interface Submission {
  /** Bytes of the file, unpadded. */
  readonly length: number;
  readonly nodes: readonly FlowNode[];
  /** keccak of the node roots: the file's name in the log (rowsRoot, metadataRoot). */
  readonly identity: Hex;
  /** Sectors after padding: what is paid for. */
  readonly sectors: number;
}

/** Heights of the nodes of a file of `length` bytes: 0G pads it to a multiple of 1/16 of the next power of two. */
export function nodeHeights(length: number): number[] {
  if (!Number.isSafeInteger(length) || length < 1) throw new ZgError("EmptyBlob", { length });
  const sectors = Math.ceil(length / SECTOR_BYTES);
  const top = Math.ceil(Math.log2(sectors));
  const unit = 2 ** Math.max(0, top - 4);
  let rest = Math.ceil(sectors / unit) * unit;
  const heights: number[] = [];
  for (let height = top; rest > 0; height--) {
    if (rest < 2 ** height) continue;
    heights.push(height);
    rest -= 2 ** height;
  }
  return heights;
}

export function paddedSectors(length: number): number {
  return nodeHeights(length).reduce((sum, height) => sum + 2 ** height, 0);
}

/** Submission of a file given as bytes. */
export function submissionOfBytes(file: Uint8Array): Submission {
  const padded = new Uint8Array(Math.ceil(file.length / SECTOR_BYTES) * SECTOR_BYTES);
  padded.set(file);
  return submissionOf(file.length, keccakEach(padded, SECTOR_BYTES), 0);
}

/** Submission of a batch's rows from their segment roots (rows × 32 bytes): its identity is the rowsRoot. */
export function submissionOfRows(segmentRoots: Uint8Array): Submission {
  return submissionOf((segmentRoots.length / HASH_BYTES) * SEGMENT_BYTES, segmentRoots, SEGMENT_LEVEL);
}

/**
 * Submission of a file from the subtree roots that cover it.
 *
 * @param length bytes of the file
 * @param roots roots of consecutive subtrees of 2^level sectors, 32 bytes each; missing ones at the end are zeros
 */
export function submissionOf(length: number, roots: Uint8Array, level: number): Submission {
  const heights = nodeHeights(length);
  let from = 0;
  const nodes = heights.map((height) => {
    const count = 2 ** (height - level) * HASH_BYTES;
    const root = subtreeRoot(roots.subarray(from, from + count), level, height);
    from += count;
    return { root: toHex(root), height };
  });
  return { length, nodes, identity: identityOf(nodes), sectors: heights.reduce((sum, h) => sum + 2 ** h, 0) };
}

export function identityOf(nodes: readonly FlowNode[]): Hex {
  return keccakHex(Buffer.from(nodes.map((node) => node.root.slice(2)).join(""), "hex"));
}

/** The file's merkle root as 0G's clients name it: the node roots folded from the right. */
export function fileRootOf(nodes: readonly FlowNode[]): Hex {
  const roots = nodes.map((node) => Buffer.from(node.root.slice(2), "hex"));
  return toHex(roots.reduceRight((right, left) => Buffer.from(keccak(concat(left, right)))));
}

/** Root at `height` of nodes at `level`, the missing ones on the right being empty. */
function subtreeRoot(nodes: Uint8Array, level: number, height: number): Uint8Array {
  if (nodes.length === 0) return ZERO_HASHES[height] as Uint8Array;
  let root = paddedRoot(nodes, level);
  for (let at = level + Math.ceil(Math.log2(nodes.length / HASH_BYTES)); at < height; at++) {
    root = keccak(concat(root, ZERO_HASHES[at] as Uint8Array));
  }
  return root;
}

/** A node of the log with the sector it starts at. */
export interface PlacedNode extends FlowNode {
  readonly start: number;
}

/**
 * Where a file lands in a log of `length` sectors: at a multiple of its first node's size, and at the next segment if
 * it would otherwise reach over the end of a segment that it does not start at.
 */
export function placeFile(length: number, nodes: readonly FlowNode[]): { placed: PlacedNode[]; length: number } {
  const sectors = nodes.reduce((sum, node) => sum + 2 ** node.height, 0);
  let start = alignUp(length, 2 ** (nodes[0]?.height ?? 0));
  const reachesOver =
    Math.floor(start / SECTORS_PER_SEGMENT) !== Math.floor((start + sectors - 1) / SECTORS_PER_SEGMENT);
  if (reachesOver) start = alignUp(start, SECTORS_PER_SEGMENT);
  const placed = nodes.map((node) => {
    const at = start;
    start += 2 ** node.height;
    return { ...node, start: at };
  });
  return { placed, length: start };
}

function alignUp(position: number, size: number): number {
  return Math.ceil(position / size) * size;
}

/**
 * The log's root by plain recomputation, for tests and readers: leaf 0 is 32 zero bytes, gaps are empty sectors, and
 * the tree has ⌈log2 length⌉ levels.
 */
export function flowRoot(nodes: readonly PlacedNode[], length: number): Hex {
  const known = new Map<string, Uint8Array>([["0:0", new Uint8Array(HASH_BYTES)]]);
  for (const node of nodes)
    known.set(`${node.height}:${node.start / 2 ** node.height}`, Buffer.from(node.root.slice(2), "hex"));
  const starts = [0, ...nodes.map((node) => node.start)].sort((a, b) => a - b);
  const occupied = (from: number, to: number) => starts.some((start) => start >= from && start < to);
  const rootAt = (height: number, index: number): Uint8Array => {
    const given = known.get(`${height}:${index}`);
    if (given !== undefined) return given;
    if (!occupied(index * 2 ** height, (index + 1) * 2 ** height)) return ZERO_HASHES[height] as Uint8Array;
    return keccak(concat(rootAt(height - 1, 2 * index), rootAt(height - 1, 2 * index + 1)));
  };
  return toHex(rootAt(Math.ceil(Math.log2(length)), 0));
}
