import { expect } from "chai";
import { cellPath, cellRootsOf, segmentRootsOf } from "../../../protocol/tree.ts";
import { leadsTo, pathIn, ROW_TREE_BYTES, rowTreeOf } from "../../../workers/storage/row-tree.ts";
import { payloadOf } from "../../protocol/sample.ts";

describe("the stored hashes of a row", () => {
  const row = payloadOf("row", 262_144);
  const roots = cellRootsOf(row);
  const tree = rowTreeOf(roots);
  const cellOf = (column: number) => row.subarray(column * 2048, (column + 1) * 2048);

  it("end in the segment root", () => {
    expect(tree).to.have.length(ROW_TREE_BYTES);
    expect(tree.slice(-32)).to.deep.equal(segmentRootsOf(roots));
  });

  it("hold the path of every column, as the protocol computes it", () => {
    for (let column = 0; column < 128; column++) {
      expect(pathIn(tree, column), `column ${column}`).to.deep.equal(cellPath(roots, column));
      expect(leadsTo(cellOf(column), column, pathIn(tree, column), segmentRootsOf(roots))).to.equal(true);
    }
  });

  it("A1: do not lead there from another column, another cell, or a shortened one", () => {
    const root = segmentRootsOf(roots);
    expect(leadsTo(cellOf(5), 4, pathIn(tree, 5), root)).to.equal(false);
    expect(leadsTo(cellOf(4), 5, pathIn(tree, 5), root)).to.equal(false);
    expect(leadsTo(cellOf(5).subarray(256), 5, pathIn(tree, 5), root)).to.equal(false);
  });
});
