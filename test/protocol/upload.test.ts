import { expect } from "chai";
import { concat, equalBytes } from "../../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, HASH_BYTES, ROW_BYTES, UPLOAD_ROW_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, paddedRoot, segmentRootsOf } from "../../protocol/tree.ts";
import { decodeUpload, encodeUpload, firstStrayRow, redundancyRootsOf } from "../../protocol/upload.ts";

/** Two rows of any bytes: the gate is about hashes alone. */
const extended = Uint8Array.from(
  { length: 2 * COLUMNS * CELL_BYTES },
  (_, i) => (i * 31 + (i >> 9) + (i >> 18) * 7) & 0xff,
);
const cellRoots = cellRootsOf(extended);
const segmentRoots = segmentRootsOf(cellRoots);
const redundancyRoots = redundancyRootsOf(cellRoots);
const rows = concat(extended.slice(0, ROW_BYTES), extended.slice(2 * ROW_BYTES, 3 * ROW_BYTES));

describe("rows as they are uploaded", () => {
  it("a redundancy root is the root over cells 64 to 127 of its row", () => {
    for (const row of [0, 1]) {
      const half = cellRoots.slice((row * COLUMNS + 64) * HASH_BYTES, (row + 1) * COLUMNS * HASH_BYTES);
      const own = redundancyRoots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
      expect(equalBytes(own, paddedRoot(half, 3))).to.equal(true);
    }
  });

  it("lets recorded rows pass, and names the first that is another: by its bytes, its root or its place", () => {
    expect(firstStrayRow(rows, redundancyRoots, segmentRoots)).to.equal(-1);
    const flip = (bytes: Uint8Array, at: number): Uint8Array => {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ 1;
      return copy;
    };
    expect(firstStrayRow(flip(rows, 2 * ROW_BYTES - 1), redundancyRoots, segmentRoots)).to.equal(1);
    expect(firstStrayRow(flip(rows, 0), redundancyRoots, segmentRoots)).to.equal(0);
    expect(firstStrayRow(rows, flip(redundancyRoots, 63), segmentRoots)).to.equal(1);
    expect(firstStrayRow(rows.slice(ROW_BYTES), redundancyRoots.slice(32), segmentRoots.slice(0, 32))).to.equal(0);
    expect(() => firstStrayRow(rows, redundancyRoots.slice(32), segmentRoots)).to.throw("LengthMismatch");
  });

  it("travel with their roots behind them, whole or not at all", () => {
    const body = encodeUpload({ rows, redundancyRoots });
    expect(body).to.have.length(2 * UPLOAD_ROW_BYTES);
    expect(decodeUpload(body)).to.deep.equal({ rows, redundancyRoots });
    for (const length of [0, ROW_BYTES, UPLOAD_ROW_BYTES - 1]) {
      expect(() => decodeUpload(new Uint8Array(length))).to.throw("LengthMismatch");
    }
  });
});
