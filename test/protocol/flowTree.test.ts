import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { type FlowNode, flowRoot, nodeHeights, type PlacedNode, placeFile } from "../../protocol/flow.ts";
import { appended, EMPTY_LOG, levelsOf, type Nodes, pathAt, rootAt } from "../../protocol/flowTree.ts";
import { concat, type Hex, toHex, word } from "../../protocol/hex.ts";
import { keccak, keccakHex, keccakText } from "../../protocol/keccak.ts";
import { rootFromPath, ZERO_HASHES } from "../../protocol/tree.ts";
import { naivePath, naiveRoot } from "./naive.ts";
import { refusal } from "./refusal.ts";

/** Nodes as a store keeps them: a complete node is written once, and never another way. */
class Store implements Nodes {
  readonly #nodes = new Map<string, Hex>();
  length = EMPTY_LOG;

  get(level: number, index: number): Uint8Array | undefined {
    const hash = this.#nodes.get(`${level}:${index}`);
    return hash === undefined ? undefined : Buffer.from(hash.slice(2), "hex");
  }

  append(file: readonly FlowNode[]): { start: number; added: number } {
    const { start, length, added } = appended(this, this.length, file);
    for (const { level, index, hash } of added) {
      expect((index + 1) * 2 ** level).to.be.at.most(length);
      expect((index + 1) * 2 ** level).to.be.greaterThan(this.length);
      expect(this.#nodes.has(`${level}:${index}`), `node ${level}:${index} twice`).to.equal(false);
      this.#nodes.set(`${level}:${index}`, toHex(hash));
    }
    this.length = length;
    return { start, added: added.length };
  }

  /** What a reorg leaves: everything that ends beyond `length` is of another chain. */
  cutTo(length: number): void {
    for (const key of [...this.#nodes.keys()]) {
      const [level, index] = key.split(":").map(Number) as [number, number];
      if ((index + 1) * 2 ** level > length) this.#nodes.delete(key);
    }
    this.length = length;
  }
}

/** Nodes of a file of `bytes`, their roots drawn from a seed. */
function fileOf(seed: string, bytes: number): FlowNode[] {
  return nodeHeights(bytes).map((height, i) => ({ height, root: keccakHex(concat(keccakText(seed), word(i))) }));
}

/** Mostly small files, some of several segments: that is where gaps and alignment are. */
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 40_000 }),
  fc.integer({ min: 1, max: 1_200_000 }),
  fc.integer({ min: 1, max: 80_000_000 }),
);

interface Vectors {
  readonly files: readonly { readonly nodes: readonly FlowNode[] }[];
  readonly logs: readonly { readonly length: number; readonly root: Hex }[];
  readonly long: readonly {
    readonly nodes: readonly FlowNode[];
    readonly start: number;
    readonly length: number;
    readonly root: Hex;
  }[];
}

