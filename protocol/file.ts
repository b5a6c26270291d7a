/**
 * A file of 0G Storage as a merkle tree over its segments.
 *
 * The tree has no padding of its own: of n leaves the left subtree takes the largest power of two smaller than n, so a
 * node without a right sibling moves up unhashed. Over sectors, over segments or over the nodes of a submission that
 * is the same root, because each of them starts at a multiple of its size.
 *
 *     n = 5      0   1   2   3   4          4 is node (0, 4), (1, 2) and (2, 1): it is named by the lowest, (0, 4)
 *                └───┘   └───┘   │
 *                  └───────┘     │
 *                      └─────────┘
 */
import { ZgError } from "./errors.ts";
import { type FlowNode, identityOf, nodeHeights, type Submission } from "./flow.ts";
import { concat, equalBytes, fromHex, type Hex, isHex, normalHex, toHex } from "./hex.ts";
import { keccak, keccakEach } from "./keccak.ts";
import { HASH_BYTES, SECTOR_BYTES, SECTORS_PER_SEGMENT, SEGMENT_BYTES, SEGMENT_LEVEL } from "./params.ts";
import { ZERO_HASHES } from "./tree.ts";

/** Everything that follows from a file's length. */
export interface FileShape {
  /** Bytes. */
  readonly length: number;
  /** With data; the last one is filled up with zeros. */
  readonly sectors: number;
  /** After 0G's padding: what is paid for and what the root covers. */
  readonly padded: number;
  /** With data: what is uploaded and stored. */
  readonly segments: number;
  readonly paddedSegments: number;
  /** Of the nodes of its submission, descending. */
  readonly heights: readonly number[];
}

/** Roots that are brought or fetched in one piece: of a file of 128 GiB. Beyond it a length is a stranger's claim on memory. */
export const MAX_ROOTS_BYTES = 2 ** 24;

export function shapeOf(length: number): FileShape {
  if (length === 0) throw new ZgError("EmptyFile");
  if (!Number.isSafeInteger(length) || length < 0) throw new ZgError("BadRequest", { length });
  const heights = nodeHeights(length);
  const sectors = Math.ceil(length / SECTOR_BYTES);
  const padded = heights.reduce((sum, height) => sum + 2 ** height, 0);
  return {
    length,
    sectors,
    padded,
    segments: Math.ceil(sectors / SECTORS_PER_SEGMENT),
    paddedSegments: Math.ceil(padded / SECTORS_PER_SEGMENT),
    heights,
  };
}

/** A root says how much of its file is there only together with the sectors that it covers. */
export function fileIdOf(root: Hex, padded: number): string {
  return `${root}/${padded}`;
}

/** Bytes in which data segment `index` travels: whole sectors. */
export function segmentBytes(shape: FileShape, index: number): number {
  checkIndex(index, shape.segments);
  return Math.min(SEGMENT_BYTES, SECTOR_BYTES * (shape.sectors - index * SECTORS_PER_SEGMENT));
}

/** Sectors of segment `index`, padding included. */
export function segmentSectors(shape: FileShape, index: number): number {
  checkIndex(index, shape.paddedSegments);
  return Math.min(SECTORS_PER_SEGMENT, shape.padded - index * SECTORS_PER_SEGMENT);
}

/**
 * Root of a segment.
 *
 * @param data at most paddedSectors × 256 bytes; the rest is zeros
 */
export function segmentRootOf(data: Uint8Array, paddedSectors: number): Uint8Array {
  return rootOf(sectorHashesOf(data, paddedSectors));
}

/** Hashes of a segment's sectors, those of its padding included: paddedSectors × 32 bytes. */
export function sectorHashesOf(data: Uint8Array, paddedSectors: number): Uint8Array {
  const sectors = Math.ceil(data.length / SECTOR_BYTES);
  if (sectors > paddedSectors) {
    throw new ZgError("LengthMismatch", { expected: paddedSectors * SECTOR_BYTES, actual: data.length });
  }
  const whole = data.length % SECTOR_BYTES === 0 ? data : filledUp(data, sectors * SECTOR_BYTES);
  const hashes = new Uint8Array(paddedSectors * HASH_BYTES);
  hashes.set(keccakEach(whole, SECTOR_BYTES));
  for (let sector = sectors; sector < paddedSectors; sector++) hashes.set(zeroHash(0), sector * HASH_BYTES);
  return hashes;
}

/** Root of segment `index` if nothing but padding is in it. */
export function emptyRootOf(shape: FileShape, index: number): Uint8Array {
  return zeroRoot(segmentSectors(shape, index));
}

