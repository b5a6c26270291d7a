import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { Indexer, MemData, Proof, type StorageNode, ZgFile } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import { Contract, type HDNodeWallet, keccak256, SigningKey, Wallet } from "ethers";
import { shapeOf } from "../../protocol/file.ts";
import { concat, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { eventually, openSdk, quiet, type Sdk, type SdkSigner, same } from "./sdk.ts";
import { together } from "./together.ts";

const SEGMENT = 262_144;

// Files go to each node in as many requests as to every other: of several lists of requests the client sends only as
// many as the shortest has (Uploader.splitTasks), and waits for the rest for ever.

/** @0gfoundation/0g-ts-sdk 1.2.8 as published; nothing of it is patched, and nothing here speaks for it. */
describe("0G's client, against a network of ours", function () {
  this.timeout(60_000);
  let network: TestNetwork;
  let sdk: Sdk;
  let indexer: Indexer;
  let loud: () => void;
  const roots: string[] = [];
  before(async () => {
    loud = quiet();
    network = await startTestNetwork({
      ...{ storageNodes: 4, validators: 0, kvNodes: 0, indexer: true, storage: { shards: 2 } },
      embed: ["storage-0", "storage-1", "storage-2", "storage-3", "indexer"],
    });
    sdk = openSdk(network);
    indexer = new Indexer(network.network.indexer ?? "");
  });
  after(async () => {
    loud?.();
    sdk?.close();
    await network?.stop();
    // The indexer's client puts fragments into the working directory, and leaves them there when it fails.
    for (const root of roots) await rm(`${root}.temp`, { force: true });
  });

  const stored = async (bytes: Uint8Array, nodes: StorageNode[]) => sdk.upload(new MemData(bytes), nodes);

  together({
    "uploads a file over two shards and downloads it, with proof and without": async () => {
      const bytes = randomPayload(3 * SEGMENT + 1000);
      const { root } = await stored(bytes, sdk.nodes(0, 1));
      for (const proof of [true, false]) {
        same(await sdk.download((path) => sdk.downloader(0, 1).download(root, path, proof)), bytes);
      }
      const [blob, error] = await sdk.downloader(1, 0).downloadToBlob(root, true);
      expect(error).to.equal(null);
      same(new Uint8Array(await blob.arrayBuffer()), bytes);
    },

    "uploads files of every awkward size": async () => {
      const signer = sdk.signer();
      for (const length of [1, 255, 257, SEGMENT, SEGMENT + 1]) {
        const bytes = randomPayload(length);
        const [{ rootHash }, error] = await sdk.uploader(sdk.nodes(0, 1), signer).uploadFile(new MemData(bytes), {});
        expect(error, `${length}`).to.equal(null);
        same(await sdk.download((path) => sdk.downloader(0, 1).download(rootHash, path, true)), bytes, `${length}`);
      }
    },

    "uploads a file from disk to four nodes for two whole copies, several segments a request": async () => {
      const bytes = randomPayload(9 * SEGMENT + 5);
      const path = `${network.data}/from-disk`;
      await writeFile(path, bytes);
      const file = await ZgFile.fromFilePath(path);
      const { root } = await sdk.upload(file, sdk.nodes(0, 1, 2, 3), { expectedReplica: 2, taskSize: 3 });
      await file.close();
      for (const pair of [
        [0, 1],
        [2, 3],
        [3, 0],
      ]) {
        same(await sdk.download((to) => sdk.downloader(...pair).download(root, to, true)), bytes, `${pair}`);
      }
    },

    "is told when the nodes do not hold as many copies as it expects": async () => {
      const [, error] = await sdk
        .uploader(sdk.nodes(0, 1))
        .uploadFile(new MemData(randomPayload(100)), { expectedReplica: 2 });
      expect(error?.message).to.equal("Failed to get upload tasks");
    },

    "uploads a file in fragments and puts it together again": async () => {
      const bytes = randomPayload(5 * SEGMENT + 77);
      const [result, error] = await sdk
        .uploader(sdk.nodes(0, 1))
        .splitableUpload(new MemData(bytes), { fragmentSize: 2 * SEGMENT - 9 });
      expect(error).to.equal(null);
      expect(result.rootHashes).to.have.length(3);
      expect(new Set(result.txSeqs).size).to.equal(3);
      same(await sdk.download((path) => sdk.downloader(0, 1).download(result.rootHashes, path, true)), bytes);
    },

    "finds its tags and itself in the log, and does not pay for a file that is there": async () => {
      const bytes = randomPayload(5000);
      const signer = sdk.signer();
      const uploader = sdk.uploader(sdk.nodes(0, 1), signer);
      const [first, error] = await uploader.uploadFile(new MemData(bytes), { tags: "0xc0ffee" });
      expect(error).to.equal(null);
      const { Flow } = network.network.contracts;
      const receipt = await network.context.chain.provider.getTransactionReceipt(first.txHash);
      const abi = network.context.chain.flow.interface;
      const log = receipt?.logs.find(({ address }) => address === Flow);
      const event = log && abi.parseLog(log);
      expect(event?.args.sender).to.equal(signer.address);
      expect(event?.args.submission.tags).to.equal("0xc0ffee");
      expect(event?.args.submissionIndex).to.equal(BigInt(first.txSeq));

      const [second, again] = await uploader.uploadFile(new MemData(bytes), {});
      expect(again).to.equal(null);
      expect(second).to.deep.equal({ txHash: "", rootHash: first.rootHash, txSeq: first.txSeq });
    },

    "uploads through the indexer, whole and in fragments, and finds the nodes that have it": async () => {
      const bytes = randomPayload(6 * SEGMENT - 3);
      const signer = sdk.signer();
      const [whole, error] = await indexer.upload(new MemData(bytes), network.network.rpc, sdkSigner(signer));
      expect(error).to.equal(null);
      const { rootHash } = whole as { rootHash: string };
      const locations = await located(rootHash);
      expect(locations.map(({ url }) => url).every((url) => network.network.storageNodes.includes(url))).to.equal(true);
      same(await sdk.download((path) => indexer.download(rootHash, path, true)), bytes);

      const [parts, failed] = await indexer.upload(new MemData(bytes), network.network.rpc, sdkSigner(signer), {
        fragmentSize: SEGMENT * 2,
      });
      expect(failed).to.equal(null);
      const { rootHashes } = parts as { rootHashes: string[] };
      expect(rootHashes).to.have.length(3);
      roots.push(...rootHashes);
      for (const root of rootHashes) await located(root);
      let at = "";
      await sdk.download(async (path) => {
        at = path;
        const problem = await indexer.download(rootHashes, path, false);
        // It does not wait for its own last write.
        await eventually(async () => (await stat(path)).size === bytes.length, "the fragments are on disk");
        return problem;
      });
      same(await readFile(at), bytes);
      const [blob, unread] = await indexer.downloadToBlob(rootHashes, { proof: true });
      expect(unread).to.equal(null);
      same(new Uint8Array(await blob.arrayBuffer()), bytes);
    },

    "asks the indexer for nodes and chooses among them": async () => {
      const { trusted, discovered } = await indexer.getShardedNodes();
      expect(trusted.map(({ url }) => url)).to.have.members(network.network.storageNodes);
      expect(discovered).to.be.an("array");
      for (const node of trusted) {
        expect(node.config.numShard).to.equal(2);
        expect(node.latency).to.be.a("number");
        expect(node.since).to.be.a("number");
      }
      for (const [replicas, count] of [
        [1, 2],
        [2, 4],
      ] as const) {
        const [nodes, error] = await indexer.selectNodes(replicas);
        expect([nodes.length, error]).to.deep.equal([count, null]);
      }
      expect((await indexer.selectNodes(3))[1]).to.be.instanceOf(Error);
      expect(await indexer.getNodeLocations()).to.be.an("object");
      expect(await indexer.getFileLocations(toHex(keccak(randomPayload(32))))).to.deep.equal([]);
    },

    "encrypts with a key, and to a public key, and decrypts with what fits": async () => {
      const bytes = randomPayload((1 << 20) - 100);
      const key = randomPayload(32);
      const { root } = await sdk.upload(new MemData(bytes), sdk.nodes(0, 1), { encryption: { type: "aes256", key } });
      const sealed = await sdk.download((path) => sdk.downloader(0, 1).download(root, path, true));
      expect(sealed.length).to.equal(bytes.length + 17);
      const opened = sdk.downloader(0, 1).withSymmetricKey(key);
      same(await sdk.download((path) => opened.download(root, path, true)), bytes, "by the key");

      const { privateKey } = Wallet.createRandom();
      const recipientPubKey = SigningKey.computePublicKey(privateKey, true);
      const to = await sdk.upload(new MemData(bytes), sdk.nodes(0, 1), {
        encryption: { type: "ecies", recipientPubKey },
      });
      const owner = sdk.downloader(0, 1).withPrivateKey(privateKey);
      same(await sdk.download((path) => owner.download(to.root, path, true)), bytes, "by the private key");
      await located(to.root);
      const [header] = await indexer.peekHeader(to.root);
      expect(header?.version).to.equal(2);
      const [blob] = await indexer.downloadToBlob(to.root, { proof: true, decryption: { privateKey } });
      same(new Uint8Array(await blob.arrayBuffer()), bytes, "through the indexer");
    },

    "encrypts a file that goes in fragments": async () => {
      const bytes = randomPayload(3 * SEGMENT + 9);
      const key = randomPayload(32);
      const encrypted = { fragmentSize: SEGMENT, encryption: { type: "aes256", key } as const };
      const uploader = sdk.uploader(sdk.nodes(0, 1));
      // As the client has it, fragments are encrypted one by one: each is a file with a header of its own.
      const [result, error] = await uploader.splitableUpload(new MemData(bytes), encrypted);
      expect(error).to.equal(null);
      expect(result.rootHashes).to.have.length(4);
      const parts: Uint8Array[] = [];
      for (const root of result.rootHashes) {
        const [blob] = await sdk.downloader(0, 1).withSymmetricKey(key).downloadToBlob(root, true);
        parts.push(new Uint8Array(await blob.arrayBuffer()));
      }
      same(concat(...parts), bytes);
    },

    "speaks to every method of a node that it knows": async () => {
      const bytes = randomPayload(2 * SEGMENT + 600);
      const file = new MemData(bytes);
      const [tree] = await file.merkleTree();
      const root = (tree?.rootHash() ?? "") as Hex;
      const segments = [0, 1, 2].map((index) => ({
        ...{ root, index, fileSize: bytes.length },
        data: Buffer.from(sectorsOf(bytes, index)).toString("base64"),
        proof: tree?.proofAt(index) ?? new Proof(),
      }));
      const [even, odd] = sdk.nodes(0, 1) as [StorageNode, StorageNode];
      const status = await even.getStatus();
      expect(status.networkIdentity).to.deep.include({ chainId: network.network.chainId });
      expect(status.networkIdentity.flowAddress.toLowerCase()).to.equal(network.network.contracts.Flow.toLowerCase());
      expect(await even.getShardConfig()).to.deep.equal({ shardId: 0, numShard: 2 });
      expect(await odd.getShardConfig()).to.deep.equal({ shardId: 1, numShard: 2 });

      // Before the log knows it, a node keeps it for a while.
      expect(await even.getFileInfo(root, false)).to.equal(null);
      for (const node of [even, odd]) await node.uploadSegment(segments[2]!);
      const [submission] = await file.createSubmission("0x", `0x${"00".repeat(20)}`);
      const signer = sdk.signer();
      const flow = new Contract(network.network.contracts.Flow, network.context.chain.flow.interface, signer);
      const price: bigint = await network.context.chain.market.getFunction("pricePerSector")();
      const value = BigInt(shapeOf(bytes.length).padded) * price;
      await (await flow.getFunction("submit")({ ...submission, submitter: signer.address }, { value })).wait();
      const info = await eventually(() => even.getFileInfo(root, true), "the node sees the entry");
      const txSeq = info.tx.seq;
      const first = Math.floor(info.tx.startEntryIndex / 1024);
      expect(info.tx).to.deep.include({ dataMerkleRoot: root, size: bytes.length });
      expect(info.tx.merkleNodes.map(([, hash]) => hash)).to.deep.equal(
        submission?.data.nodes.map((node) => node.root),
      );
      expect(info).to.deep.include({ finalized: false, isCached: false });

      const holders = [even, odd, even].map((_, index) => ((first + index) % 2 === 0 ? even : odd));
      await holders[0]!.uploadSegmentByTxSeq(segments[0]!, txSeq);
      await holders[1]!.uploadSegmentsByTxSeq([segments[1]!], txSeq);
      // The third was there before its entry.
      await refused(holders[2]!.uploadSegments([segments[2]!]), "already uploaded and finalized");
      for (const node of [even, odd]) {
        await eventually(async () => (await node.getFileInfoByTxSeq(txSeq))?.finalized, "finalized");
        expect(await node.request({ method: "zgs_checkFileFinalized", params: [txSeq] })).to.equal(true);
        expect(await node.request({ method: "zgs_checkFileFinalized", params: [root] })).to.equal(true);
        const [flowRoot, length] = (await node.request({ method: "zgs_getFlowContext" })) as [string, number];
        expect(flowRoot).to.match(/^0x[0-9a-f]{64}$/);
        expect(length).to.be.at.least(info.tx.startEntryIndex + shapeOf(bytes.length).padded);
      }
      await refused(holders[0]!.uploadSegmentByTxSeq(segments[0]!, txSeq), "already uploaded and finalized");

      const chunks = shapeOf(bytes.length).sectors;
      for (const [index, node] of holders.entries()) {
        const end = Math.min(chunks, (index + 1) * 1024);
        const expected = sectorsOf(bytes, index);
        same(decoded(await node.downloadSegment(root, index * 1024, end)), expected);
        same(decoded(await node.downloadSegmentByTxSeq(txSeq, index * 1024, end)), expected);
        for (const given of [
          await node.downloadSegmentWithProof(root, index),
          await node.downloadSegmentWithProofByTxSeq(txSeq, index),
        ]) {
          same(decoded(given.data), expected);
          expect(given).to.deep.include({ root, index, fileSize: bytes.length });
          const { padded, paddedSegments } = shapeOf(bytes.length);
          const missing = Math.min(1024, padded - index * 1024) - expected.length / 256;
          const leaf = MemData.segmentRoot(expected, missing) as string;
          const proof = new Proof(given.proof.lemma, given.proof.path);
          expect(proof.validateHash(root, leaf, index, paddedSegments)).to.equal(null);
        }
      }

      // A sector's proof leads to the log's root as the chain has it.
      const sector = info.tx.startEntryIndex + 1030;
      const flowRoot: Hex = await flow.getFunction("getFlowRootByTxSeq")(txSeq);
      const { lemma, path } = await holders[1]!.getSectorProof(sector, flowRoot);
      expect(lemma[0]).to.equal(keccak256(bytes.subarray(1030 * 256, 1031 * 256)));
      let hash = fromHex(lemma[0]!);
      path.forEach((left, i) => {
        const sibling = fromHex(lemma[i + 1]!);
        hash = keccak(left ? concat(hash, sibling) : concat(sibling, hash));
        expect(left, `level ${i}`).to.equal(Math.floor(sector / 2 ** i) % 2 === 0);
      });
      expect(toHex(hash)).to.equal(flowRoot);
      expect(lemma.at(-1)).to.equal(flowRoot);
    },

    "gets errors in 0G's shape": async () => {
      const [node] = sdk.nodes(0) as [StorageNode];
      const unknown = toHex(keccak(randomPayload(32)));
      expect(await node.getFileInfo(unknown, true)).to.equal(null);
      expect(await node.getFileInfoByTxSeq(1_000_000)).to.equal(null);
      expect(await node.downloadSegment(unknown, 0, 1)).to.equal(null);
      await refused(node.request({ method: "zgs_getFileInfo", params: ["0x12", true] }));
      await refused(node.request({ method: "zgs_nothing", params: [] }));
    },
  });

  const located = (root: string) =>
    eventually(async () => {
      const found = await indexer.getFileLocations(root);
      return new Set(found.map(({ config }) => config.shardId)).size === 2 ? found : undefined;
    }, `the indexer knows who has ${root}`);
});

const sdkSigner = (signer: HDNodeWallet): SdkSigner => signer as unknown as SdkSigner;
const decoded = (segment: string): Uint8Array => Buffer.from(segment, "base64");

/** Segment `index` in whole sectors. */
function sectorsOf(bytes: Uint8Array, index: number): Uint8Array {
  const part = bytes.subarray(index * SEGMENT, (index + 1) * SEGMENT);
  const out = new Uint8Array(Math.ceil(part.length / 256) * 256);
  out.set(part);
  return out;
}

async function refused(call: Promise<unknown>, data?: string): Promise<void> {
  const error = await call.then(
    (value) => expect.fail(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason as { code?: number; message?: string; data?: unknown },
  );
  expect(error.code, error.message).to.be.a("number");
  if (data !== undefined) expect(`${error.message} ${JSON.stringify(error.data)}`).to.contain(data);
}
