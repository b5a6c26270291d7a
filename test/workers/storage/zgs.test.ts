/** The JSON-RPC of a storage node, asked by the client of 0G's own SDK. */
import { Proof, StorageNode } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import { shapeOf } from "../../../protocol/file.ts";
import { concat, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak } from "../../../protocol/keccak.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import { type FilesNode, openFilesNode, SENDER, type TestFile, testFile, withProof } from "./files.ts";

type RpcError = Error & { code: number; data?: string };

describe("the zgs_ calls of a storage node", () => {
  let node: FilesNode;
  let client: StorageNode;
  /** Two and a half segments, padded to three; one small file; one that nobody uploads. */
  const [long, small, absent] = [testFile(600_001, 1), testFile(5_001, 2), testFile(300_000, 3)];
  const unknown: Hex = `0x${"99".repeat(32)}`;

  before(async () => {
    node = await openFilesNode();
    client = new StorageNode(node.url);
    await node.append([small, long, absent]);
  });
  after(() => node.close());

  const segments = (file: TestFile) =>
    Array.from({ length: shapeOf(file.length).segments }, (_, i) => withProof(file, i));
  const call = (method: string, params: unknown[]) => client.request({ method, params });
  const failure = async (promise: Promise<unknown>): Promise<RpcError> => {
    const error = await promise.then(
      (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
      (reason: unknown) => reason as RpcError,
    );
    return error;
  };

  it("getStatus, getShardConfig and getFlowContext say where the node is", async () => {
    expect(await client.getStatus()).to.deep.equal({
      connectedPeers: 0,
      logSyncHeight: 77,
      logSyncBlock: `0xbb${"4d".padStart(62, "0")}`,
      nextTxSeq: 3,
      networkIdentity: {
        chainId: 31_337,
        flowAddress: `0x${"f1".repeat(20)}`,
        p2pProtocolVersion: { major: 0, minor: 0, build: 0 },
      },
    });
    expect(await client.getShardConfig()).to.deep.equal({ shardId: 0, numShard: 1 });
    const { root, length } = node.store.tip();
    expect(await call("zgs_getFlowContext", [])).to.deep.equal([root, length]);
  });

  it("getFileInfo is null for what is not in the log, and 0G's transaction for what is", async () => {
    expect(await client.getFileInfo(unknown, true)).to.equal(null);
    expect(await client.getFileInfo(unknown, false)).to.equal(null);
    expect(await client.getFileInfoByTxSeq(3)).to.equal(null);
    const entry = node.store.entry(1);
    const info = await client.getFileInfo(long.root, true);
    expect(info).to.deep.equal({
      tx: {
        streamIds: [],
        data: [],
        dataMerkleRoot: long.root,
        merkleNodes: entry?.nodes.map(({ root, height }) => [height + 1, root]),
        startEntryIndex: entry?.start,
        size: 600_001,
        seq: 1,
      },
      finalized: false,
      isCached: false,
      uploadedSegNum: 0,
      pruned: false,
    });
    expect(await client.getFileInfoByTxSeq(1)).to.deep.equal(info);
    expect(await call("zgs_checkFileFinalized", [1])).to.equal(false);
    expect(await call("zgs_checkFileFinalized", [long.root])).to.equal(false);
    expect(await call("zgs_checkFileFinalized", [unknown])).to.equal(null);
    expect(await call("zgs_checkFileFinalized", [3])).to.equal(null);
  });

  it("takes segments by entry and by root, one or many, in any order, and the file is finalized", async () => {
    const [first, second, third] = segments(long);
    expect(await client.uploadSegmentsByTxSeq([third!, first!], 1)).to.equal(null);
    // Again: tolerated by entry, refused one by one.
    expect(await client.uploadSegmentsByTxSeq([first!], 1)).to.equal(null);
    const twice = await failure(client.uploadSegment(first!));
    expect(twice.message).to.equal("segment has already been uploaded or is being uploaded");
    expect(twice.code).to.equal(-32000);
    expect(await client.getFileInfo(long.root, true)).to.include({ finalized: false, uploadedSegNum: 2 });
    expect(await client.uploadSegmentByTxSeq(second!, 1)).to.equal(null);
    expect(await client.getFileInfo(long.root, true)).to.include({ finalized: true, uploadedSegNum: 3 });
    expect(await call("zgs_checkFileFinalized", [long.root])).to.equal(true);
    expect(await client.uploadSegments(segments(small))).to.equal(null);
    expect(await call("zgs_checkFileFinalized", [0])).to.equal(true);
  });

  it("what is finalized takes nothing more, in the words the client takes for success", async () => {
    for (const again of [
      client.uploadSegmentsByTxSeq(segments(long), 1),
      client.uploadSegments(segments(small)),
      client.uploadSegment(segments(small)[0]!),
    ]) {
      const error = await failure(again);
      expect(error).to.include({
        code: -32602,
        message: "Invalid params: root",
        data: "already uploaded and finalized",
      });
    }
  });

  it("gives segments back, whole, in part, and with a proof that the client accepts", async () => {
    const padded = Buffer.alloc(Math.ceil(long.length / SECTOR_BYTES) * SECTOR_BYTES);
    padded.set(long.bytes);
    for (const [start, end] of [
      [0, 1024],
      [1024, 2048],
      [2048, 2344],
      [0, 1],
      [1000, 1100],
      [1023, 2047],
      [2343, 2344],
    ] as const) {
      const expected = padded.subarray(start * SECTOR_BYTES, end * SECTOR_BYTES).toString("base64");
      expect(await client.downloadSegment(long.root, start, end), `${start}-${end}`).to.equal(expected);
      expect(await client.downloadSegmentByTxSeq(1, start, end)).to.equal(expected);
    }
    for (let index = 0; index < 3; index++) {
      const given = await client.downloadSegmentWithProof(long.root, index);
      expect(given).to.deep.equal(withProof(long, index));
      expect(await client.downloadSegmentWithProofByTxSeq(1, index)).to.deep.equal(given);
      const proof = new Proof(given.proof.lemma, given.proof.path);
      expect(proof.validateHash(long.root, given.proof.lemma[0] as string, index, 3)).to.equal(null);
    }
    const one = await client.downloadSegmentWithProof(small.root, 0);
    expect(one).to.deep.equal(withProof(small, 0));
  });

  it("answers null where nothing is, and says what is wrong with a range", async () => {
    expect(await client.downloadSegment(unknown, 0, 1)).to.equal(null);
    expect(await client.downloadSegmentByTxSeq(9, 0, 1)).to.equal(null);
    expect(await client.downloadSegmentWithProof(unknown, 0)).to.equal(null);
    expect(await client.downloadSegmentWithProofByTxSeq(9, 0)).to.equal(null);
    expect(await client.downloadSegment(absent.root, 0, 1024)).to.equal(null);
    expect(await client.downloadSegmentWithProof(absent.root, 1)).to.equal(null);
    const wrong: [Promise<unknown>, Partial<RpcError>][] = [
      [client.downloadSegment(long.root, 5, 5), { message: "Invalid params: end_index", data: "invalid chunk index" }],
      [client.downloadSegmentByTxSeq(1, 9, 5), { message: "Invalid params: end_index", data: "invalid chunk index" }],
      [client.downloadSegmentByTxSeq(1, 0, 1025), { data: "exceeds maximum chunks 1024" }],
      [client.downloadSegment(long.root, 2048, 2345), { code: -32000 }],
      [client.downloadSegmentWithProof(long.root, 3), { message: "Invalid params: index", data: "index out of bound" }],
      [client.downloadSegment("0x12", 0, 1), { message: "Invalid params: root" }],
      [client.downloadSegment(long.root, -1, 1), { message: "Invalid params: startIndex" }],
      [client.downloadSegment(long.root, 0, 1.5), { message: "Invalid params: endIndex" }],
    ];
    for (const [promise, expected] of wrong) expect(await failure(promise)).to.include(expected);
  });

  it("proves any sector that is here to the log's root, now and as it was", async () => {
    const entry = node.store.entry(1)!;
    const roots = [0, 1, 2].map((txSeq) => node.store.info(txSeq)?.flowRoot as Hex);
    for (const [sector, flowRoot] of [
      [entry.start, undefined],
      [entry.start + 1500, undefined],
      [entry.start + 2343, roots[1]],
      [node.store.entry(0)!.start, roots[0]],
      [node.store.entry(0)!.start + 3, roots[2]],
    ] as const) {
      const { lemma, path } = await client.getSectorProof(sector, flowRoot as Hex);
      const file = sector >= entry.start ? long : small;
      const first = sector >= entry.start ? entry.start : node.store.entry(0)!.start;
      const data = Buffer.alloc(SECTOR_BYTES);
      data.set(file.bytes.subarray((sector - first) * SECTOR_BYTES, (sector - first + 1) * SECTOR_BYTES));
      expect(lemma[0]).to.equal(toHex(keccak(data)));
      expect(lemma.length).to.equal(path.length + 2);
      let hash = fromHex(lemma[0] as Hex);
      let position = 0;
      for (const [i, left] of path.entries()) {
        const sibling = fromHex(lemma[i + 1] as Hex);
        hash = keccak(left ? concat(hash, sibling) : concat(sibling, hash));
        if (!left) position += 2 ** i;
      }
      expect(toHex(hash)).to.equal(flowRoot ?? node.store.tip().root);
      expect(toHex(hash)).to.equal(lemma.at(-1));
      expect(position).to.equal(sector);
    }
    expect((await failure(client.getSectorProof(5, unknown))).message).to.equal("Invalid params: flow_root");
    for (const sector of [2 ** 40, node.store.tip().length]) {
      expect((await failure(client.getSectorProof(sector, node.store.tip().root))).code).not.to.equal(-32603);
    }
  });

  it("a file sent before its entry is kept for it; the entry finds it whole", async () => {
    const early = testFile(270_000, 7);
    expect(await client.uploadSegments(segments(early))).to.equal(null);
    expect(await client.getFileInfo(early.root, true)).to.equal(null);
    expect(await client.downloadSegment(early.root, 0, 1)).to.equal(null);
    const [entry] = await node.append([early]);
    expect(await client.getFileInfo(early.root, true)).to.include({ finalized: true, uploadedSegNum: 2 });
    expect(await client.downloadSegmentByTxSeq(entry!.txSeq, 0, 1)).to.be.a("string");
  });

  it("a file submitted again is one file: the finalized entry stands for it", async () => {
    const [again] = await node.append([small], { sender: `0x${"77".repeat(20)}`, tags: "0xabcd" });
    const info = await client.getFileInfo(small.root, true);
    expect(info?.finalized).to.equal(true);
    expect(info?.tx.seq).to.equal(0);
    expect((await client.getFileInfoByTxSeq(again!.txSeq))?.finalized).to.equal(true);
    expect(SENDER).not.to.equal(again!.sender);
  });
});
