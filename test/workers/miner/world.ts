/** A log of the test's own: files of which every byte is known, contexts, proofs, and whoever has the data. */
import type { ChainEvent } from "../../../adapters/chain.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { fileNodesOf, shapeOf } from "../../../protocol/file.ts";
import { identityOf, placeFile } from "../../../protocol/flow.ts";
import type { SectorProof } from "../../../protocol/flowTree.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak, keccakText } from "../../../protocol/keccak.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import { ZERO_HASHES } from "../../../protocol/tree.ts";
import type { Source } from "../../../workers/miner/gather.ts";
import { type TestFile, testFile } from "../../fakes/fileNode.ts";
import { naivePath, naiveRoot } from "../../protocol/naive.ts";

export const hash = (name: string): Hex => toHex(keccakText(name));
export const MINER = hash("miner");

const zero = ZERO_HASHES[0] as Uint8Array;

export const createWorld = () => {
  const files: TestFile[] = [];
  let length = 1;
  let [epochs, block] = [0, 0];

  const event = (contract: ChainEvent["contract"], name: string, args: Record<string, unknown>): ChainEvent => ({
    ...{ contract, name, args, address: `0x${"f1".repeat(20)}` as Hex, transactionIndex: 0, logIndex: 0 },
    ...{ blockNumber: block, blockHash: hash(`block ${block}`), transactionHash: hash(`tx ${block} ${name}`) },
  });

  const world = {
    files,
    /** Files that no node has. */
    lost: new Set<TestFile>(),
    length: () => length,
    block: () => block,
    /** A block with one more file. */
    submit: (bytes: number, seed = files.length + 1): ChainEvent => {
      block += 1;
      const shape = shapeOf(bytes);
      const plain = testFile(bytes, seed);
      const nodes = fileNodesOf(shape, plain.roots, plain.segment(shape.segments - 1));
      const { placed, length: end } = placeFile(length, nodes);
      const start = placed[0]?.start as number;
      files.push({ ...plain, start });
      length = end;
      return event("Flow", "Submit", {
        sender: `0x${"11".repeat(20)}`,
        identity: identityOf(nodes),
        submissionIndex: BigInt(files.length - 1),
        startPos: BigInt(start),
        length: BigInt(shape.padded),
        submission: {
          ...{ length: BigInt(bytes), tags: "0x" },
          nodes: nodes.map(({ root, height }) => ({ root, height: BigInt(height) })),
        },
      });
    },
    /** A block that makes a context of the log as it is. */
    epoch: (digest = hash(`context ${block} ${epochs}`)): ChainEvent => {
      block += 1;
      epochs += 1;
      const args = { index: BigInt(epochs), flowLength: BigInt(length), context: digest };
      return event("Flow", "NewEpoch", args);
    },
    event,
    /** Unmakes the files after the first `count`, and the blocks down to `to`. */
    rewind: (count: number, to: number): void => {
      files.length = count;
      length = files.reduce((end, file) => Math.max(end, file.start + shapeOf(file.length).padded), 1);
      block = to;
    },
    /** What the log has in sectors [from, to). */
    data: (from: number, to: number): Uint8Array => {
      const out = new Uint8Array((to - from) * SECTOR_BYTES);
      for (const { start, bytes } of files) {
        const at = (start - from) * SECTOR_BYTES;
        const part = at < 0 ? bytes.subarray(-at) : bytes;
        if (at < out.length) out.set(part.subarray(0, out.length - Math.max(at, 0)), Math.max(at, 0));
      }
      return out;
    },
    leaves: (): Uint8Array[] => {
      const data = world.data(0, length);
      const leaves = Array.from({ length }, (_, i) => keccak(data.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES)));
      leaves[0] = new Uint8Array(32);
      return leaves;
    },
    root: (): Hex => toHex(naiveRoot(world.leaves(), zero)),
    proof: (sector: number): SectorProof => {
      const leaves = world.leaves();
      const siblings = naivePath(leaves, zero, sector);
      return {
        lemma: [leaves[sector] as Uint8Array, ...siblings, naiveRoot(leaves, zero)].map(toHex),
        path: siblings.map((_, level) => Math.floor(sector / 2 ** level) % 2 === 0),
      };
    },
    asked: [] as string[],
    source: {
      roots: async ({ root, length: bytes }) => world.find(root, bytes).roots,
      segment: async ({ root, length: bytes }, index) => {
        world.asked.push(`${root}/${index}`);
        return world.find(root, bytes).segment(index);
      },
    } as Source,
    find: (root: Hex, bytes: number): TestFile => {
      const file = files.find((known) => known.root === root && known.length === bytes);
      if (file === undefined || world.lost.has(file)) throw new ZgError("NotStored", { root });
      return file;
    },
  };
  return world;
};
export type World = ReturnType<typeof createWorld>;
