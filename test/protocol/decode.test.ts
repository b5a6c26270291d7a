import { expect } from "chai";
import fc from "fast-check";
import { rowDecoder } from "../../protocol/decode.ts";
import { concat, equalBytes } from "../../protocol/hex.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { chunks } from "./naive.ts";
import { sharedKzg } from "./pool.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const ALL = Array.from({ length: 128 }, (_, j) => j);

describe("decode", function () {
  this.timeout(60_000);
  const rows = payloadOf("rows to lose", 2 * ROW_BYTES).map((byte, i) => (i % 32 === 0 ? 0 : byte));
  let cells: Uint8Array[];

  before(() => {
    const extended = chunks(sharedKzg().extend(rows), 128 * 2048).map((row) => chunks(row, 2048));
    cells = ALL.map((j) => concat(extended[0]![j]!, extended[1]![j]!));
  });

  const decode = (columns: readonly number[]) => {
    const decoder = rowDecoder(columns);
    return decoder.decode(
      decoder.columns.map((j) => cells[j]!),
      2,
    );
  };

  it("gives the rows back from the redundancy alone, from every other column, and from the data by copying", () => {
    for (const columns of [ALL.slice(64), ALL.filter((j) => j % 2 === 1), ALL.slice(0, 64), ALL.slice(32, 96)]) {
      expect(equalBytes(decode(columns), rows), `columns ${columns[0]}…`).to.equal(true);
    }
  });

  it("gives them back from any 64 columns, in any order", () => {
    const property = fc.property(fc.shuffledSubarray(ALL, { minLength: 64, maxLength: 64 }), (columns) =>
      equalBytes(decode(columns), rows),
    );
    fc.assert(property, { numRuns: 8 });
  });

  it("A19: whichever columns are withheld: up to 64 of them the rows come back, from 65 on nothing does", () => {
    // 37 is coprime to 128: the columns in an order in which each prefix is spread over data and redundancy.
    const order = ALL.map((j) => (j * 37) % 128);
    // Every number of columns in the long form; around the threshold, and every eighth, always.
    const counts = Array.from({ length: 129 }, (_, withheld) => withheld).filter(
      (withheld) => process.env.TEST_FULL === "1" || withheld % 8 === 0 || withheld > 60,
    );
    for (const withheld of counts) {
      const left = order.slice(withheld);
      if (withheld > 64)
        expect(
          refusal(() => decode(left)),
          `${withheld} withheld`,
        ).to.equal("TooFewCells");
      else expect(equalBytes(decode(left.slice(0, 64)), rows), `${withheld}`).to.equal(true);
    }
  });

  it("gives back constants and the zero row", () => {
    const zero = new Uint8Array(2048);
    const decoder = rowDecoder(ALL.slice(64));
    const decoded = decoder.decode(
      decoder.columns.map(() => zero),
      1,
    );
    expect(decoded.every((byte) => byte === 0)).to.equal(true);
    const one = zero.map((_, i) => (i % 32 === 31 ? 1 : 0));
    const ones = decoder.decode(
      decoder.columns.map(() => one),
      1,
    );
    expect(ones.every((byte, i) => byte === (i % 32 === 31 ? 1 : 0))).to.equal(true);
  });

  it("wants exactly 64 different columns: 63, a repeated one, or one that does not exist are refused", () => {
    expect(refusal(() => rowDecoder(ALL.slice(0, 63)))).to.equal("TooFewCells");
    expect(refusal(() => rowDecoder([...ALL.slice(0, 63), 0]))).to.equal("TooFewCells");
    expect(refusal(() => rowDecoder([...ALL.slice(0, 63), 128]))).to.equal("TooFewCells");
    expect(refusal(() => rowDecoder([...ALL.slice(0, 63), 64.5]))).to.equal("TooFewCells");
    expect(refusal(() => rowDecoder(ALL.slice(0, 64)).decode([new Uint8Array(2047)], 1))).to.equal("LengthMismatch");
  });

  it("reconstructs another row from a corrupt cell, which is why the result is encoded again", () => {
    const decoder = rowDecoder(ALL.slice(64));
    const corrupt = decoder.columns.map((j) => cells[j]!.slice());
    corrupt[5]![100]! ^= 1;
    expect(equalBytes(decoder.decode(corrupt, 2), rows)).to.equal(false);
  });
});
