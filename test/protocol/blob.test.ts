import { expect } from "chai";
import fc from "fast-check";
import { createPacker, packBlob, packRows, rowsFor, unpackBlob, unpackRows } from "../../protocol/blob.ts";
import { firstNonCanonical } from "../../protocol/combine.ts";
import { concat, equalBytes } from "../../protocol/hex.ts";
import { MAX_BLOB_BYTES, PAYLOAD_PER_ROW, ROW_BYTES } from "../../protocol/params.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

/** payload ‖ zeros ‖ length, 31 bytes to an element: the definition, element by element. */
function naivePack(payload: Uint8Array): Uint8Array {
  const rows = Math.ceil((payload.length + 4) / (31 * 4096));
  const stream = Buffer.alloc(rows * 31 * 4096);
  stream.set(payload);
  stream.writeUInt32LE(payload.length, stream.length - 4);
  const out: Uint8Array[] = [];
  for (let i = 0; i < stream.length; i += 31) out.push(Uint8Array.of(0), stream.subarray(i, i + 31));
  return concat(...out);
}

describe("blob", () => {
  it("takes the fewest rows that hold payload and length", () => {
    for (const [length, rows] of [
      [1, 1],
      [PAYLOAD_PER_ROW - 4, 1],
      [PAYLOAD_PER_ROW - 3, 2],
      [2 * PAYLOAD_PER_ROW - 4, 2],
      [MAX_BLOB_BYTES, 256],
    ] as const) {
      expect(rowsFor(length), `${length} bytes`).to.equal(rows);
    }
    expect(MAX_BLOB_BYTES).to.equal(32_505_852);
  });

  it("refuses nothing, and more than 256 rows hold", () => {
    expect(refusal(() => packBlob(new Uint8Array(0)))).to.equal("EmptyBlob");
    expect(refusal(() => rowsFor(MAX_BLOB_BYTES + 1))).to.equal("BlobTooLarge");
    expect(refusal(() => unpackBlob(new Uint8Array(ROW_BYTES), PAYLOAD_PER_ROW))).to.equal("LengthMismatch");
  });

  it("packs as defined at every edge, into canonical elements", () => {
    for (const length of [1, 26, 27, 28, 30, 31, 32, PAYLOAD_PER_ROW - 4, PAYLOAD_PER_ROW - 3, PAYLOAD_PER_ROW]) {
      const payload = payloadOf("edge", length);
      const rows = packBlob(payload);
      expect(equalBytes(rows, naivePack(payload)), `${length} bytes`).to.equal(true);
      expect(firstNonCanonical(rows)).to.equal(-1);
    }
  });

  it("unpacks what it packed, whatever the payload", () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (payload) =>
      equalBytes(unpackBlob(packBlob(payload), payload.length), payload),
    );
    fc.assert(property, { numRuns: 200 });
  });

  it("packs a payload that comes in pieces as the whole, however it is cut", () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 50 }), (pieces) => {
      const payload = concat(...pieces);
      fc.pre(payload.length > 0);
      const packer = createPacker();
      const packed = pieces.map((piece) => packer.add(piece));
      return equalBytes(concat(...packed, packer.end()), packBlob(payload));
    });
    fc.assert(property, { numRuns: 200 });
    for (const length of [30, 31, 32, PAYLOAD_PER_ROW - 4, PAYLOAD_PER_ROW - 3, PAYLOAD_PER_ROW, 300_000]) {
      const payload = payloadOf("edge", length);
      const packer = createPacker();
      const whole = concat(packer.add(payload), packer.end());
      expect(equalBytes(whole, packBlob(payload)), `${length} bytes`).to.equal(true);
    }
    expect(refusal(() => createPacker().end())).to.equal("EmptyBlob");
  });

  it("packs and unpacks parts of a blob as the whole", () => {
    const length = 5 * PAYLOAD_PER_ROW - 7;
    const payload = payloadOf("parts", length);
    const rows = packBlob(payload);
    for (const [first, count] of [
      [0, 2],
      [2, 1],
      [3, 2],
    ] as const) {
      const own = rows.slice(first * ROW_BYTES, (first + count) * ROW_BYTES);
      const part = payload.slice(first * PAYLOAD_PER_ROW, (first + count) * PAYLOAD_PER_ROW);
      expect(equalBytes(unpackRows(own, first, length), part)).to.equal(true);
      expect(equalBytes(packRows(part, first, length), own)).to.equal(true);
    }
  });

  it("puts the length word in a row of its own when the payload fills all others", () => {
    const payload = payloadOf("full", PAYLOAD_PER_ROW);
    const rows = packBlob(payload);
    expect(rows.length).to.equal(2 * ROW_BYTES);
    expect(equalBytes(unpackBlob(rows, payload.length), payload)).to.equal(true);
  });
});
