import { expect } from "chai";
import fc from "fast-check";
import { ZgError } from "../../protocol/errors.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { concat, equalBytes, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { decodeMetadata, encodeMetadata, type Metadata, metadataLength, rowOffsets } from "../../protocol/metadata.ts";
import { decodeStream, encodeStream, streamPayload, streamPayloadLength } from "../../protocol/stream.ts";
import { refusal } from "./refusal.ts";
import { payloadOf, SUBMITTER, saltOf } from "./sample.ts";

const metadata: Metadata = {
  submitter: SUBMITTER,
  attempt: 2,
  headers: [1, 2].map((rows, i) => ({
    version: 1,
    dataRoot: `0x${"d7".repeat(32)}` as Hex,
    commitment: `0x8a${"03".repeat(47)}` as Hex,
    length: rows * 126_976 - 4,
    rows,
    account: `0x${"ac".repeat(20)}` as Hex,
    salt: saltOf(`metadata ${i}`),
  })),
  segmentRoots: payloadOf("roots", 96),
  proofs: payloadOf("proofs", 6144),
};
const bytes = encodeMetadata(metadata);

function edited(at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

describe("metadata", () => {
  it("reads back what was written, and nothing else has the same bytes", () => {
    expect(bytes.length).to.equal(metadataLength(2, 3));
    const decoded = decodeMetadata(bytes);
    expect(decoded).to.deep.equal(metadata);
    expect(equalBytes(encodeMetadata(decoded), bytes)).to.equal(true);
    expect(rowOffsets(decoded.headers)).to.deep.equal([0, 1, 3]);
  });

  it("A47: refuses it by name when cut at any byte, or with a byte too many", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(
        refusal(() => decodeMetadata(bytes.subarray(0, length))),
        `${length} bytes`,
      ).to.equal("BadMetadata");
    }
    expect(refusal(() => decodeMetadata(concat(bytes, new Uint8Array(1))))).to.equal("BadMetadata");
  });

  it("A47: never fails without a name, whatever bytes come", () => {
    const start = fc.uint8Array({ maxLength: 700 });
    const tail = fc.constantFrom(new Uint8Array(0), bytes.subarray(38), bytes.subarray(6));
    const property = fc.property(start, tail, (head, rest) => {
      try {
        decodeMetadata(concat(bytes.subarray(0, 6), head, rest));
      } catch (error) {
        return error instanceof ZgError;
      }
      return true;
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("compares lengths before it allocates: counts that lie are refused", () => {
    expect(refusal(() => decodeMetadata(edited(30, 0xff)))).to.equal("BatchTooLarge");
    expect(refusal(() => decodeMetadata(edited(34, 0xff)))).to.equal("BatchTooLarge");
    expect(refusal(() => decodeMetadata(edited(33, 0)))).to.equal("BadMetadata");
    expect(refusal(() => decodeMetadata(new Uint8Array((1 << 20) + 1)))).to.equal("BatchTooLarge");
  });

  it("refuses another version, a header with dirty padding, one of another form, and rows that do not add up", () => {
    expect(refusal(() => decodeMetadata(edited(0, 0)))).to.equal("BadMetadata");
    expect(refusal(() => decodeMetadata(edited(5, 2)))).to.equal("BadVersion");
    expect(refusal(() => decodeMetadata(edited(38, 1)))).to.equal("BadHeader");
    expect(refusal(() => decodeMetadata(edited(38 + 31, 2)))).to.equal("BadVersion");
    expect(refusal(() => decodeMetadata(edited(38 + 191, 2)))).to.equal("BadHeader");
    expect(refusal(() => decodeMetadata(edited(38 + 64, 0x0a)))).to.equal("BadPoint");
    const short = { ...metadata, segmentRoots: metadata.segmentRoots.slice(32) };
    expect(refusal(() => decodeMetadata(encodeMetadata(short)))).to.equal("CountMismatch");
    expect(refusal(() => encodeMetadata({ ...metadata, proofs: new Uint8Array(48) }))).to.equal("BadMetadata");
  });

  it("refuses a blob that is in the batch twice", () => {
    const [first] = metadata.headers;
    const twice = encodeMetadata({ ...metadata, headers: [first!, first!], segmentRoots: payloadOf("roots", 64) });
    expect(refusal(() => decodeMetadata(twice))).to.equal("DuplicateBlob");
  });
});

describe("stream", () => {
  const streamId = saltOf("stream");
  const batchId = saltOf("batch");
  const keys = metadata.headers.map(blobKeyOf);
  const file = streamPayload(streamId, batchId, bytes, keys);

  it("writes the metadata under its batchId and a location under each blobKey", () => {
    const writes = decodeStream(streamId, file);
    expect(file.length).to.equal(streamPayloadLength(bytes.length, keys.length));
    expect(writes.map(({ key }) => toHex(key))).to.deep.equal([batchId, ...keys]);
    expect(equalBytes(writes[0]!.value, bytes)).to.equal(true);
    expect(toHex(writes[2]!.value)).to.equal(`${batchId}00000001`);
  });

  it("has 0G's layout, by hand", () => {
    const tiny = encodeStream(streamId, [{ key: fromHex("0xabcd"), value: fromHex("0x010203") }]);
    const stream = streamId.slice(2);
    const expected = `0x${"ff".repeat(8)}00000000${"00000001"}${stream}000002abcd${"0000000000000003"}01020300000000`;
    expect(toHex(tiny)).to.equal(expected);
  });

  it("refuses a file that is cut, longer, of another stream, or of another version", () => {
    for (let cut = 1; cut < file.length; cut += 97) {
      expect(refusal(() => decodeStream(streamId, file.subarray(0, file.length - cut)))).to.equal("BadMetadata");
    }
    expect(refusal(() => decodeStream(streamId, concat(file, new Uint8Array(1))))).to.equal("BadMetadata");
    expect(refusal(() => decodeStream(batchId, file))).to.equal("BadMetadata");
    const older = file.slice();
    older[0] = 0;
    expect(refusal(() => decodeStream(streamId, older))).to.equal("BadMetadata");
  });
});