describe("the log's tree", () => {
  it("starts as Flow starts: one leaf of 32 zero bytes", () => {
    const empty: Nodes = { get: () => undefined };
    expect(rootAt(empty, EMPTY_LOG)).to.equal(`0x${"00".repeat(32)}`);
    expect(pathAt(empty, EMPTY_LOG, 0, 0)).to.deep.equal([]);
    expect([1, 2, 3, 4, 5, 1024, 1025].map(levelsOf)).to.deep.equal([0, 1, 2, 2, 3, 10, 11]);
  });

  it("equals the recomputation from all entries, after each and at every earlier length", () => {
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 24 }), (files) => {
        const store = new Store();
        const placed: PlacedNode[] = [];
        const history: [number, Hex][] = [];
        files.forEach((bytes, i) => {
          const nodes = fileOf(`${i}`, bytes);
          const next = placeFile(store.length, nodes);
          placed.push(...next.placed);
          const { start } = store.append(nodes);
          expect([start, store.length]).to.deep.equal([next.placed[0]?.start, next.length]);
          history.push([store.length, flowRoot(placed, store.length)]);
        });
        for (const [length, root] of history) expect(rootAt(store, length)).to.equal(root);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it("proves every entry's nodes and everything above them at every later length", () => {
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 12 }), (files) => {
        const store = new Store();
        const placed: PlacedNode[] = [];
        const lengths: number[] = [];
        files.forEach((bytes, i) => {
          const nodes = fileOf(`${i}`, bytes);
          placed.push(...placeFile(store.length, nodes).placed);
          store.append(nodes);
          lengths.push(store.length);
        });
        for (const length of lengths) {
          const root = rootAt(store, length);
          for (const node of placed.filter((one) => one.start < length)) {
            const index = node.start / 2 ** node.height;
            const path = pathAt(store, length, node.height, index);
            const leaf = Buffer.from(node.root.slice(2), "hex");
            const depth = levelsOf(length) - node.height;
            expect(toHex(rootFromPath(leaf, index, concat(...path), depth))).to.equal(root);
          }
        }
      }),
      { numRuns: 40, seed: 12 },
    );
  });

  it("has the paths of the plain tree over all leaves, gaps and the rest beyond the end included", () => {
    const store = new Store();
    const leaves: Uint8Array[] = [new Uint8Array(32)];
    const lengths: number[] = [];
    [1, 2, 1, 4, 1, 8, 3, 1, 16, 5, 1].forEach((sectors, i) => {
      const hashes = Array.from({ length: sectors }, (_, j) => keccakText(`leaf ${i} ${j}`));
      const nodes: FlowNode[] = [];
      let at = 0;
      for (const height of nodeHeights(sectors * 256)) {
        nodes.push({ height, root: toHex(naiveRoot(hashes.slice(at, at + 2 ** height), ZERO_HASHES[0]!)) });
        at += 2 ** height;
      }
      const { start } = store.append(nodes);
      while (leaves.length < start) leaves.push(ZERO_HASHES[0]!);
      leaves.push(...hashes);
      lengths.push(leaves.length);
      expect(store.length).to.equal(leaves.length);
    });
    for (const length of lengths) {
      const log = leaves.slice(0, length);
      expect(rootAt(store, length)).to.equal(toHex(naiveRoot(log, ZERO_HASHES[0]!)));
      for (let index = 0; index < 2 ** levelsOf(length); index++) {
        const plain = naivePath(log, ZERO_HASHES[0]!, index);
        // Below an entry's node the sectors are the file's to prove; from level 4 on nothing here is below one.
        const level = Math.min(4, levelsOf(length));
        const path = pathAt(store, length, level, Math.floor(index / 2 ** level));
        expect(path.map(toHex)).to.deep.equal(plain.slice(level).map(toHex));
      }
    }
    expect(pathAt(store, store.length, 0, 0)).to.have.length(levelsOf(store.length));
  });

  it("is what it was when entries are taken back and others follow", () => {
    const [store, other] = [new Store(), new Store()];
    const sizesOf = (seed: number) => Array.from({ length: 10 }, (_, i) => ((seed * 7919 + i * 104_729) % 900_000) + 1);
    for (const [i, bytes] of sizesOf(1).entries()) {
      store.append(fileOf(`kept ${i}`, bytes));
      other.append(fileOf(`kept ${i}`, bytes));
    }
    const length = store.length;
    for (const [i, bytes] of sizesOf(2).entries()) store.append(fileOf(`lost ${i}`, bytes));
    store.cutTo(length);
    for (const [i, bytes] of sizesOf(3).entries()) {
      store.append(fileOf(`new ${i}`, bytes));
      other.append(fileOf(`new ${i}`, bytes));
    }
    expect(store.length).to.equal(other.length);
    expect(rootAt(store, store.length)).to.equal(rootAt(other, other.length));
  });

  it("writes about as many nodes as there are: some six an entry, gaps included", () => {
    const store = new Store();
    let added = 0;
    for (let i = 0; i < 5000; i++) added += store.append(fileOf(`${i}`, 1 + ((i * 104_729) % 40_000))).added;
    expect(added / 5000).to.be.below(8);
  });

  it("is that of the contracts, entry by entry (test/vectors/flow.json)", () => {
    const vectors: Vectors = JSON.parse(readFileSync(new URL("../vectors/flow.json", import.meta.url), "utf8"));
    const [short, long] = [new Store(), new Store()];
    vectors.files.forEach((file, i) => {
      short.append(file.nodes);
      expect({ length: short.length, root: rootAt(short, short.length) }).to.deep.include({
        length: vectors.logs[i]?.length,
        root: vectors.logs[i]?.root,
      });
    });
    for (const entry of vectors.long) {
      const { start } = long.append(entry.nodes);
      expect([start, long.length, rootAt(long, long.length)]).to.deep.equal([entry.start, entry.length, entry.root]);
    }
  });

  it("refuses places that are not in the tree, and says when a node is missing", () => {
    const store = new Store();
    store.append(fileOf("one", 262_144));
    for (const [level, index] of [
      [0, -1],
      [0, 2048],
      [12, 0],
      [-1, 0],
      [0, 0.5],
    ] as const) {
      expect(
        refusal(() => pathAt(store, store.length, level, index)),
        `${level}:${index}`,
      ).to.equal("BadRequest");
    }
    for (const length of [0, -1, 1.5, 2 ** 53]) expect(refusal(() => levelsOf(length))).to.equal("BadRequest");
    expect(refusal(() => appended(store, store.length, []))).to.equal("BadRequest");
    expect(refusal(() => rootAt({ get: () => undefined }, store.length))).to.equal("CorruptObject");
    expect(refusal(() => pathAt(store, store.length, 0, 1024))).to.equal("CorruptObject");
    expect(keccak(new Uint8Array(256))).to.deep.equal(ZERO_HASHES[0]);
  });
});
