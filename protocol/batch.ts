import { MerkleTree } from "merkletreejs";
import { ZgError } from "./errors.ts";
import { type BlobHeader, encodeHeader } from "./header.ts";
import { concat, equalBytes, fromHex, type Hex, toHex, word } from "./hex.ts";
import { keccak, keccakHex, keccakText } from "./keccak.ts";
import { HASH_BYTES } from "./params.ts";
import { rootFromPath } from "./tree.ts";

/** What pads the header tree to a power of two; no header hashes to it. */
export const EMPTY_LEAF = keccakText("0G-DA/empty/v1");
const BATCH_TAG = keccakText("0G-DA/batch/v1");

// Every option pinned: sorted pairs would forget the position, duplicated nodes would let two lists share a root.
const OPTIONS = {
  hashLeaves: false,
  sort: false,
  sortLeaves: false,
  sortPairs: false,
  duplicateOdd: false,
  isBitcoinTree: false,
  complete: false,
} as const;

/** The second hash keeps a 256-byte header apart from a 256-byte sector. */
export function batchLeaf(header: BlobHeader): Uint8Array {
  return keccak(keccak(encodeHeader(header)));
}

export interface BatchTree {
  readonly batchRoot: Hex;
  /** ⌈log2 blobCount⌉ siblings, 32 bytes each. */
  path(index: number): Uint8Array;
}

/** Merkle tree over the headers in order, padded to a power of two. */
export function batchTree(headers: readonly BlobHeader[]): BatchTree {
  if (headers.length === 0) throw new ZgError("CountMismatch", { blobCount: 0 });
  const depth = batchDepth(headers.length);
  const leaves = headers.map((header) => Buffer.from(batchLeaf(header)));
  while (leaves.length < 2 ** depth) leaves.push(Buffer.from(EMPTY_LEAF));
  const tree = new MerkleTree(leaves, (node: Buffer) => Buffer.from(keccak(node)), OPTIONS);
  return {
    batchRoot: toHex(tree.getRoot()),
    path: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= headers.length) {
        throw new ZgError("BadRequest", { index, blobCount: headers.length });
      }
      return concat(...tree.getProof(leaves[index] as Buffer, index).map((step) => step.data));
    },
  };
}

export function batchRootOf(headers: readonly BlobHeader[]): Hex {
  return batchTree(headers).batchRoot;
}

/** Levels of the header tree, from the declared count and never from a proof's length. */
export function batchDepth(blobCount: number): number {
  return Math.ceil(Math.log2(blobCount));
}

export function verifyBatchPath(
  batchRoot: Hex,
  blobCount: number,
  header: BlobHeader,
  index: number,
  path: Uint8Array,
): boolean {
  const depth = batchDepth(blobCount);
  if (index >= blobCount || path.length !== depth * HASH_BYTES) return false;
  return equalBytes(rootFromPath(batchLeaf(header), index, path, depth), fromHex(batchRoot, 32));
}

/** What a batchId names: content, who submitted it, for the how-manieth time, to which contract of which chain. */
export interface BatchIdentity {
  readonly chainId: bigint;
  readonly entrance: Hex;
  readonly submitter: Hex;
  readonly attempt: number;
  readonly batchRoot: Hex;
  readonly blobCount: number;
  readonly rowsRoot: Hex;
  readonly rowCount: number;
}

export function batchIdOf(batch: BatchIdentity): Hex {
  return keccakHex(
    concat(
      BATCH_TAG,
      word(batch.chainId),
      addressWord(batch.entrance),
      addressWord(batch.submitter),
      word(batch.attempt),
      fromHex(batch.batchRoot, 32),
      word(batch.blobCount),
      fromHex(batch.rowsRoot, 32),
      word(batch.rowCount),
    ),
  );
}

/** An address as a word of abi.encode. */
export function addressWord(address: Hex): Uint8Array {
  return concat(new Uint8Array(12), fromHex(address, 20));
}
