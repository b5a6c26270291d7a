import { expect } from "chai";
import { concat, equalBytes, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import {
  cellPath,
  cellRootsOf,
  cellToDataRoot,
  dataRootOf,
  rootFromPath,
  rootsFromPaths,
  sectorToDataRoot,
  segmentRootsOf,
  ZERO_HASHES,
} from "../../protocol/tree.ts";
import { chunks, naivePath, naiveRoot } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const ROWS = 3;
const extended = payloadOf("three segments", ROWS * 262_144);
const sectors = chunks(extended, 256).map(keccak);
const empty = keccak(new Uint8Array(256));

describe("tree", () => {
  const cellRoots = cellRootsOf(extended);
  const segmentRoots = segmentRootsOf(cellRoots);
  const dataRoot = dataRootOf(segmentRoots);

  it("starts from 0G's empty sector", () => {
    expect(toHex(ZERO_HASHES[0]!)).to.equal("0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5");
    for (const level of [1, 2, 10]) {
      const root = naiveRoot(new Array(2 ** level).fill(empty), empty);
      expect(equalBytes(ZERO_HASHES[level]!, root), `level ${level}`).to.equal(true);
    }
  });

  it("is the plain sector tree at every level that has a name", () => {
    expect(equalBytes(cellRoots.subarray(0, 32), naiveRoot(sectors.slice(0, 8), empty))).to.equal(true);
    expect(equalBytes(segmentRoots.subarray(32, 64), naiveRoot(sectors.slice(1024, 2048), empty))).to.equal(true);
    expect(equalBytes(dataRoot, naiveRoot(sectors, empty))).to.equal(true);
  });

  it("has one dataRoot for several row counts when rows are zero, which is why the count is bound elsewhere", () => {
    const zero = ZERO_HASHES[10]!;
    const two = dataRootOf(concat(zero, zero));
    expect(equalBytes(dataRootOf(concat(segmentRoots, zero)), dataRoot)).to.equal(true);
    expect(equalBytes(two, ZERO_HASHES[11]!)).to.equal(true);
  });

  it("proves every cell and sector at its own index only", () => {
    for (const [row, column] of [
      [0, 0],
      [1, 64],
      [2, 127],
    ] as const) {
      const roots = cellRoots.subarray(row * 4096, (row + 1) * 4096);
      const leaf = roots.subarray(column * 32, (column + 1) * 32);
      const path = cellToDataRoot(roots, segmentRoots, row, column);
      expect(
        equalBytes(path.subarray(0, 224), concat(...naivePath(chunks(roots, 32), ZERO_HASHES[3]!, column))),
      ).to.equal(true);
      const index = row * 128 + column;
      expect(equalBytes(rootFromPath(leaf, index, path, 9), dataRoot)).to.equal(true);
      for (const other of [index ^ 1, index ^ 128, index ^ 64]) {
        expect(equalBytes(rootFromPath(leaf, other, path, 9), dataRoot), `as ${other}`).to.equal(false);
      }
    }
    for (const index of [0, 1023, 1024 + 511, 3 * 1024 - 1]) {
      const row = Math.floor(index / 1024);
      const own = extended.slice(row * 262_144, (row + 1) * 262_144);
      const path = sectorToDataRoot(own, segmentRoots, index);
      expect(equalBytes(path, concat(...naivePath(sectors, empty, index))), `sector ${index}`).to.equal(true);
      expect(equalBytes(rootFromPath(sectors[index]!, index, path, 12), dataRoot)).to.equal(true);
    }
  });

  it("follows the paths of many trees at once to where each leads alone", () => {
    for (const column of [0, 5, 64, 127]) {
      const rows = Array.from({ length: ROWS }, (_, row) => cellRoots.slice(row * 4096, (row + 1) * 4096));
      const leaves = rows.map((roots) => roots.slice(column * 32, (column + 1) * 32));
      const paths = rows.map((roots) => cellPath(roots, column));
      expect(equalBytes(rootsFromPaths(concat(...leaves), column, concat(...paths), 7), segmentRoots)).to.equal(true);
      const other = leaves.map((leaf, row) => rootFromPath(leaf, column ^ 3, paths[row]!, 7));
      const otherRoots = rootsFromPaths(concat(...leaves), column ^ 3, concat(...paths), 7);
      expect(equalBytes(otherRoots, concat(...other))).to.equal(true);
    }
    const [leaf, path] = [cellRoots.slice(0, 32), cellPath(cellRoots, 0)];
    expect(refusal(() => rootsFromPaths(leaf, 0, concat(path, path), 7))).to.equal("LengthMismatch");
    expect(refusal(() => rootsFromPaths(leaf, 0, path.slice(32), 7))).to.equal("LengthMismatch");
    expect(refusal(() => rootsFromPaths(leaf, 128, path, 7))).to.equal("BadRequest");
  });

  it("A1, A4: follows no path of another depth, no index beyond it", () => {
    const path = cellPath(cellRoots, 5);
    const leaf = cellRoots.slice(5 * 32, 6 * 32);
    const node = keccak(concat(cellRoots.subarray(4 * 32, 5 * 32), leaf));
    expect(equalBytes(rootFromPath(node, 2, path.slice(32), 6), segmentRoots.subarray(0, 32))).to.equal(true);
    expect(refusal(() => rootFromPath(node, 2, path.slice(32), 7))).to.equal("LengthMismatch");
    expect(refusal(() => rootFromPath(leaf, 5, new Uint8Array(0), 7))).to.equal("LengthMismatch");
    expect(refusal(() => rootFromPath(leaf, 5, concat(path, new Uint8Array(32)), 7))).to.equal("LengthMismatch");
    expect(refusal(() => rootFromPath(leaf, 5 + 128, path, 7))).to.equal("BadRequest");
    expect(refusal(() => rootFromPath(leaf, -1, path, 7))).to.equal("BadRequest");
    expect(refusal(() => dataRootOf(new Uint8Array(0)))).to.equal("LengthMismatch");
  });

  it("changes its root with any bit of any sector", () => {
    for (const at of [0, 255, 262_143, 2 * 262_144]) {
      const flipped = extended.slice();
      flipped[at] = (flipped[at] as number) ^ 0x80;
      expect(equalBytes(dataRootOf(segmentRootsOf(cellRootsOf(flipped))), dataRoot), `byte ${at}`).to.equal(false);
    }
  });
});
