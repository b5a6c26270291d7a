import { expect } from "chai";
import { Contract, HDNodeWallet, JsonRpcProvider } from "ethers";
import { abiOf } from "../../adapters/abi.ts";
import { openClient } from "../../adapters/http-client.ts";
import { nodeClient } from "../../adapters/node-client.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { submissionOfBytes } from "../../protocol/flow.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { concat, type Hex, toHex } from "../../protocol/hex.ts";
import { encodePayload, type Transaction } from "../../protocol/kv/payload.ts";
import { type Piece, type ValueProof, verifyValue } from "../../protocol/kv/proof.ts";
import { tagsOfStreams, tagsOfVoid } from "../../protocol/kv/tags.ts";
import { decodeMetadata } from "../../protocol/metadata.ts";
import { SECTOR_BYTES } from "../../protocol/params.ts";
import { streamIdOf } from "../../protocol/stream.ts";
import { entryOf } from "../../workers/chain-entry.ts";
import { keyOf, LATEST } from "../protocol/kv/sample.ts";
import { rootOf } from "../workers/kv/node.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { eventually } from "./sdk.ts";

interface Written {
  readonly txSeq: number;
  readonly payload: Uint8Array;
}

/** Two KV nodes on storage nodes of one shard each: what they say is theirs, what they prove is the chain's. */
describe("streams on a network", function () {
  this.timeout(60_000);
  const client = openClient();
  let network: TestNetwork;
  let provider: JsonRpcProvider;
  let flow: Contract;
  let sender: Hex;
  const stream = toHex(randomPayload(32));
  before(async () => {
    network = await startTestNetwork({
      ...{ storageNodes: 2, validators: 0, kvNodes: 2, storage: { shards: 2 } },
      embed: ["storage-0", "storage-1", "kv-0", "kv-1"],
    });
    const { rpc, chainId, contracts } = network.network;
    provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 });
    const wallet = HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, "", "m/44'/60'/0'/0/9").connect(provider);
    sender = wallet.address.toLowerCase() as Hex;
    flow = new Contract(contracts.Flow, abiOf("Flow"), wallet);
  });
  after(async () => {
    client.close();
    provider?.destroy();
    await network?.stop();
  });

  const kv = async <T>(id: number, method: string, ...params: unknown[]): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(network.network.kvNodes[id] ?? "", { method: "POST", headers, body });
    const { result, error } = (await answer.json()) as { result: T; error?: unknown };
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  };
  /** The entry alone. */
  const submit = async (tags: Uint8Array, payload: Uint8Array): Promise<Written> => {
    const { length, nodes } = submissionOfBytes(payload);
    const submission = { data: { length, tags, nodes }, submitter: sender };
    const sent = await flow.getFunction("submit")(submission, { value: 10n ** 18n });
    const { logs } = await sent.wait();
    const txSeq = Number(flow.interface.parseLog(logs[0])?.args.submissionIndex ?? logs.at(-1));
    return { txSeq, payload };
  };
  /** The data, to the node that keeps its segments. */
  const bring = async ({ payload }: Written): Promise<void> => {
    const root = rootOf(payload);
    const padded = concat(payload, new Uint8Array((SECTOR_BYTES - (payload.length % SECTOR_BYTES)) % SECTOR_BYTES));
    await eventually(async () => {
      const puts = network.network.storageNodes.map((url) =>
        nodeClient(client, url).putSegment(root, payload.length, 0, padded),
      );
      const done = await Promise.allSettled(puts);
      return done.some(({ status }) => status === "fulfilled");
    }, `${root} is taken`);
  };
  const transaction = (content: Partial<Transaction>): Uint8Array => encodePayload({ version: LATEST, ...content });
  const write = async (values: Record<string, Uint8Array>): Promise<Written> => {
    const writes = Object.entries(values).map(([key, value]) => ({ stream, key: keyOf(key), value }));
    const written = await submit(tagsOfStreams([stream]), transaction({ writes }));
    await bring(written);
    return written;
  };
  const result = (id: number, { txSeq }: Written): Promise<string> =>
    eventually(async () => {
      const found = await kv<string | null>(id, "kv_getTransactionResult", txSeq);
      return found === null || found.startsWith("AwaitingData") ? undefined : found;
    }, `a result of ${txSeq}`);
  const b64 = (text: string): string => Buffer.from(text).toString("base64");

  it("proves to a reader who trusts the chain alone what was written, by whom and where", async () => {
    const value = randomPayload(40_000);
    const written = await write({ before: randomPayload(300), proved: value, after: randomPayload(10) });
    expect(await result(0, written)).to.equal("Commit");
    // The log goes on: the root is that after the entry, not today's.
    await write({ later: randomPayload(1_000) });

    interface Answer {
      readonly version: number;
      readonly data: string;
      readonly size: number;
      readonly values: number;
      readonly pieces: readonly (Omit<Piece, "data"> & { readonly data: string })[];
    }
    for (const [from, length] of [
      [0, value.length],
      [12_345, 500],
    ] as const) {
      const answer = await kv<Answer>(0, "kv_getValueWithProof", stream, b64("proved"), from, length);
      const { chain } = network.context;
      const logs = await chain.logs({ from: 0, to: await chain.head(), addresses: [chain.addresses.Flow] });
      const entries = logs.map((log) => chain.decode(log)).filter((event) => event?.name === "Submit");
      const entry = entries.map((event) => entryOf(event as never)).find(({ txSeq }) => txSeq === answer.version);
      if (entry === undefined) throw new Error("no such entry on chain");
      const flowRoot = await chain.flow.getFunction("getFlowRootByTxSeq")(answer.version);
      const proof: ValueProof = {
        values: answer.values,
        pieces: answer.pieces.map((piece) => ({ ...piece, data: Buffer.from(piece.data, "base64") })),
      };
      const query = { stream, key: keyOf("proved"), from, length };
      const proved = verifyValue({ ...entry, flowRoot }, query, proof);
      expect(Buffer.compare(proved.data, value.subarray(from, from + length))).to.equal(0);
      expect([proved.size, entry.sender, entry.txSeq]).to.deep.equal([value.length, sender, written.txSeq]);
    }
  });

  it("waits for data on one stream, lets its admin withdraw it, and takes back what a later withdrawal names", async () => {
    const first = await write({ k: keyOf("first") });
    const lost = await submit(
      tagsOfStreams([stream]),
      transaction({ writes: [{ stream, key: keyOf("k"), value: keyOf("lost") }] }),
    );
    const next = await write({ other: keyOf("next") });
    expect(await result(0, first)).to.equal("Commit");
    await eventually(async () => {
      const found = await kv<string | null>(0, "kv_getTransactionResult", next.txSeq);
      return found === `AwaitingData: stream: ${stream}, entry: ${lost.txSeq}`;
    }, "the stream waits");

    const elsewhere = toHex(randomPayload(32));
    const other = await submit(
      tagsOfStreams([elsewhere]),
      transaction({ writes: [{ stream: elsewhere, key: keyOf("k"), value: keyOf("goes on") }] }),
    );
    await bring(other);
    expect(await result(0, other)).to.equal("Commit");

    const withdrawal = await submit(tagsOfVoid(lost.txSeq), Uint8Array.of(1));
    expect(await result(0, withdrawal)).to.equal("Commit");
    expect(await result(0, lost)).to.equal("Voided");
    expect(await result(0, next)).to.equal("Commit");
    const revision = async (): Promise<number> =>
      (await kv<{ revision: number }>(0, "kv_getChanges", stream, 0, 10)).revision;
    const before = await revision();
    const second = await submit(tagsOfVoid(next.txSeq), Uint8Array.of(2));
    expect(await result(0, second)).to.equal("Commit");
    expect((await kv<{ size: number }>(0, "kv_getValue", stream, b64("other"), 0, 10)).size).to.equal(0);
    expect(await revision()).to.equal(before + 1);
  });

  it("is the same on every node", async () => {
    const last = await write({ k: keyOf("last") });
    for (const id of [0, 1]) expect(await result(id, last)).to.equal("Commit");
    const [one, two] = await Promise.all(
      [0, 1].map(async (id) => {
        const { changes } = await kv<{ changes: unknown[] }>(id, "kv_getChanges", stream, 0, 1_000);
        const results = Array.from({ length: last.txSeq + 1 }, (_, txSeq) => kv(id, "kv_getTransactionResults", txSeq));
        return { changes, results: await Promise.all(results) };
      }),
    );
    expect(one?.changes).to.have.length.above(4);
    expect(one).to.deep.equal(two);
  });
});

describe("the DA stream on a network", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork({ kvNodes: 1 });
  });
  after(() => network?.stop());

  it("says of a confirmed blob which batch it is in, and of the batch what it is", async () => {
    const id = await network.post(randomPayload(200_000));
    const { blobKey, batchId } = await network.until(id, ({ status }) => status === "FINALIZED");
    const { chain } = network.context;
    const stream = streamIdOf(BigInt(chain.chainId), chain.addresses.DAEntrance.toLowerCase() as Hex);
    const read = async (key: string): Promise<Buffer> => {
      const params = [stream, Buffer.from(key.slice(2), "hex").toString("base64"), 0, 262_144];
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "kv_getValue", params });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(network.network.kvNodes[0] ?? "", { method: "POST", headers, body });
      return Buffer.from(((await answer.json()) as { result: { data: string } }).result.data, "base64");
    };
    const place = await network.mineUntil(async () => {
      const found = await read(blobKey as string);
      return found.length > 0 && found;
    }, "the blob's place is in the stream");
    expect(toHex(place)).to.equal(`${batchId}00000000`);
    const { headers } = decodeMetadata(await read(batchId as string));
    expect(headers.map(blobKeyOf)).to.deep.equal([blobKey]);
  });
});
