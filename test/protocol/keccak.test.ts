import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";
import fc from "fast-check";
import { concat, equalBytes, toHex } from "../../protocol/hex.ts";
import { keccak, keccakEach, keccakStream, keccakText } from "../../protocol/keccak.ts";
import { chunks } from "./naive.ts";
import { payloadOf } from "./sample.ts";

describe("keccak", () => {
  it("is Ethereum's, not SHA3's", () => {
    expect(toHex(keccakText(""))).to.equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  });

  it("agrees with another implementation on any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => equalBytes(keccak(bytes), keccak_256(bytes))));
  });

  it("hashes streams that take turns as if each were alone", () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
      const [one, two] = [keccakStream(), keccakStream()];
      for (const piece of pieces) {
        one.update(piece);
        two.update(keccak(piece));
      }
      const other = concat(...pieces.map(keccak));
      return equalBytes(one.digest(), keccak(concat(...pieces))) && equalBytes(two.digest(), keccak(other));
    });
    fc.assert(property, { numRuns: 50 });
  });

  it("hashes two at a time what it hashes one at a time: any number, every length in use and those around the rate", () => {
    for (const size of [8, 32, 64, 120, 128, 136, 144, 256, 272, 2048]) {
      for (const count of [0, 1, 2, 3, 7]) {
        const data = payloadOf(`${count} of ${size}`, count * size);
        const expected = concat(...chunks(data, size).map((message) => keccak_256(message)));
        expect(equalBytes(keccakEach(data, size), expected), `${count} × ${size} bytes`).to.equal(true);
      }
    }
  });

  it("hashes more than fits its memory at once, at any alignment", () => {
    const data = payloadOf("three megabytes", 3_000_064 + 1).subarray(1);
    for (const size of [64, 256]) {
      const own = data.subarray(0, data.length - (data.length % size));
      const expected = chunks(own, size).map((message) => keccak(message));
      expect(equalBytes(keccakEach(own, size), Buffer.concat(expected)), `${size} bytes`).to.equal(true);
    }
  });
});
