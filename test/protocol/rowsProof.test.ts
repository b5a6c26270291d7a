import { expect } from "chai";
import { submissionOfRows } from "../../protocol/flow.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { EXTENDED_ROW_BYTES } from "../../protocol/params.ts";
import { checkRowsCell, checkRowsSector, proveRowsCell, proveRowsSector } from "../../protocol/rowsProof.ts";
import { cellRootsOf, segmentRootsOf } from "../../protocol/tree.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

describe("proofs under rowsRoot", () => {
  const extended = payloadOf("extended row", EXTENDED_ROW_BYTES);
  const cellRoots = cellRootsOf(extended);
  const own = segmentRootsOf(cellRoots);
  const cell = (column: number) => cellRoots.slice(column * 32, column * 32 + 32);
  const batch = (rowCount: number, row: number) => {
    const segmentRoots = payloadOf(`rows ${rowCount}`, rowCount * 32);
    segmentRoots.set(own, row * 32);
    return { segmentRoots, facts: { rowsRoot: submissionOfRows(segmentRoots).identity, rowCount } };
  };

  it("prove every row of every batch up to 40 rows, and of the largest", () => {
    for (const rowCount of [...Array.from({ length: 40 }, (_, i) => i + 1), 511, 512]) {
      for (let row = 0; row < rowCount; row += rowCount > 40 ? 101 : 1) {
        const { segmentRoots, facts } = batch(rowCount, row);
        const column = (row * 37 + rowCount) % 128;
        checkRowsCell(cell(column), row, column, facts, proveRowsCell(cellRoots, segmentRoots, row, column));
      }
    }
  });

  it("prove a sector as well as a cell", () => {
    const { segmentRoots, facts } = batch(67, 66);
    for (const sector of [0, 511, 512, 1023]) {
      const hash = keccak(extended.subarray(sector * 256, sector * 256 + 256));
      const proof = proveRowsSector(extended, segmentRoots, 66, sector);
      checkRowsSector(hash, 66, sector, facts, proof);
      expect(refusal(() => checkRowsSector(hash, 66, sector ^ 1, facts, proof))).to.equal("BadProof");
    }
  });

  it("are bound to their place, and to every bit (A1, A2)", () => {
    const { segmentRoots, facts } = batch(13, 9);
    const proof = proveRowsCell(cellRoots, segmentRoots, 9, 77);
    const flip = (hash: Hex): Hex => {
      const bytes = fromHex(hash);
      bytes[31] = (bytes[31] as number) ^ 1;
      return toHex(bytes);
    };
    const check = (row: number, column: number, given = proof) =>
      refusal(() => checkRowsCell(cell(77), row, column, facts, given));
    expect(check(8, 77)).to.equal("BadProof");
    expect(check(9, 78)).to.equal("BadProof");
    expect(check(0, 77)).to.equal("LengthMismatch");
    expect(check(13, 77)).to.equal("BadRequest");
    expect(check(9, 128)).to.equal("BadRequest");
    for (const i of proof.path.keys()) {
      expect(check(9, 77, { ...proof, path: proof.path.map((hash, j) => (i === j ? flip(hash) : hash)) })).to.equal(
        "BadProof",
      );
    }
    expect(check(9, 77, { ...proof, nodes: proof.nodes.map(flip) })).to.equal("RowsRootMismatch");
    expect(check(9, 77, { ...proof, path: proof.path.slice(1) })).to.equal("LengthMismatch");
    expect(check(9, 77, { nodes: [], path: [] })).to.equal("RowsRootMismatch");
  });
});