/**
 * The nodes of a file's submission from the roots of its segments.
 *
 * @param roots paddedSegments × 32 bytes
 * @param tail bytes of data segment `segments − 1`: a file of less than 4 MiB may have nodes that are smaller than a
 * segment, of which its root does not tell
 */
export function fileNodesOf(shape: FileShape, roots: Uint8Array, tail?: Uint8Array): FlowNode[] {
  checkRoots(shape, roots);
  const whole = shape.heights.filter((height) => height >= SEGMENT_LEVEL);
  let from = 0;
  const nodes = whole.map((height) => {
    const count = 2 ** (height - SEGMENT_LEVEL) * HASH_BYTES;
    from += count;
    return { root: toHex(rootOf(roots.subarray(from - count, from))), height };
  });
  if (whole.length === shape.heights.length) return nodes;

  // What is left is the last segment, cut into the nodes that it is made of.
  const index = shape.paddedSegments - 1;
  const empty = index >= shape.segments;
  if (!empty && tail === undefined)
    throw new ZgError("LengthMismatch", { expected: segmentBytes(shape, index), actual: 0 });
  const hashes = sectorHashesOf(empty || tail === undefined ? new Uint8Array() : tail, segmentSectors(shape, index));
  if (!equalBytes(rootOf(hashes), rootAt(roots, index))) throw new ZgError("BadProof", { why: "tail", index });
  let sector = 0;
  for (const height of shape.heights.slice(whole.length)) {
    const count = 2 ** height;
    nodes.push({ root: toHex(rootOf(hashes.subarray(sector * HASH_BYTES, (sector + count) * HASH_BYTES))), height });
    sector += count;
  }
  return nodes;
}

/** What `Flow.submit` takes, from the same. */
export function submissionOfSegments(shape: FileShape, roots: Uint8Array, tail?: Uint8Array): Submission {
  const nodes = fileNodesOf(shape, roots, tail);
  return { length: shape.length, nodes, identity: identityOf(nodes), sectors: shape.padded };
}

/**
 * The file's root from those of its segments. Throws `PaddingNotEmpty`: what is beyond the data must be zeros.
 *
 * @param roots paddedSegments × 32 bytes
 */
export function rootOfSegments(roots: Uint8Array, shape: FileShape): Hex {
  checkRoots(shape, roots);
  return toHex(rootOf(roots));
}

/** 0G's form: the lemma is [segment root, siblings from the bottom …, file root], `path[i]` says that node i is a left one. */
export interface FileProof {
  readonly lemma: readonly Hex[];
  readonly path: readonly boolean[];
}

/** A node of a file's tree over its padded segments (level 0: their roots), named by the lowest level it stands at. */
export interface FileNode {
  readonly level: number;
  readonly index: number;
}

export interface KnownNode extends FileNode {
  readonly hash: Uint8Array;
}

/** The siblings of segment `index` from the bottom, and whether what they are siblings of is on the left. */
export function siblingsOf(shape: FileShape, index: number): (FileNode & { readonly left: boolean })[] {
  const leaves = shape.paddedSegments;
  checkIndex(index, leaves);
  const siblings: (FileNode & { left: boolean })[] = [];
  for (
    let level = 0, at = index, count = leaves;
    count > 1;
    level++, at = Math.floor(at / 2), count = Math.ceil(count / 2)
  ) {
    const left = at % 2 === 0;
    if (left && at === count - 1) continue; // without a sibling it moves up
    siblings.push({ ...nodeAt(leaves, level, left ? at + 1 : at - 1), left });
  }
  return siblings;
}

/** Proof of segment `index` from nodes that are known, its own root being one of them. undefined: one is missing. */
export function proofFrom(
  shape: FileShape,
  index: number,
  root: Hex,
  known: (level: number, index: number) => Uint8Array | undefined,
): FileProof | undefined {
  const siblings = siblingsOf(shape, index);
  if (siblings.length === 0) return { lemma: [root], path: [] };
  const nodes = [known(0, index), ...siblings.map((node) => known(node.level, node.index))];
  const lemma: Hex[] = [];
  for (const node of nodes) {
    if (node === undefined) return undefined;
    lemma.push(toHex(node));
  }
  return { lemma: [...lemma, root], path: siblings.map(({ left }) => left) };
}

/**
 * Proof of segment `index`, padding segments included.
 *
 * @param roots paddedSegments × 32 bytes
 */
