import { expect } from "chai";
import fc from "fast-check";
import { createBoard } from "../../../workers/retriever/board.ts";

const ALL = Array.from({ length: 128 }, (_, column) => column);

describe("the board of proved cells", () => {
  it("wants what is missing and nothing that a decodable row lacks", () => {
    const board = createBoard(3);
    expect(board.wanted(0)).to.deep.equal({ from: 0, to: 3 });
    board.add(0, { from: 0, to: 2 });
    expect(board.wanted(0)).to.deep.equal({ from: 2, to: 3 });
    for (let column = 1; column < 65; column++) board.add(column, { from: 1, to: 3 });
    expect(board.wanted(100)).to.deep.equal({ from: 0, to: 1 });
    expect(board.need()).to.equal(63);
  });

  it("counts a cell once", () => {
    const board = createBoard(1);
    for (let i = 0; i < 70; i++) board.add(5, { from: 0, to: 1 });
    expect(board.fewest()).to.equal(1);
  });

  it("says at 65 missing columns, and not at 64, that a row is lost", () => {
    const board = createBoard(2);
    board.add(0, { from: 0, to: 1 });
    expect(board.possible(ALL.slice(0, 64))).to.equal(true);
    // Row 1 has nothing yet, and column 0 is a hope for it only if somebody may still bring it.
    expect(board.possible(ALL.slice(1, 64))).to.equal(false);
  });

  it("needs nothing exactly when every row has 64 distinct columns", () => {
    const pieces = fc.array(
      fc.record({ column: fc.nat(127), from: fc.nat(3), length: fc.integer({ min: 1, max: 4 }) }),
      {
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(pieces, (added) => {
        const board = createBoard(4);
        const rows = Array.from({ length: 4 }, () => new Set<number>());
        for (const { column, from, length } of added) {
          const range = { from, to: Math.min(4, from + length) };
          board.add(column, range);
          for (let row = range.from; row < range.to; row++) rows[row]?.add(column);
        }
        const fewest = Math.min(...rows.map((row) => row.size));
        expect(board.fewest()).to.equal(fewest);
        expect(board.need()).to.equal(Math.max(0, 64 - fewest));
        const wants = ALL.some((column) => board.wanted(column) !== null);
        expect(wants).to.equal(fewest < 64);
      }),
      { numRuns: 50 },
    );
  });
});
