import { Batcher, KvClient } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import type { HDNodeWallet } from "ethers";
import { toHex } from "../../protocol/hex.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { eventually, openSdk, quiet, type Sdk, same } from "./sdk.ts";
import { together } from "./together.ts";

const LATEST = Number.MAX_SAFE_INTEGER;
/** Of the client's access control, which it has no builder for: the payload takes them as they are. */
const GRANT_WRITER = 0x20;
const SET_SPECIAL = 0x10;

type Builder = Batcher["streamDataBuilder"];

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** @0gfoundation/0g-ts-sdk 1.2.8 as published: its batcher writes, its KV client and iterator read. */
describe("0G's key-value client, against a network of ours", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let sdk: Sdk;
  let kv: KvClient;
  let loud: () => void;
  before(async () => {
    loud = quiet();
    network = await startTestNetwork({
      ...{ storageNodes: 2, validators: 0, kvNodes: 1, storage: { shards: 2 } },
      embed: ["storage-0", "storage-1", "kv-0"],
    });
    sdk = openSdk(network);
    kv = new KvClient(network.network.kvNodes[0] ?? "");
  });
  after(async () => {
    loud?.();
    sdk?.close();
    await network?.stop();
  });

  /** One transaction: uploaded, and judged by the KV node. */
  const write = async (signer: HDNodeWallet, build: (builder: Builder) => void, version = LATEST) => {
    const batcher = new Batcher(version, sdk.nodes(0, 1), sdk.flow(signer), network.network.rpc);
    build(batcher.streamDataBuilder);
    // Never without options: the client would keep the tags in its own defaults.
    const [written, error] = await batcher.exec({ finalityRequired: true } as Parameters<Batcher["exec"]>[0]);
    if (error !== null) throw error;
    const { txSeq } = written as typeof written & { txSeq: number };
    const result = await eventually(async () => {
      const found = await kv.getTransactionResult(txSeq);
      return found?.startsWith("AwaitingData") ? undefined : found;
    }, `a result of ${txSeq}`);
    return { txSeq, result };
  };
  const data = (value: { data: string } | null): Uint8Array => Buffer.from(value?.data ?? "", "base64");

  together({
    "writes values and reads them back, of today and of before": async () => {
      const [stream, signer] = [toHex(randomPayload(32)), sdk.signer()];
      const large = randomPayload(200_000);
      const first = await write(signer, (builder) => {
        builder.set(stream, text("a"), text("one"));
        builder.set(stream, text("b"), large);
      });
      expect(first.result).to.equal("Commit");
      const second = await write(signer, (builder) => builder.set(stream, text("a"), text("two")));
      expect(second.result).to.equal("Commit");

      same(data(await kv.getValue(stream, text("a"))), text("two"));
      same(data(await kv.getValue(stream, text("a"), first.txSeq)), text("one"));
      same(data(await kv.getValue(stream, text("b"))), large);
      expect((await kv.getValue(stream, text("a")))?.version).to.equal(second.txSeq);
      expect((await kv.getValue(stream, text("b")))?.version).to.equal(first.txSeq);
      expect(await kv.getValue(stream, text("c"))).to.include({ data: "", size: 0 });
      const part = await kv.get(stream, text("b"), 1000, 500);
      same(data(part), large.subarray(1000, 1500));
      expect(part?.size).to.equal(large.length);
      expect(await kv.getHoldingStreamIds()).to.include(stream);
    },

    "walks a stream in both directions, as of any version": async () => {
      const [stream, signer] = [toHex(randomPayload(32)), sdk.signer()];
      const keys = ["a", "aa", "b", "c", "d"];
      const first = await write(signer, (builder) => {
        for (const key of ["c", "a", "d", "aa"]) builder.set(stream, text(key), text(`value of ${key}`));
      });
      await write(signer, (builder) => builder.set(stream, text("b"), text("value of b")));

      const walked = async (back: boolean, version?: number): Promise<string[]> => {
        const iterator = kv.newIterator(stream, version);
        const seen: string[] = [];
        expect(await (back ? iterator.seekToLast() : iterator.seekToFirst())).to.equal(null);
        while (iterator.valid()) {
          const pair = iterator.getCurrentPair();
          const key = Buffer.from(pair?.key as Uint8Array).toString();
          same(data(pair ?? null), text(`value of ${key}`));
          seen.push(key);
          expect(await (back ? iterator.prev() : iterator.next())).to.equal(null);
        }
        return seen;
      };
      expect(await walked(false)).to.deep.equal(keys);
      expect(await walked(true)).to.deep.equal([...keys].reverse());
      expect(await walked(false, first.txSeq)).to.deep.equal(["a", "aa", "c", "d"]);

      const iterator = kv.newIterator(stream);
      const at = () => Buffer.from((iterator.getCurrentPair()?.key ?? []) as Uint8Array).toString();
      for (const [seek, key, expected] of [
        ["seekAfter", "b", "b"],
        ["seekAfter", "bb", "c"],
        ["seekAfter", "e", ""],
        ["seekBefore", "bb", "b"],
        ["seekBefore", "a", "a"],
        ["seekBefore", "A", ""],
      ] as const) {
        await iterator[seek](text(key));
        expect(at(), `${seek} ${key}`).to.equal(expected);
      }
      const next = await kv.getNextWithValue(stream, text("aa"), false);
      same(data(next), text("value of b"));
    },

    "refuses a write on top of what its writer had not seen": async () => {
      const [stream, signer] = [toHex(randomPayload(32)), sdk.signer()];
      const first = await write(signer, (builder) => builder.set(stream, text("k"), text("1")));
      const second = await write(signer, (builder) => builder.set(stream, text("k"), text("2")), first.txSeq);
      const late = await write(signer, (builder) => builder.set(stream, text("k"), text("3")), first.txSeq);
      expect([first.result, second.result]).to.deep.equal(["Commit", "Commit"]);
      expect(late.result).to.match(/^VersionConfliction/);
      same(data(await kv.getValue(stream, text("k"))), text("2"));
    },

    "lets write who may, and says who that is": async () => {
      const [stream, admin, writer, stranger] = [toHex(randomPayload(32)), sdk.signer(), sdk.signer(), sdk.signer()];
      const key = text("shared");
      const special = text("special");
      const first = await write(admin, (builder) => {
        builder.set(stream, key, text("of the admin"));
        builder.controls.push(
          { Type: GRANT_WRITER, StreamId: stream, Account: writer.address, Key: undefined },
          { Type: SET_SPECIAL, StreamId: stream, Key: special, Account: undefined },
        );
      });
      expect(first.result).to.equal("Commit");
      expect(await kv.isAdmin(admin.address, stream)).to.equal(true);
      expect(await kv.isAdmin(writer.address, stream)).to.equal(false);
      expect(await kv.isWriterOfStream(writer.address, stream)).to.equal(true);
      expect(await kv.isSpecialKey(stream, special)).to.equal(true);
      expect(await kv.isSpecialKey(stream, key)).to.equal(false);
      expect(await kv.isWriterOfKey(writer.address, stream, special)).to.equal(false);
      expect(await kv.hasWritePermission(writer.address, stream, key)).to.equal(true);
      expect(await kv.hasWritePermission(writer.address, stream, special)).to.equal(false);
      expect(await kv.hasWritePermission(stranger.address, stream, key)).to.equal(false);

      const second = await write(writer, (builder) => builder.set(stream, key, text("of the writer")));
      expect(second.result).to.equal("Commit");
      const third = await write(writer, (builder) => builder.set(stream, special, text("of the writer")));
      expect(third.result).to.match(/^WritePermissionDenied/);
      const fourth = await write(stranger, (builder) => builder.set(stream, key, text("of nobody")));
      expect(fourth.result).to.match(/^SenderNoWritePermission/);
      same(data(await kv.getValue(stream, key)), text("of the writer"));
    },

    "writes two streams in one transaction": async () => {
      const [one, two, signer] = [toHex(randomPayload(32)), toHex(randomPayload(32)), sdk.signer()];
      const both = await write(signer, (builder) => {
        builder.set(one, text("k"), text("in one"));
        builder.set(two, text("k"), text("in two"));
      });
      expect(both.result).to.equal("Commit");
      same(data(await kv.getValue(one, text("k"))), text("in one"));
      same(data(await kv.getValue(two, text("k"))), text("in two"));
    },

    "says of a stream that was never written that there is nothing": async () => {
      const stream = toHex(randomPayload(32));
      expect(await kv.getValue(stream, text("k"))).to.include({ data: "", size: 0 });
      const iterator = kv.newIterator(stream);
      expect(await iterator.seekToFirst()).to.equal(null);
      expect(iterator.valid()).to.equal(false);
      expect(await kv.getTransactionResult(1_000_000)).to.equal(null);
    },
  });
});
