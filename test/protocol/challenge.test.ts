import { expect } from "chai";
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import {
  batchCoefficients,
  blobCoefficients,
  DST_BLOB,
  DST_ROW,
  hashToField,
  rowCoefficients,
} from "../../protocol/challenge.ts";
import type { Hex } from "../../protocol/hex.ts";
import { FIELD_ORDER } from "../../protocol/params.ts";

const root: Hex = `0x${"d7".repeat(32)}`;

/** The definition, by another library. */
function naive(label: string, of: Hex, count: number, index: number): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["bytes32", "bytes32", "uint256", "uint256"],
    [keccak256(toUtf8Bytes(label)), of, count, index],
  );
  const half = (tag: string) => keccak256(`0x${tag}${encoded.slice(2)}`).slice(2);
  return BigInt(`0x${half("00")}${half("01")}`) % FIELD_ORDER;
}

describe("challenge", () => {
  it("is 512 bits of keccak over abi.encode, reduced", () => {
    for (const [count, index] of [
      [2, 1],
      [256, 255],
    ] as const) {
      expect(hashToField(DST_ROW, root, count, index)).to.equal(naive("0G-DA/row/v1", root, count, index));
      expect(hashToField(DST_BLOB, root, count, index)).to.equal(naive("0G-DA/blob/v1", root, count, index));
    }
  });

  it("starts with 1, so that one row's commitment is the EIP-4844 commitment", () => {
    expect(rowCoefficients(root, 1)).to.deep.equal([1n]);
    expect(blobCoefficients(root, 3)[0]).to.equal(1n);
  });

  it("A8: changes with every input: tag, root, count, index", () => {
    const values = [
      hashToField(DST_ROW, root, 5, 1),
      hashToField(DST_BLOB, root, 5, 1),
      hashToField(DST_ROW, `0x${"d8".repeat(32)}`, 5, 1),
      hashToField(DST_ROW, root, 6, 1),
      hashToField(DST_ROW, root, 5, 2),
    ];
    expect(new Set(values).size).to.equal(values.length);
  });

  it("is from the whole field, not from 128 bits of it", () => {
    const values = rowCoefficients(root, 256).slice(1);
    const top = values.filter((value) => value >> 250n !== 0n).length;
    // 29/30 of the field lies above 2^250.
    expect(top).to.be.greaterThan(200);
    expect(values.every((value) => value < FIELD_ORDER)).to.equal(true);
  });

  it("multiplies row and blob coefficients for the batch", () => {
    const headers = [2, 3].map((rows, i) => ({
      version: 1,
      dataRoot: `0x${String(i + 1).repeat(64)}` as Hex,
      commitment: `0x8a${"03".repeat(47)}` as Hex,
      length: 1,
      rows,
      account: `0x${"ac".repeat(20)}` as Hex,
      salt: root,
    }));
    const sigma = blobCoefficients(root, 2);
    const expected = headers.flatMap((header, b) =>
      rowCoefficients(header.dataRoot, header.rows).map((rho) => (rho * sigma[b]!) % FIELD_ORDER),
    );
    expect(batchCoefficients(headers, root)).to.deep.equal(expected);
    expect(expected[0]).to.equal(1n);
    expect(expected[2]).to.equal(sigma[1]);
  });
});
