import { expect } from "chai";
import fc from "fast-check";
import { combination, firstNonCanonical } from "../../protocol/combine.ts";
import { bigToBytes, bytesToBig, concat } from "../../protocol/hex.ts";
import { FIELD_ORDER } from "../../protocol/params.ts";
import { chunks } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const MAX = 2n ** 256n - 1n;
const element = fc.oneof(fc.bigInt(0n, MAX), fc.constantFrom(0n, 1n, FIELD_ORDER - 1n, FIELD_ORDER, MAX));
const bytesOf = (values: readonly bigint[]) => concat(...values.map((value) => bigToBytes(value, 32)));

describe("combination", () => {
  it("is the sum of products mod r, element by element, canonical inputs or not", () => {
    const vectors = fc.array(fc.tuple(element, fc.array(element, { minLength: 4, maxLength: 4 })), { maxLength: 8 });
    fc.assert(
      fc.property(vectors, (terms) => {
        const sum = combination(4);
        for (const [coefficient, values] of terms) sum.add(coefficient % FIELD_ORDER, bytesOf(values));
        const result = chunks(sum.result(), 32).map(bytesToBig);
        for (let i = 0; i < 4; i++) {
          const expected = terms.reduce((all, [c, values]) => (all + (c % FIELD_ORDER) * values[i]!) % FIELD_ORDER, 0n);
          if (result[i] !== expected) return false;
        }
        return true;
      }),
    );
  });

  it("carries nothing from one element into the next, at the most rows a batch has and the largest values", () => {
    const sum = combination(3);
    const vector = bytesOf([MAX, 0n, MAX]);
    for (let row = 0; row < 1024; row++) sum.add(FIELD_ORDER - 1n, vector);
    const expected = (1024n * (FIELD_ORDER - 1n) * MAX) % FIELD_ORDER;
    expect(chunks(sum.result(), 32).map(bytesToBig)).to.deep.equal([expected, 0n, expected]);
  });

  it("combines whole rows, at any alignment of their bytes", () => {
    const bytes = payloadOf("unaligned row", 131_073);
    const [even, odd] = [combination(4096), combination(4096)];
    even.add(12345n, bytes.slice(1));
    odd.add(12345n, bytes.subarray(1));
    expect(Buffer.compare(even.result(), odd.result())).to.equal(0);
    const at = 4095 * 32;
    const last = (bytesToBig(bytes.slice(1 + at, 1 + at + 32)) * 12345n) % FIELD_ORDER;
    expect(bytesToBig(even.result().slice(at))).to.equal(last);
    expect(refusal(() => combination(4096).add(1n, bytes))).to.equal("LengthMismatch");
  });

  it("F7: finds the first element that is not smaller than r", () => {
    const good = [0n, FIELD_ORDER - 1n, 2n ** 248n];
    expect(firstNonCanonical(bytesOf(good))).to.equal(-1);
    for (const bad of [FIELD_ORDER, FIELD_ORDER + 1n, MAX, FIELD_ORDER + (1n << 128n)]) {
      expect(firstNonCanonical(bytesOf([...good, bad, bad]))).to.equal(3);
    }
    const property = fc.property(
      element,
      (value) => (firstNonCanonical(bigToBytes(value, 32)) === -1) === value < FIELD_ORDER,
    );
    fc.assert(property);
  });
});
