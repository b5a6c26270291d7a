import { expect } from "chai";
import { verifiedCells } from "../../../../protocol/column.ts";
import { concat } from "../../../../protocol/hex.ts";
import { cellPath, cellRootsOf, segmentRootsOf } from "../../../../protocol/tree.ts";
import { ROW_TREE_BYTES, rowTreeOf, writePath } from "../../../../workers/storage/batches/row-tree.ts";
import { refusal } from "../../../protocol/refusal.ts";
import { payloadOf } from "../../../protocol/sample.ts";

describe("the stored hashes of a row", () => {
  const row = payloadOf("row", 262_144);
  const roots = cellRootsOf(row);
  const tree = rowTreeOf(roots);
  const cellOf = (column: number) => row.subarray(column * 2048, (column + 1) * 2048);

  const pathIn = (column: number) => writePath(tree, column, new Uint8Array(224));

  it("end in the segment root", () => {
    expect(tree).to.have.length(ROW_TREE_BYTES);
    expect(tree.slice(-32)).to.deep.equal(segmentRootsOf(roots));
  });

  it("hold the path of every column, as the protocol computes it", () => {
    for (let column = 0; column < 128; column++) {
      expect(pathIn(column), `column ${column}`).to.deep.equal(cellPath(roots, column));
      const frame = concat(cellOf(column), pathIn(column));
      expect(verifiedCells(column, frame, segmentRootsOf(roots))).to.deep.equal(cellOf(column));
    }
  });

  it("A1: do not lead there from another column or another cell", () => {
    const root = segmentRootsOf(roots);
    expect(refusal(() => verifiedCells(4, concat(cellOf(5), pathIn(5)), root))).to.equal("CellPathMismatch");
    expect(refusal(() => verifiedCells(5, concat(cellOf(4), pathIn(5)), root))).to.equal("CellPathMismatch");
  });
});
