import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { fileNodesOf, segmentRootOf, shapeOf } from "../../../protocol/file.ts";
import { identityOf } from "../../../protocol/flow.ts";
import { concat, toHex } from "../../../protocol/hex.ts";
import { encodeManifest } from "../../../protocol/manifest.ts";
import { type Downloaded, type DownloadOptions, download } from "../../../workers/downloader/index.ts";
import { type FileNode, refusing, startFileNode, type TestFile, testFile } from "../../fakes/fileNode.ts";
import { tempDir } from "../../fakes/temp.ts";

const SEGMENT = 262_144;

/** A chain that has exactly these entries, in block 7. */
const chainOf = (files: readonly TestFile[]): DownloadOptions["chain"] => {
  const entries = files.map((file, txSeq) => [{ topics: [], txSeq }, eventOf(file, txSeq)] as const);
  return {
    addresses: { Flow: "0xf1" },
    flow: { interface: { getEvent: () => ({ topicHash: "0x01" }) } },
    logs: async ({ from, to }: { from: number; to: number }) =>
      from <= 7 && to >= 7 ? entries.map(([log]) => log) : [],
    logsOf: async () => [],
    decode: (log: { txSeq: number }) => entries[log.txSeq]?.[1] ?? null,
  } as unknown as DownloadOptions["chain"];
};
const eventOf = (file: TestFile, txSeq: number) => {
  const shape = shapeOf(file.length);
  const nodes = fileNodesOf(shape, file.roots, file.segment(shape.segments - 1));
  const args = {
    ...{ sender: `0x${"11".repeat(20)}`, identity: identityOf(nodes), submissionIndex: BigInt(txSeq) },
    ...{ startPos: BigInt(file.start), length: BigInt(shape.padded) },
    submission: {
      ...{ length: BigInt(file.length), tags: "0x" },
      nodes: nodes.map(({ root, height }) => ({ root, height: BigInt(height) })),
    },
  };
  const block = { blockNumber: 7, blockHash: `0x${"33".repeat(32)}`, transactionHash: `0x${"22".repeat(32)}` };
  return { contract: "Flow", name: "Submit", args, ...block };
};

/** The same of given bytes. */
const fileOf = (bytes: Uint8Array, start = 0): TestFile => {
  const shape = shapeOf(bytes.length);
  if (shape.segments > 1) throw new Error("one segment");
  const padded = concat(bytes, new Uint8Array(shape.sectors * 256 - bytes.length));
  const base = testFile(bytes.length, 1, start);
  const roots = segmentRootOf(padded, shape.padded);
  return { ...base, bytes, roots, root: toHex(roots), segment: () => padded };
};
const shorten = ({ length, root }: TestFile) => ({ length, root });

