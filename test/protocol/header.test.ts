import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { type BlobHeader, blobKeyOf, checkHeader, decodeHeader, encodeHeader } from "../../protocol/header.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import { requestOf } from "../../protocol/requestId.ts";
import { refusal } from "./refusal.ts";

const header: BlobHeader = {
  version: 1,
  dataRoot: `0x${"d7".repeat(32)}`,
  commitment: `0x8a${"03".repeat(47)}`,
  length: 300_000,
  rows: 3,
  account: `0x${"ac".repeat(20)}`,
  salt: `0x${"5a".repeat(32)}`,
};

describe("header", () => {
  it("is abi.encode of its eight words", () => {
    const { version, dataRoot, commitment, length, rows, account, salt } = header;
    const encoded = AbiCoder.defaultAbiCoder().encode(
      ["uint16", "bytes32", "bytes32", "bytes16", "uint32", "uint16", "address", "bytes32"],
      [version, dataRoot, commitment.slice(0, 66), `0x${commitment.slice(66)}`, length, rows, account, salt],
    );
    expect(toHex(encodeHeader(header))).to.equal(encoded);
    expect(blobKeyOf(header)).to.equal(keccak256(encoded));
    expect(decodeHeader(encodeHeader(header))).to.deep.equal(header);
  });

  it("A12: another header, another key, whichever field differs", () => {
    const others: Partial<BlobHeader>[] = [
      { version: 2 },
      { dataRoot: `0x${"d8".repeat(32)}` },
      { commitment: `0x8a${"04".repeat(47)}` },
      { length: 300_001 },
      { rows: 4 },
      { account: `0x${"ad".repeat(20)}` },
      { salt: `0x${"5b".repeat(32)}` },
    ];
    const keys = new Set([header, ...others.map((other) => ({ ...header, ...other }))].map(blobKeyOf));
    expect(keys.size).to.equal(1 + others.length);
  });

  it("has one spelling: dirty padding is refused wherever it is", () => {
    const encoded = encodeHeader(header);
    for (let at = 0; at < encoded.length; at++) {
      const dirty = encoded.slice();
      dirty[at] = (dirty[at] as number) ^ 1;
      let decoded: BlobHeader;
      try {
        decoded = decodeHeader(dirty);
      } catch {
        continue;
      }
      expect(blobKeyOf(decoded), `byte ${at}`).to.not.equal(blobKeyOf(header));
    }
    const dirty = encoded.slice();
    dirty[0] = 1;
    expect(refusal(() => decodeHeader(dirty))).to.equal("BadHeader");
    expect(refusal(() => decodeHeader(encoded.slice(1)))).to.equal("LengthMismatch");
  });

  it("A7: the row count follows from the length and nothing else", () => {
    expect(() => checkHeader(header)).to.not.throw();
    expect(refusal(() => checkHeader({ ...header, rows: 4 }))).to.equal("BadHeader");
    expect(refusal(() => checkHeader({ ...header, length: 126_972 }))).to.equal("BadHeader");
    expect(refusal(() => checkHeader({ ...header, length: 0, rows: 1 }))).to.equal("BadHeader");
    expect(refusal(() => checkHeader({ ...header, length: MAX_BLOB_BYTES + 1, rows: 257 }))).to.equal("BadHeader");
    expect(refusal(() => checkHeader({ ...header, version: 2 }))).to.equal("BadVersion");
  });

  it("A6: a commitment is compressed, finite, and its x smaller than p", () => {
    const p = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    const bad: Hex[] = [
      `0x0a${"03".repeat(47)}`,
      `0xc0${"00".repeat(47)}`,
      `0xe0${"00".repeat(47)}`,
      `0x9${p.slice(1)}`,
      `0x9f${"ff".repeat(47)}`,
    ];
    for (const commitment of bad) {
      expect(
        refusal(() => checkHeader({ ...header, commitment })),
        commitment,
      ).to.equal("BadPoint");
    }
    expect(refusal(() => checkHeader({ ...header, commitment: "0x00" }))).to.equal("MalformedHex");
  });

  it("gives a repeated request the same id and any other another one", () => {
    const { account, salt } = header;
    const payload = new Uint8Array([1, 2, 3]);
    const { requestId } = requestOf(payload, account, salt);
    expect(requestOf(payload.slice(), account, salt).requestId).to.equal(requestId);
    expect(requestOf(new Uint8Array([1, 2, 4]), account, salt).requestId).to.not.equal(requestId);
    expect(requestOf(payload, `0x${"ad".repeat(20)}`, salt).requestId).to.not.equal(requestId);
    expect(requestOf(payload, account, `0x${"00".repeat(32)}`).requestId).to.not.equal(requestId);
  });
});