export function proofOf(shape: FileShape, roots: Uint8Array, index: number): FileProof {
  const root = rootOfSegments(roots, shape);
  const layers = [roots];
  for (let layer = roots; layer.length > HASH_BYTES; layers.push(layer)) layer = layerAbove(layer);
  const proof = proofFrom(shape, index, root, (level, at) => {
    const layer = layers[level];
    return layer === undefined ? undefined : rootAt(layer, at);
  });
  if (proof === undefined) throw new ZgError("Internal", { why: "a layer is missing", index });
  return proof;
}

/**
 * Checks that the segment with root `leaf` stands at `index` in the file, and gives what is learned by it: the siblings,
 * from the bottom. A proof of another shape than the file's length asks for is refused, never followed; so is one whose
 * siblings are other than empty where the file is nothing but padding.
 */
export function checkProof(
  shape: FileShape,
  index: number,
  leaf: Uint8Array,
  root: Hex,
  proof: FileProof,
): KnownNode[] {
  const siblings = siblingsOf(shape, index);
  const { lemma, path } = proof;
  const expected = siblings.length === 0 ? 1 : siblings.length + 2;
  if (lemma.length !== expected || path.length !== siblings.length) {
    throw new ZgError("BadProof", { why: "length", expected, actual: lemma.length });
  }
  if (lemma.some((hash) => !isHex(hash, HASH_BYTES))) throw new ZgError("BadProof", { why: "malformed hash" });
  if (!equalBytes(fromHex(lemma[0] as Hex), leaf)) throw new ZgError("BadProof", { why: "segment root", index });
  if (normalHex(lemma.at(-1) as Hex) !== normalHex(root, HASH_BYTES)) throw new ZgError("BadProof", { why: "root" });

  let hash = leaf;
  const learned = siblings.map(({ level, index: at, left }, i) => {
    if (path[i] !== left) throw new ZgError("BadProof", { why: "position", index });
    const sibling = fromHex(lemma[i + 1] as Hex, HASH_BYTES);
    const empty = emptyNodeOf(shape, level, at);
    if (empty !== undefined && !equalBytes(sibling, empty)) throw new ZgError("PaddingNotEmpty", { level, index: at });
    hash = keccak(left ? concat(hash, sibling) : concat(sibling, hash));
    return { level, index: at, hash: sibling };
  });
  if (toHex(hash) !== normalHex(root)) throw new ZgError("BadProof", { why: "not this root", index });
  return learned;
}

/** What a node must be that covers padding only; undefined: there is data below it. */
export function emptyNodeOf(shape: FileShape, level: number, index: number): Uint8Array | undefined {
  const from = index * 2 ** level;
  checkIndex(from, shape.paddedSegments);
  if (from < shape.segments) return undefined;
  const to = Math.min((index + 1) * 2 ** level * SECTORS_PER_SEGMENT, shape.padded);
  return zeroRoot(to - from * SECTORS_PER_SEGMENT);
}

/** The lowest name of node (level, index): one without a right child is its left child. */
export function nodeAt(leaves: number, level: number, index: number): FileNode {
  let [l, i] = [level, index];
  while (l > 0 && (2 * i + 1) * 2 ** (l - 1) >= leaves) [l, i] = [l - 1, 2 * i];
  return { level: l, index: i };
}

function checkRoots(shape: FileShape, roots: Uint8Array): void {
  const expected = shape.paddedSegments * HASH_BYTES;
  if (roots.length !== expected) throw new ZgError("LengthMismatch", { expected, actual: roots.length });
  for (let index = shape.segments; index < shape.paddedSegments; index++) {
    if (!equalBytes(rootAt(roots, index), emptyRootOf(shape, index))) throw new ZgError("PaddingNotEmpty", { index });
  }
}

function checkIndex(index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new ZgError("BadRequest", { index, segments: count });
}

function rootAt(roots: Uint8Array, index: number): Uint8Array {
  return roots.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

function rootOf(nodes: Uint8Array): Uint8Array {
  let layer = nodes;
  while (layer.length > HASH_BYTES) layer = layerAbove(layer);
  return layer.slice();
}

function layerAbove(layer: Uint8Array): Uint8Array {
  const paired = layer.length - (layer.length % (2 * HASH_BYTES));
  const above = keccakEach(layer.subarray(0, paired), 2 * HASH_BYTES);
  return paired === layer.length ? above : concat(above, layer.subarray(paired));
}

/** Root of empty sectors, of any number. */
function zeroRoot(sectors: number): Uint8Array {
  const height = Math.floor(Math.log2(sectors));
  const rest = sectors - 2 ** height;
  return rest === 0 ? zeroHash(height) : keccak(concat(zeroHash(height), zeroRoot(rest)));
}

function zeroHash(level: number): Uint8Array {
  return ZERO_HASHES[level] as Uint8Array;
}

function filledUp(data: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(data);
  return out;
}
