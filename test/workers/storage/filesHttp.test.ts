/** Files and entries over a node's binary API, with the client that everyone of ours uses. */
import { request } from "node:http";
import { expect } from "chai";
import { openClient } from "../../../adapters/http-client.ts";
import { type NodeClient, nodeClient } from "../../../adapters/node-client.ts";
import { shapeOf } from "../../../protocol/file.ts";
import { concat, type Hex } from "../../../protocol/hex.ts";
import { SECTOR_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import { rejection } from "../../fakes/errors.ts";
import { until } from "../../fakes/wait.ts";
import { type FilesNode, openFilesNode, SENDER, type TestFile, testFile } from "./files.ts";

describe("files over HTTP", () => {
  const http = openClient();
  const [long, small, absent] = [testFile(600_001, 1), testFile(5_001, 2), testFile(300_000, 3)];
  let node: FilesNode;
  let client: NodeClient;
  before(async () => {
    node = await openFilesNode();
    client = nodeClient(http, node.url);
    await node.append([small, long, absent], { tags: "0x0102" });
  });
  after(async () => {
    http.close();
    await node.close();
  });

  const put = (path: string, body: Uint8Array) =>
    http.bytes(`${node.url}${path}`, { method: "PUT", body, maxBytes: 4_096 });
  const get = (path: string) => http.bytes(`${node.url}${path}`, { maxBytes: 1_000_000 });
  const pathOf = (file: TestFile, rest: string, length = file.length): string =>
    `/files/${file.root}/${rest}?length=${length}`;
  /** A request that sends nothing of the body it announces. */
  const announce = (path: string, headers: Record<string, string | number>) =>
    new Promise<string>((resolve, reject) => {
      const sent = request(`${node.url}${path}`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", ...headers },
      });
      sent.on("response", async (response) => {
        let text = "";
        for await (const part of response) text += part;
        resolve(JSON.parse(text).code);
        sent.destroy();
      });
      sent.on("error", reject);
      sent.flushHeaders();
    });

  it("a file is known by its root; what is not known is said so", async () => {
    const view = await client.file(long.root, undefined);
    const entry = node.store.entry(1);
    expect(view).to.deep.equal({
      root: long.root,
      length: 600_001,
      txSeq: 1,
      entries: [1],
      start: entry?.start,
      sectors: shapeOf(600_001).padded,
      segments: 3,
      finalized: false,
      pruned: false,
      cached: false,
      uploaded: 0,
      shard: { shardId: 0, numShard: 1 },
      sender: SENDER,
      tags: "0x0102",
      block: 2,
    });
    expect(await client.file(long.root, 600_001)).to.deep.equal(view);
    await rejection(client.file(long.root, 600_002), "UnknownFile");
    await rejection(client.file(`0x${"00".repeat(32)}`, undefined), "UnknownFile");
  });

  it("takes roots, then segments in any order, each once, and gives them back", async () => {
    await rejection(client.roots(long.root, long.length, 3), "NotStored");
    await client.putRoots(long.root, long.length, long.roots);
    await client.putRoots(long.root, long.length, long.roots);
    expect(new Uint8Array(await client.roots(long.root, long.length, 3))).to.deep.equal(long.roots);
    for (const index of [2, 0, 2]) await client.putSegment(long.root, long.length, index, long.segment(index));
    expect(await client.file(long.root, undefined)).to.include({ uploaded: 2, finalized: false });
    await rejection(client.segment(long.root, long.length, 1, SEGMENT_BYTES), "NotStored");
    await client.putSegment(long.root, long.length, 1, long.segment(1));
    expect(await client.file(long.root, undefined)).to.include({ uploaded: 3, finalized: true });
    for (const index of [0, 1, 2]) {
      const segment = long.segment(index);
      const given = await client.segment(long.root, long.length, index, segment.length);
      expect(Buffer.compare(given, segment)).to.equal(0);
      expect(Buffer.compare(await get(`/files/${long.root}/segments/${index}`), segment)).to.equal(0);
    }
    await rejection(client.putSegment(long.root, long.length, 1, long.segment(1)), "AlreadyFinalized");
    await rejection(client.putRoots(long.root, long.length, long.roots), "AlreadyFinalized");
  });

  it("a file of one segment needs no roots: its root is theirs", async () => {
    await client.putSegment(small.root, small.length, 0, small.segment(0));
    expect(await client.file(small.root, undefined)).to.include({ finalized: true });
    expect(new Uint8Array(await client.roots(small.root, small.length, 1))).to.deep.equal(small.roots);
  });

  it("refuses roots that are not the file's, and segments that are not the roots'", async () => {
    const other = testFile(300_000, 4);
    await rejection(put(pathOf(absent, "segments/0"), absent.segment(0)), "NotStored");
    await rejection(put(pathOf(absent, "roots"), other.roots), "BadProof");
    await rejection(put(pathOf(absent, "roots"), absent.roots.slice(32)), "LengthMismatch");
    await rejection(put(pathOf(absent, "roots"), concat(absent.roots, absent.roots)), "LengthMismatch");
    await rejection(get(pathOf(absent, "roots")), "NotStored");
    await client.putRoots(absent.root, absent.length, absent.roots);
    await rejection(put(pathOf(absent, "segments/0"), other.segment(0)), "BadProof");
    await rejection(put(pathOf(absent, "segments/1"), absent.segment(1).slice(SECTOR_BYTES)), "LengthMismatch");
    await rejection(put(pathOf(absent, "segments/2"), absent.segment(1)), "BadRequest");
    expect(await client.file(absent.root, undefined)).to.include({ uploaded: 0, finalized: false });
    // 33 segments of data and three of padding, which are not empty.
    const padded = testFile(33 * SEGMENT_BYTES, 9);
    const roots = padded.roots.slice();
    roots[35 * 32] = 1;
    await rejection(put(pathOf(padded, "roots"), roots), "PaddingNotEmpty");
    await rejection(client.file(padded.root, undefined), "UnknownFile");
  });

  it("refuses before a body is read: lengths, files that nobody paid for, numbers that are none", async () => {
    const unpaid: Hex = `0x${"ef".repeat(32)}`;
    const cases: [string, Record<string, string | number>, string][] = [
      [pathOf(absent, "segments/0"), { "content-length": 5 }, "LengthMismatch"],
      [pathOf(absent, "segments/0"), { "content-length": 2 ** 40 }, "LengthMismatch"],
      [pathOf(absent, "segments/0"), { "transfer-encoding": "chunked" }, "LengthMismatch"],
      [pathOf(absent, "roots"), { "content-length": 65 }, "LengthMismatch"],
      [pathOf(long, "segments/0"), { "content-length": SEGMENT_BYTES }, "AlreadyFinalized"],
      [`/files/${unpaid}/roots?length=${11 * 2 ** 20}`, { "content-length": 44 * 32 }, "TooLargeToCache"],
      [`/files/${unpaid}/segments/0?length=${11 * 2 ** 20}`, { "content-length": SEGMENT_BYTES }, "TooLargeToCache"],
      [`/files/${unpaid}/segments/0?length=${2 ** 20}`, { "content-length": SEGMENT_BYTES }, "NotStored"],
      [`/files/${unpaid}/roots?length=${2 ** 53 - 1}`, { "content-length": 32 }, "BadRequest"],
      [`/files/${unpaid}/roots`, { "content-length": 32 }, "BadRequest"],
      [`/files/${unpaid}/roots?length=0`, { "content-length": 32 }, "BadRequest"],
      [`/files/${unpaid}/roots?length=1e3`, { "content-length": 32 }, "BadRequest"],
      [`/files/${unpaid}/roots?length=-1`, { "content-length": 32 }, "BadRequest"],
      [`/files/${unpaid}/roots?length=${2 ** 53}`, { "content-length": 32 }, "BadRequest"],
      [`/files/0x12/roots?length=5`, { "content-length": 32 }, "BadRequest"],
      [`/files/..%2f..%2fetc/roots?length=5`, { "content-length": 32 }, "BadRequest"],
      [pathOf(absent, "segments/00"), { "content-length": SEGMENT_BYTES }, "BadRequest"],
      [pathOf(absent, "segments/-1"), { "content-length": SEGMENT_BYTES }, "BadRequest"],
      [pathOf(absent, "segments/9999999999"), { "content-length": SEGMENT_BYTES }, "BadRequest"],
      [
        pathOf(absent, "segments/0"),
        { "content-length": SEGMENT_BYTES, "content-encoding": "gzip" },
        "UnsupportedEncoding",
      ],
    ];
    for (const [path, headers, code] of cases) expect(await announce(path, headers), path).to.equal(code);
    for (const [path, code] of [
      ["/files/0x12", "BadRequest"],
      [`/files/${absent.root}?length=x`, "BadRequest"],
      [`/files/${absent.root}/segments/5`, "BadRequest"],
      [`/files/${absent.root}/segments/1x`, "BadRequest"],
      ["/entries/9", "UnknownEntry"],
      ["/entries/01", "BadRequest"],
      ["/entries/-1", "BadRequest"],
      [`/entries/${"9".repeat(17)}`, "BadRequest"],
      ["/entries?limit=0", "BadRequest"],
      ["/entries?limit=1001", "BadRequest"],
      ["/entries?from=x", "BadRequest"],
    ] as const) {
      await rejection(get(path), code);
    }
  });

  it("a file sent before its entry is kept, and told of as such", async () => {
    const early = testFile(270_000, 7);
    await client.putRoots(early.root, early.length, early.roots);
    await client.putSegment(early.root, early.length, 0, early.segment(0));
    expect(await client.file(early.root, early.length)).to.deep.include({
      ...{ cached: true, txSeq: null, entries: [], start: null, sender: null, tags: null, block: null },
      ...{ uploaded: 1, finalized: false, segments: 2 },
    });
    await client.putSegment(early.root, early.length, 1, early.segment(1));
    await node.append([early]);
    expect(await client.file(early.root, early.length)).to.include({ cached: false, finalized: true });
  });

  it("gives out entries, one and page by page", async () => {
    const entry = await client.entry(1);
    expect(entry).to.deep.equal({
      ...{ txSeq: 1, sender: SENDER, identity: node.store.entry(1)?.identity, root: long.root },
      ...{ start: node.store.entry(1)?.start, sectors: shapeOf(long.length).padded, length: long.length },
      ...{
        tags: "0x0102",
        nodes: node.store.entry(1)?.nodes,
        block: 2,
        transactionHash: `0xcc${"1".padStart(62, "0")}`,
      },
      ...{ state: "finalized", pruned: false, uploaded: 3 },
    });
    const { nextTxSeq } = node.store.tip();
    expect((await client.entries(0, 1_000)).map(({ txSeq }) => txSeq)).to.deep.equal(
      Array.from({ length: nextTxSeq }, (_, i) => i),
    );
    expect((await client.entries(1, 2)).map(({ txSeq }) => txSeq)).to.deep.equal([1, 2]);
    expect(await client.entries(nextTxSeq, 5)).to.deep.equal([]);
  });

  it("cuts a page of entries with long tags short, never to nothing", async () => {
    const from = node.store.tip().nextTxSeq;
    const tags: Hex = `0x${"ab".repeat(65_536)}`;
    await node.append(
      Array.from({ length: 60 }, (_, i) => testFile(10, 100 + i)),
      { tags },
    );
    const first = await client.entries(from, 100);
    expect(first.length).to.be.within(20, 40);
    const rest = await client.entries(from + first.length, 100);
    expect(first.length + rest.length).to.equal(60);
  });

  it("uploads that find no room wait for it", async () => {
    const tight = await openFilesNode({ maxHeld: 300_000, waitMs: 5_000 });
    const file = testFile(8 * SEGMENT_BYTES, 40);
    await tight.append([file]);
    const at = nodeClient(http, tight.url);
    await at.putRoots(file.root, file.length, file.roots);
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => at.putSegment(file.root, file.length, index, file.segment(index))),
    );
    expect(await at.file(file.root, undefined)).to.include({ finalized: true, uploaded: 8 });
    await tight.close();
  });

  it("a body that breaks off leaves nothing behind", async () => {
    const broken = request(`${node.url}${pathOf(absent, "segments/0")}`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream", "content-length": SEGMENT_BYTES },
    });
    broken.on("error", () => undefined);
    await new Promise((resolve) => broken.write(absent.segment(0).subarray(0, 100_000), resolve));
    broken.destroy();
    await until("the next one is taken", () =>
      client.putSegment(absent.root, absent.length, 0, absent.segment(0)).then(
        () => true,
        () => false,
      ),
    );
    expect(await client.file(absent.root, undefined)).to.include({ uploaded: 1 });
  });
});