describe("a download", () => {
  const dir = tempDir("download");
  const client = openClient();
  const nodes: FileNode[] = [];
  after(async () => {
    client.close();
    await Promise.all(nodes.map((node) => node.close()));
    dir.remove();
  });
  const newNode = async (...files: TestFile[]): Promise<FileNode> => {
    const node = await startFileNode();
    nodes.push(node);
    node.hold(...files);
    return node;
  };
  const run = (
    file: Pick<TestFile, "root">,
    name: string,
    from: readonly FileNode[],
    more: Partial<DownloadOptions> & Pick<DownloadOptions, "chain">,
  ): Promise<Downloaded> =>
    download({
      ...{ root: file.root, path: join(dir.path, name), client, urls: from.map(({ url }) => url), log: silentLog },
      ...{ signal: new AbortController().signal, patienceMs: 300, ...more },
    });
  const read = (name: string): Buffer => readFileSync(join(dir.path, name));
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: ZgError) => error.code,
    );

  it("comes from nodes of several shards, whole", async () => {
    const file = testFile(7 * SEGMENT + 5, 1, 4096);
    const [even, odd] = [await newNode(file), await newNode(file)];
    even.shard = { shardId: 0, numShard: 2 };
    odd.shard = { shardId: 1, numShard: 2 };
    const done = await run(file, "shards", [even, odd], { chain: chainOf([file]) });
    expect(read("shards").equals(file.bytes)).to.equal(true);
    expect(done.peers.every(({ lied }) => lied === 0)).to.equal(true);
    expect(done.entry.txSeq).to.equal(0);
  });

  it("names the node that lies about a segment, and is whole without it", async () => {
    const file = testFile(6 * SEGMENT, 2);
    const [liar, honest] = [await newNode(file), await newNode(file)];
    liar.twist = (path, answer) => {
      if (!path.includes("/segments/")) return answer;
      const body = answer.body.slice();
      body[5] = (body[5] ?? 0) ^ 1;
      return { ...answer, body };
    };
    const done = await run(file, "liar", [liar, honest], { chain: chainOf([file]) });
    expect(read("liar").equals(file.bytes)).to.equal(true);
    expect(done.peers.filter(({ lied }) => lied > 0).map(({ url }) => url)).to.deep.equal([liar.url]);
    const only = await run(file, "only", [liar], { chain: chainOf([file]) }).catch((error: ZgError) => error);
    expect(only).to.be.instanceOf(ZgError);
    expect((only as ZgError).fields.liars).to.equal(liar.url);
  });

  it("believes the chain, and no node, about which entry there is and how long the file is", async () => {
    const file = testFile(1_000, 3);
    // The same sectors with a byte more: root and padding fit, the length does not.
    const longer: TestFile = { ...file, length: 1_001 };
    const [liar, honest] = [await newNode(longer), await newNode(file)];
    const done = await run(file, "length", [liar, honest], { chain: chainOf([file]) });
    expect(read("length")).to.have.length(1_000);
    expect(done.liars).to.deep.equal([liar.url]);
    expect(await codeOf(run(file, "none", [honest], { chain: chainOf([]) }))).to.equal("UnknownFile");
  });

  it("of a file that no node knows, and of nodes that are away, are told apart", async () => {
    const node = await newNode();
    const file = testFile(10, 4);
    expect(await codeOf(run(file, "unknown", [node], { chain: chainOf([file]) }))).to.equal("UnknownFile");
    const gone = { ...node, url: "http://127.0.0.1:9" };
    expect(await codeOf(run(file, "away", [gone], { chain: chainOf([file]) }))).to.equal("NodeDown");
  });

  it("that ends with an error goes on with what it had", async () => {
    const file = testFile(20 * SEGMENT, 5);
    const node = await newNode(file);
    let given = 0;
    node.twist = (path, answer) => {
      if (!path.includes("/segments/")) return answer;
      given += 1;
      return given > 12 ? refusing("NotStored") : answer;
    };
    expect(await codeOf(run(file, "parts", [node], { chain: chainOf([file]) }))).to.equal("NotStored");
    node.twist = (_, answer) => answer;
    node.asked.length = 0;
    await run(file, "parts", [node], { chain: chainOf([file]) });
    expect(read("parts").equals(file.bytes)).to.equal(true);
    // The first one is looked at for a manifest, too.
    expect(node.asked.filter((path) => path.includes("/segments/")).length).to.be.at.most(10);
  });

  describe("of a folder", () => {
    const a = testFile(300_000, 6, 1024);
    const b = testFile(77, 7, 4096);
    const bytes = encodeManifest([
      { path: "a", length: a.length, root: a.root },
      { path: "deep/er/b", length: b.length, root: b.root },
      { path: "deep/empty", length: 0, root: null },
    ]);
    const manifest = fileOf(bytes, 8192);
    const chain = chainOf([manifest, a, b]);

    it("restores every file, the empty ones too, and leaves alone what is there", async () => {
      const node = await newNode(manifest, a, b);
      const done = await run(manifest, "folder", [node], { chain });
      expect(done.files).to.have.length(3);
      expect(read("folder/a").equals(a.bytes)).to.equal(true);
      expect(read("folder/deep/er/b").equals(b.bytes)).to.equal(true);
      expect(read("folder/deep/empty")).to.have.length(0);
      node.asked.length = 0;
      writeFileSync(join(dir.path, "folder/deep/er/b"), "other");
      await run(manifest, "folder", [node], { chain });
      expect(read("folder/deep/er/b").equals(b.bytes)).to.equal(true);
      expect(node.asked.filter((path) => path.includes(a.root) && path.includes("segments"))).to.deep.equal([]);
    });

    it("as the file that it is, if asked for", async () => {
      await run(manifest, "raw", [await newNode(manifest, a, b)], { chain, raw: true });
      expect(read("raw").equals(bytes)).to.equal(true);
    });

    it("has the right bytes under names that a download could use for itself", async () => {
      const large = testFile(9 * SEGMENT, 8, 16_384);
      const names = ["x", "x.part", "x.part.json"];
      const files = [large, b, testFile(5, 9, 8_448)];
      const listed = names.map((path, index) => ({ path, ...shorten(files[index] as TestFile) }));
      const every = fileOf(encodeManifest(listed), 32_768);
      const node = await newNode(every, ...files);
      await run(every, "names", [node], { chain: chainOf([every, ...files]) });
      for (const [index, name] of names.entries()) {
        expect(read(`names/${name}`).equals(files[index]?.bytes as Uint8Array), name).to.equal(true);
      }
      expect(readdirSync(join(dir.path, "names"))).to.have.members(names);
    });

    it("does not follow a link out of its folder", async () => {
      const node = await newNode(manifest, a, b);
      mkdirSync(join(dir.path, "trap"));
      mkdirSync(join(dir.path, "outside"));
      symlinkSync(join(dir.path, "outside"), join(dir.path, "trap/deep"));
      expect(await codeOf(run(manifest, "trap", [node], { chain }))).to.equal("FileUnwritable");
    });

    it("replaces a link by the file that has its name, and leaves alone what it leads to", async () => {
      const node = await newNode(manifest, a, b);
      mkdirSync(join(dir.path, "links/deep/er"), { recursive: true });
      for (const [index, name] of ["a", "deep/er/b", "deep/empty"].entries()) {
        writeFileSync(join(dir.path, `mine-${index}`), "mine");
        symlinkSync(join(dir.path, `mine-${index}`), join(dir.path, "links", name));
      }
      await run(manifest, "links", [node], { chain });
      expect([0, 1, 2].map((index) => read(`mine-${index}`).toString())).to.deep.equal(["mine", "mine", "mine"]);
      expect(read("links/a").equals(a.bytes)).to.equal(true);
      expect(read("links/deep/empty")).to.have.length(0);
    });

    it("that is forged writes nothing", async () => {
      const forged = Buffer.from(
        `{"format":"zerog-folder/1","files":[${JSON.stringify({ path: "../escaped", length: b.length, root: b.root })}]}\n`,
      );
      const file = fileOf(forged);
      const node = await newNode(file, b);
      expect(await codeOf(run(file, "forged", [node], { chain: chainOf([file, b]) }))).to.equal("BadManifest");
      expect(() => read("escaped")).to.throw();
    });
  });
});
