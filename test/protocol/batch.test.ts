import { expect } from "chai";
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { MerkleTree } from "merkletreejs";
import { batchIdOf, batchLeaf, batchRootOf, batchTree, EMPTY_LEAF, verifyBatchPath } from "../../protocol/batch.ts";
import { type BlobHeader, blobKeyOf, encodeHeader } from "../../protocol/header.ts";
import { concat, equalBytes, type Hex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { naivePath, naiveRoot } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { saltOf } from "./sample.ts";

function headers(count: number): BlobHeader[] {
  return Array.from({ length: count }, (_, i) => ({
    version: 1,
    dataRoot: `0x${"d7".repeat(32)}` as Hex,
    commitment: `0x8a${"03".repeat(47)}` as Hex,
    length: 100,
    rows: 1,
    account: `0x${"ac".repeat(20)}` as Hex,
    salt: saltOf(`header ${i}`),
  }));
}

/** EMPTY pads the leaves, and pairs of EMPTY pad above: the same tree as one padded to a power of two. */
const naive = (list: readonly BlobHeader[]) => toHex(naiveRoot(list.map(batchLeaf), EMPTY_LEAF));

describe("batch tree", () => {
  it("is the naive tree, with the naive paths, at every size up to 64", () => {
    for (let count = 1; count <= 64; count++) {
      const list = headers(count);
      const tree = batchTree(list);
      expect(tree.batchRoot, `${count} leaves`).to.equal(naive(list));
      for (const index of new Set([0, count >> 1, count - 1])) {
        const path = naivePath(list.map(batchLeaf), EMPTY_LEAF, index);
        expect(equalBytes(tree.path(index), concat(...path)), `${index} of ${count}`).to.equal(true);
        expect(verifyBatchPath(tree.batchRoot, count, list[index]!, index, tree.path(index))).to.equal(true);
      }
    }
  });

  it("A1: takes no node for a leaf and no header for a sector", () => {
    const list = headers(4);
    const leaves = list.map(batchLeaf);
    const root = batchRootOf(list);
    const tree = batchTree(list);
    // A leaf is a double hash: the single hash of a header, or of two leaves, stands nowhere in the tree.
    expect(keccak(encodeHeader(list[0]!))).to.not.deep.equal(leaves[0]);
    expect(verifyBatchPath(root, 4, list[0]!, 0, tree.path(0).slice(0, 32))).to.equal(false);
    expect(verifyBatchPath(root, 2, list[0]!, 0, tree.path(0).slice(32))).to.equal(false);
    expect(verifyBatchPath(root, 8, list[0]!, 0, concat(tree.path(0), new Uint8Array(32)))).to.equal(false);
  });

  it("A2: no two lists up to 64 leaves share a root, whatever repeats at the end", () => {
    const list = headers(64);
    const lists = new Map<Hex, string>();
    for (let count = 2; count <= 64; count++) {
      const own = list.slice(0, count);
      for (const variant of [own, [...own, own.at(-1)!], [...own, ...own.slice(-2)]]) {
        const name = variant.map((header) => header.salt).join();
        const root = batchRootOf(variant);
        expect(lists.get(root) ?? name).to.equal(name);
        lists.set(root, name);
      }
    }
    expect(lists.size).to.equal(3 * 63);
  });

  it("A3: each pinned option of merkletreejs matters", () => {
    const list = headers(5);
    const leaves = list.map((header) => Buffer.from(batchLeaf(header)));
    const padded = [...leaves, ...new Array(3).fill(Buffer.from(EMPTY_LEAF))];
    const hash = (node: Buffer) => Buffer.from(keccak(node));
    const root = batchRootOf(list);
    const rootWith = (nodes: Buffer[], options: object) => toHex(new MerkleTree(nodes, hash, options).getRoot());
    expect(rootWith(padded, {})).to.equal(root);
    for (const options of [
      { sortPairs: true },
      { sortLeaves: true },
      { sort: true },
      { hashLeaves: true },
      { isBitcoinTree: true },
    ]) {
      expect(rootWith(padded, options), JSON.stringify(options)).to.not.equal(root);
    }
    for (const options of [{}, { duplicateOdd: true }, { complete: true }]) {
      expect(rootWith(leaves, options), `unpadded, ${JSON.stringify(options)}`).to.not.equal(root);
    }
  });

  it("A4: proves no padding leaf, no index beyond the count, nothing in an empty tree", () => {
    const list = headers(3);
    const tree = batchTree(list);
    const fourth = concat(batchLeaf(list[2]!), keccak(concat(batchLeaf(list[0]!), batchLeaf(list[1]!))));
    expect(verifyBatchPath(tree.batchRoot, 3, list[2]!, 3, fourth)).to.equal(false);
    expect(refusal(() => tree.path(3))).to.equal("BadRequest");
    expect(refusal(() => batchTree([]))).to.equal("CountMismatch");
    expect(verifyBatchPath(`0x${"00".repeat(32)}`, 1, list[0]!, 0, new Uint8Array(0))).to.equal(false);
    expect(batchRootOf(list.slice(0, 1))).to.equal(toHex(batchLeaf(list[0]!)));
  });

  it("binds the position: a path holds at its index only, and order changes the root", () => {
    const list = headers(8);
    const tree = batchTree(list);
    for (let index = 0; index < 8; index++) {
      const holds = verifyBatchPath(tree.batchRoot, 8, list[3]!, index, tree.path(3));
      expect(holds, `index ${index}`).to.equal(index === 3);
    }
    expect(batchRootOf([...list].reverse())).to.not.equal(tree.batchRoot);
  });

  it("gives a batch an id that binds chain, contract, submitter, attempt and content", () => {
    const one: Hex = `0x${"11".repeat(32)}`;
    const address: Hex = `0x${"e1".repeat(20)}`;
    const batch = {
      chainId: 31337n,
      entrance: address,
      submitter: address,
      attempt: 0,
      batchRoot: one,
      blobCount: 1,
      rowsRoot: one,
      rowCount: 1,
    };
    const words = ["bytes32", "uint256", "address", "address", "uint256", "bytes32", "uint256", "bytes32", "uint256"];
    const tag = keccak256(toUtf8Bytes("0G-DA/batch/v1"));
    const encoded = AbiCoder.defaultAbiCoder().encode(words, [tag, 31337n, address, address, 0, one, 1, one, 1]);
    expect(batchIdOf(batch)).to.equal(keccak256(encoded));
    const others = [
      { chainId: 1n },
      { entrance: `0x${"e2".repeat(20)}` as Hex },
      { submitter: `0x${"e2".repeat(20)}` as Hex },
      { attempt: 1 },
      { batchRoot: `0x${"12".repeat(32)}` as Hex },
      { blobCount: 2 },
      { rowsRoot: `0x${"12".repeat(32)}` as Hex },
      { rowCount: 2 },
    ];
    const ids = new Set([batch, ...others.map((other) => ({ ...batch, ...other }))].map(batchIdOf));
    expect(ids.size).to.equal(1 + others.length);
    expect(new Set(headers(2).map(blobKeyOf)).size).to.equal(2);
  });
});
