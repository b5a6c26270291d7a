import { expect } from "chai";
import {
  fileRootOf,
  flowRoot,
  nodeHeights,
  type PlacedNode,
  paddedSectors,
  placeFile,
  submissionOfBytes,
  submissionOfRows,
} from "../../protocol/flow.ts";
import { concat, fromHex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { cellRootsOf, segmentRootsOf } from "../../protocol/tree.ts";
import { chunks, naiveRoot } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const empty = keccak(new Uint8Array(256));

/** The padded file's sectors, and their roots in aligned pieces: 0G's rule in the fewest words. */
function naiveSubmission(file: Uint8Array) {
  const sectors = Math.ceil(file.length / 256);
  const next = 2 ** Math.ceil(Math.log2(sectors));
  const unit = Math.max(1, next / 16);
  const padded = new Uint8Array(Math.ceil(sectors / unit) * unit * 256);
  padded.set(file);
  const leaves = chunks(padded, 256).map(keccak);
  const nodes: { root: string; height: number }[] = [];
  for (let size = next, at = 0; at < leaves.length; size /= 2) {
    if (leaves.length - at < size) continue;
    nodes.push({ root: toHex(naiveRoot(leaves.slice(at, at + size), empty)), height: Math.log2(size) });
    at += size;
  }
  return { nodes, leaves };
}

describe("flow submission", () => {
  it("splits a file as 0G does, around every step of its padding", () => {
    for (const length of [
      1,
      255,
      256,
      257,
      15 * 256,
      16 * 256,
      16 * 256 + 1,
      17 * 256,
      33 * 256 + 5,
      300_000,
      600_001,
    ]) {
      const file = payloadOf(`flow ${length}`, length);
      const submission = submissionOfBytes(file);
      const { nodes, leaves } = naiveSubmission(file);
      expect(submission.nodes, `${length} bytes`).to.deep.equal(nodes);
      expect(submission.sectors).to.equal(leaves.length);
      expect(paddedSectors(length)).to.equal(leaves.length);
      const roots = concat(...nodes.map((node) => fromHex(node.root)));
      expect(submission.identity).to.equal(toHex(keccak(roots)));
    }
  });

  it("takes the known examples: 4097 sectors are billed as 4608, and spread over at most four heights", () => {
    expect(paddedSectors(4097 * 256)).to.equal(4608);
    for (let rows = 1; rows <= 512; rows++) {
      const heights = nodeHeights(rows * 262_144);
      expect(heights.length).to.be.at.most(4);
      expect(heights[0]! - heights.at(-1)!).to.be.lessThan(5);
      expect([...heights].sort((a, b) => b - a)).to.deep.equal(heights);
      expect(heights.reduce((sum, h) => sum + 2 ** h, 0)).to.be.at.most(rows * 1024 * 1.125);
    }
    expect(refusal(() => nodeHeights(0))).to.equal("EmptyBlob");
  });

  it("gives the same for rows by their segment roots as for their bytes, padding rows included", () => {
    for (const rows of [1, 2, 3, 5, 17]) {
      const file = payloadOf(`rows ${rows}`, rows * 262_144);
      const byRoots = submissionOfRows(segmentRootsOf(cellRootsOf(file)));
      expect(byRoots, `${rows} rows`).to.deep.equal(submissionOfBytes(file));
    }
    expect(submissionOfRows(new Uint8Array(17 * 32)).sectors).to.equal(18 * 1024);
  });

  it("folds the file root from the right", () => {
    const { nodes } = submissionOfBytes(payloadOf("three", 7 * 256));
    const [a, b, c] = nodes.map((node) => fromHex(node.root));
    expect(fileRootOf(nodes)).to.equal(toHex(keccak(concat(a!, keccak(concat(b!, c!))))));
    expect(fileRootOf(nodes.slice(0, 1))).to.equal(nodes[0]!.root);
  });
});

describe("log", () => {
  it("has the root of the plain tree over all its sectors, gaps empty, leaf 0 zero", () => {
    const leaves: Uint8Array[] = [new Uint8Array(32)];
    const nodes: PlacedNode[] = [];
    let length = 1;
    for (const bytes of [300, 5000, 1, 9000, 262_144, 20_000, 257]) {
      const file = payloadOf(`log ${bytes}`, bytes);
      const submission = submissionOfBytes(file);
      const next = placeFile(length, submission.nodes);
      for (const node of next.placed) expect(node.start % 2 ** node.height).to.equal(0);
      while (leaves.length < next.placed[0]!.start) leaves.push(empty);
      leaves.push(...naiveSubmission(file).leaves);
      expect(leaves.length).to.equal(next.length);
      nodes.push(...next.placed);
      length = next.length;
      expect(flowRoot(nodes, length), `after ${bytes} bytes`).to.equal(toHex(naiveRoot(leaves, empty)));
    }
  });

  it("never lets a file reach over the end of a segment that it does not start at", () => {
    const files = [300, 5000, 100_000, 262_144, 400_000].map(
      (bytes) => [bytes, submissionOfBytes(new Uint8Array(bytes)).nodes] as const,
    );
    for (let at = 1; at < 3000; at += 41) {
      for (const [bytes, nodes] of files) {
        const { placed, length } = placeFile(at, nodes);
        const start = placed[0]!.start;
        const inOne = Math.floor(start / 1024) === Math.floor((length - 1) / 1024);
        expect(inOne || start % 1024 === 0, `${bytes} at ${at}`).to.equal(true);
      }
    }
  });
});
