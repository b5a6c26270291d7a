import { expect } from "chai";
import { solidityPackedKeccak256 } from "ethers";
import fc from "fast-check";
import { drawColumns, frameRow, parseFrame, verifiedCells } from "../../protocol/column.ts";
import { concat, equalBytes, toHex } from "../../protocol/hex.ts";
import { FRAME_ROW_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, segmentRootsOf } from "../../protocol/tree.ts";
import { chunks } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const extended = payloadOf("two rows", 2 * 262_144);
const cellRoots = cellRootsOf(extended);
const segmentRoots = segmentRootsOf(cellRoots);

function frame(column: number): Uint8Array {
  const rows = chunks(extended, 262_144);
  const roots = chunks(cellRoots, 4096);
  return concat(...rows.map((row, i) => frameRow(row, roots[i]!, column)));
}

describe("column frame", () => {
  it("carries a cell and its path for each row, and gives the cells back only if all paths hold", () => {
    for (const column of [0, 63, 64, 127]) {
      const own = frame(column);
      expect(own.length).to.equal(2 * FRAME_ROW_BYTES);
      const cells = verifiedCells(column, own, segmentRoots);
      const at = column * 2048;
      const expected = concat(extended.slice(at, at + 2048), extended.slice(262_144 + at, 262_144 + at + 2048));
      expect(equalBytes(cells, expected)).to.equal(true);
    }
  });

  it("A9: refuses any flipped bit, of a cell or of a path", () => {
    const own = frame(77);
    const property = fc.property(fc.nat(own.length - 1), fc.nat(7), (at, bit) => {
      const flipped = own.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << bit);
      return refusal(() => verifiedCells(77, flipped, segmentRoots)) === "CellPathMismatch";
    });
    fc.assert(property);
  });

  it("refuses another column's frame, swapped rows and a swapped cell", () => {
    const own = frame(5);
    const [first, second] = parseFrame(own, 2);
    const swapped = concat(second!.cell, second!.path, first!.cell, first!.path);
    const crossed = concat(second!.cell, first!.path, first!.cell, second!.path);
    for (const bytes of [frame(6), frame(4), swapped, crossed]) {
      expect(refusal(() => verifiedCells(5, bytes, segmentRoots))).to.equal("CellPathMismatch");
    }
  });

  it("A47: refuses short and long answers, and columns that do not exist, before it hashes anything", () => {
    const own = frame(5);
    for (const bytes of [new Uint8Array(0), own.slice(1), own.slice(FRAME_ROW_BYTES), concat(own, own)]) {
      expect(refusal(() => verifiedCells(5, bytes, segmentRoots))).to.equal("LengthMismatch");
    }
    for (const column of [-1, 128, 0.5]) {
      expect(refusal(() => verifiedCells(column, own, segmentRoots))).to.equal("BadRequest");
    }
  });
});

describe("drawn columns", () => {
  const signature = toHex(payloadOf("signature", 256));

  it("are the first distinct of keccak(signature ‖ i) mod 128", () => {
    const expected: number[] = [];
    for (let i = 0; expected.length < 16; i++) {
      const column = Number(BigInt(solidityPackedKeccak256(["bytes", "uint256"], [signature, i])) % 128n);
      if (!expected.includes(column)) expected.push(column);
    }
    expect(drawColumns(signature, 16)).to.deep.equal(expected);
  });

  it("are distinct, in range and as many as asked for, up to all", () => {
    for (const samples of [0, 1, 52, 64, 128]) {
      const columns = drawColumns(signature, samples);
      expect(new Set(columns).size).to.equal(samples);
      expect(columns.every((column) => column >= 0 && column < 128)).to.equal(true);
    }
    expect(refusal(() => drawColumns(signature, 129))).to.equal("BadRequest");
    expect(refusal(() => drawColumns(signature, -1))).to.equal("BadRequest");
  });

  it("differ with any bit of the signature", () => {
    const other = payloadOf("signature", 256);
    other[255] = (other[255] as number) ^ 1;
    expect(drawColumns(other, 16)).to.not.deep.equal(drawColumns(signature, 16));
  });
});
