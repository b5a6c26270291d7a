/** What strangers may send as a segment: each refused in 0G's shape, nothing stored, nothing lost. */
import { expect } from "chai";
import { openClient } from "../../../adapters/http-client.ts";
import { proofOf, shapeOf } from "../../../protocol/file.ts";
import { concat, type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak } from "../../../protocol/keccak.ts";
import { SECTOR_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import { ENTRANCE } from "../../protocol/sample.ts";
import { type FilesNode, openFilesNode, type TestFile, testFile, withProof } from "./files.ts";

type Sent = ReturnType<typeof withProof>;
interface Expected {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}
const invalid = (param: string, data?: string): Expected => ({
  code: -32602,
  message: `Invalid params: ${param}`,
  ...(data === undefined ? {} : { data }),
});

describe("segments that nobody should take", () => {
  const client = openClient();
  const [file, other, tiny] = [testFile(1_200_000, 1), testFile(1_200_000, 2), testFile(700, 3)];
  let node: FilesNode;
  let whole: FilesNode;
  before(async () => {
    node = await openFilesNode({ shard: { shardId: 1, numShard: 2 } });
    whole = await openFilesNode();
    for (const each of [node, whole]) await each.append([file, other, tiny]);
  });
  after(async () => {
    client.close();
    await Promise.all([node.close(), whole.close()]);
  });

  const call = async (url: string, method: string, params: unknown[]) => {
    const json = { jsonrpc: "2.0", id: 1, method, params };
    const answer = await client.request(url, { method: "POST", json, maxBytes: 100_000 });
    expect(answer.status).to.equal(200);
    return JSON.parse(Buffer.from(answer.body).toString()) as { result?: unknown; error?: Expected };
  };
  const segment = (index = 1, of: TestFile = file): Sent => withProof(of, index);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const flipped = (hash: Hex): Hex => `${hash.slice(0, -1)}${hash.endsWith("0") ? "1" : "0"}` as Hex;

  const cases: [what: string, sent: unknown, expected: Partial<Expected>][] = [
    ["bytes that are not the file's", { ...segment(), data: base64(other.segment(1)) }, invalid("proof")],
    ["the proof of another segment", { ...segment(), proof: segment(2).proof }, invalid("proof")],
    ["another place for the segment", { ...segment(), index: 3 }, invalid("proof")],
    [
      "a sibling that is not one",
      {
        ...segment(),
        proof: { ...segment().proof, lemma: segment().proof.lemma.map((h, i) => (i === 2 ? flipped(h) : h)) },
      },
      invalid("proof"),
    ],
    [
      "another root at the end of the proof",
      { ...segment(), proof: { ...segment().proof, lemma: [...segment().proof.lemma.slice(0, -1), other.root] } },
      invalid("proof"),
    ],
    [
      "a path turned around",
      { ...segment(), proof: { ...segment().proof, path: segment().proof.path.map((l) => !l) } },
      invalid("proof"),
    ],
    [
      "a proof cut short",
      { ...segment(), proof: { ...segment().proof, lemma: segment().proof.lemma.slice(0, 3) } },
      invalid("proof", "invalid proof"),
    ],
    ["an empty proof", { ...segment(), proof: { lemma: [], path: [] } }, invalid("proof", "invalid proof")],
    [
      "only the root as proof",
      { ...segment(), proof: { lemma: [file.root], path: [] } },
      invalid("proof", "invalid proof"),
    ],
    [
      "a proof longer than any file's",
      { ...segment(), proof: { ...segment().proof, lemma: Array(67).fill(file.root) } },
      invalid("segments.0.proof.lemma"),
    ],
    ["an index beyond the file", { ...segment(), index: 5 }, invalid("index", "index out of bound")],
    ["an index beyond all files", { ...segment(), index: 2 ** 52 }, invalid("index", "index out of bound")],
    ["an index that is none", { ...segment(), index: -1 }, invalid("segments.0.index")],
    ["an index in letters", { ...segment(), index: "1" }, invalid("segments.0.index")],
    ["no bytes", { ...segment(), data: "" }, { code: -32000, message: "data is empty" }],
    [
      "half a sector",
      { ...segment(), data: base64(file.segment(1).subarray(0, 128)) },
      { code: -32000, message: "invalid data length" },
    ],
    [
      "a sector too few",
      { ...segment(), data: base64(file.segment(1).subarray(SECTOR_BYTES)) },
      invalid("data", "invalid data length"),
    ],
    [
      "more than a segment",
      { ...segment(), data: base64(concat(file.segment(1), new Uint8Array(SECTOR_BYTES))) },
      invalid("segments.0.data", "over 262144 bytes"),
    ],
    [
      "the last one filled up to a whole segment",
      { ...segment(4), data: base64(concat(file.segment(4), new Uint8Array(SEGMENT_BYTES - file.segment(4).length))) },
      invalid("data", "invalid data length"),
    ],
    [
      "another size of the file",
      { ...segment(), fileSize: 1_200_001 },
      invalid("file_size", "segment file size not matched with tx file size"),
    ],
    [
      "a size of nothing",
      { ...segment(), fileSize: 0 },
      invalid("file_size", "segment file size not matched with tx file size"),
    ],
    [
      "a segment of another entry",
      segment(1, other),
      { code: -32603, message: "Internal error", data: "data root and tx seq not match" },
    ],
    [
      "base64 with a letter that is none",
      { ...segment(), data: `${segment().data.slice(0, -5)}*${segment().data.slice(-4)}` },
      invalid("data", "invalid base64"),
    ],
    ["base64 cut short", { ...segment(), data: segment().data.slice(0, -1) }, invalid("data", "invalid base64")],
    ["bytes as a list", { ...segment(), data: [1, 2, 3] }, invalid("segments.0.data", "expected base64")],
    [
      "a root without 0x",
      { ...segment(), root: file.root.slice(2) },
      invalid("segments.0.root", "expected 0x and 64 hex digits"),
    ],
    ["a root of 31 bytes", { ...segment(), root: file.root.slice(0, -2) }, invalid("segments.0.root")],
    ["a root that is no hex", { ...segment(), root: `0x${"zz".repeat(32)}` }, invalid("segments.0.root")],
    [
      "a hash of the proof that is none",
      { ...segment(), proof: { ...segment().proof, lemma: ["0x"] } },
      invalid("segments.0.proof.lemma.0"),
    ],
    [
      "a path of words",
      { ...segment(), proof: { ...segment().proof, path: ["left"] } },
      invalid("segments.0.proof.path.0"),
    ],
    ["no proof", { ...segment(), proof: undefined }, invalid("segments.0.proof")],
    ["nothing", {}, invalid("segments.0.root")],
    ["null", null, invalid("segments.0")],
  ];

  for (const [what, sent, expected] of cases) {
    it(`refuses ${what}`, async () => {
      const before = node.store.usage();
      const { error } = await call(node.url, "zgs_uploadSegmentsByTxSeq", [[sent], 0]);
      expect(error).to.include(expected);
      expect(node.store.usage()).to.deep.equal(before);
      expect(node.store.info(0)?.held).to.equal(0);
    });
  }

  it("refuses a segment of another shard, and takes those of its own", async () => {
    const start = node.store.entry(0)?.start ?? 0;
    const own = (start / 1024) % 2 === 1 ? 0 : 1;
    const foreign = await call(node.url, "zgs_uploadSegmentsByTxSeq", [[segment(own + 1)], 0]);
    expect(foreign.error).to.include(invalid("index"));
    expect(foreign.error?.data).to.include("another shard");
    expect((await call(node.url, "zgs_uploadSegmentsByTxSeq", [[segment(own), segment(own + 2)], 0])).result).to.equal(
      null,
    );
    expect(node.store.info(0)?.held).to.equal(2);
  });

  it("what comes before a bad segment of the same request is kept, what comes after it is not", async () => {
    const bad = { ...segment(2), data: base64(other.segment(2)) };
    const { error } = await call(whole.url, "zgs_uploadSegments", [[segment(1), bad, segment(3)]]);
    expect(error?.message).to.equal("Invalid params: proof");
    expect(whole.store.missing(0, 0, 10)).to.deep.equal([0, 2, 3, 4]);
  });

  it("refuses padding that is not empty, in a sibling that covers nothing else", async () => {
    // 33 segments of data in a file padded to 34: the last sibling stands for padding only.
    const long = testFile(33 * SEGMENT_BYTES, 9);
    const shape = shapeOf(long.length);
    expect([shape.segments, shape.paddedSegments]).to.deep.equal([33, 36]);
    const roots = long.roots.slice();
    roots.set(keccak(new Uint8Array(1)), 35 * 32);
    expect(() => proofOf(shape, roots, 32)).to.throw("PaddingNotEmpty");
    // The proof such a root would have, made by hand: segment 32 and 33, 34 and 35.
    const [leaf, zero] = [roots.slice(32 * 32, 33 * 32), roots.slice(33 * 32, 34 * 32)];
    const right = keccak(concat(roots.slice(34 * 32, 35 * 32), roots.slice(35 * 32)));
    const top = keccak(concat(keccak(concat(leaf, zero)), right));
    let left: Uint8Array = roots.slice(0, 32 * 32);
    while (left.length > 32) {
      left = concat(...Array.from({ length: left.length / 64 }, (_, i) => keccak(left.subarray(i * 64, i * 64 + 64))));
    }
    const root = toHex(keccak(concat(left, top)));
    const proof = { lemma: [leaf, zero, right, left].map(toHex).concat(root), path: [true, true, false] };
    const sent = { root, data: base64(long.segment(32)), index: 32, proof, fileSize: long.length };
    const { error } = await call(whole.url, "zgs_uploadSegments", [[sent]]);
    expect(error).to.deep.equal(invalid("proof", "invalid proof node value in the padding range"));
    expect(whole.store.file(root)).to.equal(undefined);
  });

  it("keeps no large file that nobody has paid for, and no small one with a wrong proof", async () => {
    const large = { ...segment(), root: `0x${"12".repeat(32)}`, fileSize: 10 * 2 ** 20 + 1 };
    for (const params of [[[large]], [[large], 99]]) {
      const method = params.length === 1 ? "zgs_uploadSegments" : "zgs_uploadSegmentsByTxSeq";
      const { error } = await call(whole.url, method, params);
      expect(error).to.deep.equal(
        invalid("file_size", "caching of large file when tx is unavailable is not supported"),
      );
    }
    const unpaid = testFile(2_000, 77);
    const wrong = await call(whole.url, "zgs_uploadSegment", [{ ...segment(0, unpaid), root: flipped(unpaid.root) }]);
    expect(wrong.error).to.include(invalid("proof"));
    const empty = await call(whole.url, "zgs_uploadSegment", [{ ...segment(0, unpaid), fileSize: 0 }]);
    expect(empty.error).to.deep.equal(invalid("file_size", "file is empty"));
    const huge = await call(whole.url, "zgs_uploadSegment", [{ ...segment(0, unpaid), fileSize: 2 ** 53 }]);
    expect(huge.error).to.include(invalid("segment.fileSize"));
    expect(whole.store.file(unpaid.root)).to.equal(undefined);
    expect(whole.store.usage().cached).to.equal(0);
  });

  it("takes no segments of what DAEntrance submitted: it comes as batches", async () => {
    const rows = testFile(300_000, 31);
    const [entry] = await whole.append([rows], { sender: ENTRANCE });
    const { error } = await call(whole.url, "zgs_uploadSegmentsByTxSeq", [[segment(0, rows)], entry?.txSeq]);
    expect(error?.code).to.equal(-32000);
    expect(error?.message).to.include("DAEntrance");
    expect(whole.store.info(entry?.txSeq ?? 0)?.held).to.equal(0);
  });

  it("takes no more segments in one request than a body may hold", async () => {
    const { error } = await call(whole.url, "zgs_uploadSegments", [Array(129).fill(segment(0, tiny))]);
    expect(error).to.deep.equal(invalid("segments", "more than 128 elements"));
    expect((await call(whole.url, "zgs_uploadSegments", [[]])).result).to.equal(null);
  });

  it("does not take a file of one segment for a larger one", async () => {
    // It is a node of larger files too: the length says which it is.
    const one = testFile(SEGMENT_BYTES, 55);
    const sent = { ...segment(0, one), fileSize: 3 * SEGMENT_BYTES };
    const { error } = await call(whole.url, "zgs_uploadSegment", [sent]);
    expect(error).to.include(invalid("proof"));
    expect(whole.store.file(one.root)).to.equal(undefined);
  });
});
