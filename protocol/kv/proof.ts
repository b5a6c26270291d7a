/**
 * A value with what proves who wrote it: the beginning of the payload, which says where the value lies, and the value,
 * each as aligned pieces of the log with their paths to the log's root on chain. It proves that the submitter of entry
 * txSeq wrote these bytes under this key, and when. It does not prove that the stream let them, nor that nothing came
 * later: that takes a replay.
 */
import { ZgError } from "../errors.ts";
import { levelsOf, type SectorProof } from "../flowTree.ts";
import { concat, equalBytes, fromHex, type Hex, toHex } from "../hex.ts";
import { keccak, keccakEach } from "../keccak.ts";
import { SECTOR_BYTES } from "../params.ts";
import { decodeHead } from "./payload.ts";
import { tagsOf } from "./tags.ts";

/** 2^k sectors that start at a multiple of 2^k, and the path from their subtree to the root; one sector: 0G's own form. */
export interface Piece {
  /** First sector in the log. */
  readonly sector: number;
  readonly data: Uint8Array;
  readonly proof: SectorProof;
}

/** What the chain says of the entry (`Submit`), and its root (`getFlowRootByTxSeq`). */
export interface ProvenEntry {
  readonly start: number;
  readonly sectors: number;
  readonly length: number;
  readonly tags: Hex;
  readonly flowRoot: Hex;
}

export interface ValueQuery {
  readonly stream: Hex;
  readonly key: Uint8Array;
  /** Part of the value that is proved, bytes. */
  readonly from: number;
  readonly length: number;
}

export interface ValueProof {
  /** Where the payload's values begin: it is proved from its start up to there. */
  readonly values: number;
  readonly pieces: readonly Piece[];
}

/** The fewest aligned pieces that cover the sectors [from, to) exactly. */
export function alignedPieces(from: number, to: number): { sector: number; height: number }[] {
  const pieces: { sector: number; height: number }[] = [];
  for (let at = from; at < to; ) {
    let height = 0;
    while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= to) height++;
    pieces.push({ sector: at, height });
    at += 2 ** height;
  }
  return pieces;
}

/** Sectors of the log that a proof covers: the payload's head, and the part of the value; one run where they touch. */
export function provenSectors(
  start: number,
  values: number,
  part: { readonly at: number; readonly size: number },
): (readonly [from: number, to: number])[] {
  const head = [start, start + Math.ceil(values / SECTOR_BYTES)] as const;
  const first = start + Math.floor(part.at / SECTOR_BYTES);
  const end = start + Math.ceil((part.at + part.size) / SECTOR_BYTES);
  if (part.size === 0 || end <= head[1]) return [head];
  return first <= head[1] ? [[start, end]] : [head, [first, end]];
}

/** The path of the subtree of 2^height sectors over a sector, from that sector's own. */
export function subtreeProof({ lemma, path }: SectorProof, root: Hex, height: number): SectorProof {
  return { lemma: [root, ...lemma.slice(height + 1)], path: path.slice(height) };
}

export function subtreeRootOf(data: Uint8Array): Uint8Array {
  let nodes = keccakEach(data, SECTOR_BYTES);
  while (nodes.length > 32) nodes = keccakEach(nodes, 64);
  return nodes;
}

/** The tree's depth follows from the log's length, so a hash can not be taken for a sector. Throws `BadProof`. */
export function checkPiece(
  { sector, data, proof }: Piece,
  { start, sectors, flowRoot }: Omit<ProvenEntry, "tags" | "length">,
): void {
  const height = Math.log2(data.length / SECTOR_BYTES);
  const bad = (why: string): ZgError => new ZgError("BadProof", { why, sector });
  if (!Number.isInteger(height) || height < 0 || sector % 2 ** height !== 0) throw bad("not an aligned piece");
  if (sector < start || sector + 2 ** height > start + sectors) throw bad("not of this entry");
  const { lemma, path } = proof;
  // The entry is the last of the log that its root is of.
  const depth = levelsOf(start + sectors) - height;
  if (path.length !== depth || lemma.length !== depth + 2) throw bad("depth");
  let node = subtreeRootOf(data);
  if (toHex(node) !== lemma[0]) throw bad("data");
  for (const [level, left] of path.entries()) {
    if (left !== (Math.floor(sector / 2 ** (height + level)) % 2 === 0)) throw bad("position");
    const sibling = fromHex(lemma[level + 1] ?? "0x", 32);
    node = keccak(left ? concat(node, sibling) : concat(sibling, node));
  }
  if (toHex(node) !== flowRoot || lemma.at(-1) !== flowRoot) throw bad("root");
}

/** The proved part of the value, and the whole value's size; throws a named error where anything does not hold. */
export function verifyValue(
  entry: ProvenEntry,
  { stream, key, from, length }: ValueQuery,
  { values, pieces }: ValueProof,
): { readonly data: Uint8Array; readonly size: number } {
  const tags = tagsOf(fromHex(entry.tags));
  if (tags.kind !== "streams" || !tags.streams.includes(stream))
    throw new ZgError("BadProof", { why: "another stream" });
  for (const piece of pieces) checkPiece(piece, entry);
  const read = (at: number, size: number): Uint8Array => bytesOf(pieces, entry, at, size);
  const { writes } = decodeHead(read(0, values), entry.length);
  const write = writes.findLast((each) => each.stream === stream && equalBytes(each.key, key));
  if (write === undefined) throw new ZgError("BadProof", { why: "the entry does not write the key" });
  return { data: read(write.at + from, Math.max(0, Math.min(length, write.size - from))), size: write.size };
}

/** Bytes [at, at + size) of the entry's file, which the pieces must cover. */
function bytesOf(pieces: readonly Piece[], { start, length }: ProvenEntry, at: number, size: number): Uint8Array {
  if (!Number.isSafeInteger(at + size) || at < 0 || at + size > length)
    throw new ZgError("BadProof", { why: "range", at, size });
  const held = pieces.reduce((sum, { data }) => sum + data.length, 0);
  if (size > held) throw new ZgError("BadProof", { why: "not covered", at, size });
  const out = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    const position = start * SECTOR_BYTES + at + done;
    const piece = pieces.find(({ sector, data }) => {
      const from = sector * SECTOR_BYTES;
      return position >= from && position < from + data.length;
    });
    if (piece === undefined) throw new ZgError("BadProof", { why: "not covered", at: at + done });
    const part = piece.data.subarray(position - piece.sector * SECTOR_BYTES).subarray(0, size - done);
    out.set(part, done);
    done += part.length;
  }
  return out;
}
