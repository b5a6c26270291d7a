import { join } from "node:path";
import { expect } from "chai";
import type { ZgError } from "../../protocol/errors.ts";
import { concat, type Hex, toHex } from "../../protocol/hex.ts";
import { encodePayload } from "../../protocol/kv/payload.ts";
import { tagsOfStreams } from "../../protocol/kv/tags.ts";
import { type KvNode, openKvNode, QUERY_BYTES } from "../../tasks/lib/kvNode.ts";
import { readProven, readValue } from "../../tasks/lib/kvRead.ts";
import { awaitResult } from "../../tasks/lib/kvResult.ts";
import { uploader } from "../../tasks/lib/signer.ts";
import { bytesAs } from "../../tasks/lib/sources.ts";
import { openStorage, type StorageClient } from "../../tasks/lib/storage.ts";
import { upload } from "../../workers/uploader/index.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

/** What the `kv` tasks are made of, against a real node. */
describe("a stream, as the tasks see it", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let storage: StorageClient;
  let node: KvNode;
  const { signal } = new AbortController();
  const stream = toHex(randomPayload(32));
  const key = (text: string): Uint8Array => new TextEncoder().encode(text);
  const big = randomPayload(2 * QUERY_BYTES + 77);
  const versions: number[] = [];

  before(async () => {
    network = await startTestNetwork({
      ...{ storageNodes: 1, validators: 0, kvNodes: 1, embed: ["storage-0", "kv-0"], interval: 200 },
    });
    storage = await openStorage(network.network);
    // The first does not answer: the next one is asked.
    node = await openKvNode(storage.client, ["http://127.0.0.1:9", ...network.network.kvNodes], signal);
    for (const [name, value] of [
      ["a", key("one")],
      ["b", big],
      ["a", key("two")],
    ] as const) {
      const payload = encodePayload({ version: 2n ** 64n - 1n, writes: [{ stream, key: key(name), value }] });
      await upload({
        ...{ files: [bytesAs(name, payload)], tags: toHex(tagsOfStreams([stream])), again: true, replicas: 1, signal },
        ...{ wallet: uploader(network.network), urls: network.network.storageNodes, pollMs: 30 },
        ...{ chain: storage.chain, client: storage.client, log: storage.log, fromBlock: network.network.fromBlock },
        folder: join(network.data, "uploads"),
        fulfilled: async ([file]) => {
          versions.push(file?.txSeq ?? -1);
          expect(await awaitResult({ node, stream, txSeq: file?.txSeq ?? -1, signal })).to.equal("Commit");
        },
      });
    }
  });
  after(async () => {
    await storage?.close();
    await network?.stop();
  });

  const collect = async (
    name: string,
    version: number | undefined,
    read: (options: Parameters<typeof readValue>[0]) => Promise<{ version: number }>,
  ) => {
    const parts: Uint8Array[] = [];
    const onData = async (data: Uint8Array) => void parts.push(data);
    const found = await read({ node, stream, key: key(name), version, onSize: () => undefined, onData });
    return { ...found, bytes: concat(...parts) };
  };

  it("has values of any length, as they are and as they were", async () => {
    expect((await collect("a", undefined, readValue)).bytes).to.deep.equal(key("two"));
    expect(await collect("a", versions[0], readValue)).to.deep.include({ bytes: key("one"), version: versions[0] });
    expect((await collect("b", undefined, readValue)).bytes).to.deep.equal(big);
    const error = await collect("c", undefined, readValue).catch((thrown: ZgError) => thrown.code);
    expect(error).to.equal("UnknownId");
  });

  it("shows who wrote a value, and a node that makes one up is found out", async () => {
    const proved = (from: Pick<KvNode, "proven" | "value">) => (options: Parameters<typeof readValue>[0]) =>
      readProven({ ...options, node: from, chain: storage.chain });
    const found = await collect("b", undefined, proved(node));
    expect(found.bytes).to.deep.equal(big);
    expect(found.version).to.equal(versions[1]);
    const forging = (change: (part: NonNullable<Awaited<ReturnType<KvNode["proven"]>>>) => void): KvNode => ({
      ...node,
      proven: async (...asked) => {
        const part = await node.proven(...asked);
        if (part !== null) change(part);
        return part;
      },
    });
    const flip = (bytes: Uint8Array | undefined): void => bytes?.set([(bytes[9] ?? 0) ^ 1], 9);
    const earlier = (place: { number: number }): void => {
      place.number -= 1;
    };
    const lies: readonly (readonly [string, KvNode])[] = [
      ["BadResponse", forging((part) => flip(part.data))],
      ["BadProof", forging((part) => flip(part.pieces[0]?.data))],
      ["BadProof", forging((part) => earlier(part.entry.block))],
      ["BadProof", forging((part) => void part.pieces.pop())],
    ];
    for (const [code, liar] of lies) {
      expect(await collect("b", undefined, proved(liar)).catch((thrown: ZgError) => thrown.code)).to.equal(code);
    }
  });

  it("is walked both ways, and its writes follow each other in the order of the log", async () => {
    const walked: string[] = [];
    let from: Uint8Array | undefined;
    for (;;) {
      const next = await node.step(stream, { from, inclusive: false, reverse: true, length: 3 });
      if (next === null) break;
      walked.push(Buffer.from(next.key).toString());
      from = next.key;
    }
    expect(walked).to.deep.equal(["b", "a"]);
    const { changes, next } = await node.changes(stream, 0, 2, null);
    expect(changes.map(({ version }) => version)).to.deep.equal(versions.slice(0, 2));
    const rest = await node.changes(stream, next.txSeq, 10, next.afterKey);
    expect(rest.changes.map(({ version }) => version)).to.deep.equal(versions.slice(2));
  });

  it("of a network without a KV node, or a question that makes no sense, is a named error", async () => {
    const none = await openKvNode(storage.client, [], signal).catch((thrown: ZgError) => thrown.code);
    expect(none).to.equal("BadConfig");
    const wrong = await node.value("0x12" as Hex, key("a"), 0, 1).catch((thrown: ZgError) => thrown.code);
    expect(wrong).to.equal("BadRequest");
  });
});
