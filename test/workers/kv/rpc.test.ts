import { once } from "node:events";
import { request } from "node:http";
import { KvClient } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import fc from "fast-check";
import type { Http } from "../../../adapters/http.ts";
import { listenHttp } from "../../../adapters/http.ts";
import { silentLog } from "../../../adapters/log.ts";
import { createMetrics } from "../../../adapters/metrics.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { MAX_KEY_BYTES, MAX_QUERY_BYTES } from "../../../protocol/kv/limits.ts";
import { OPS, type Op } from "../../../protocol/kv/ops.ts";
import { encodePayload } from "../../../protocol/kv/payload.ts";
import { tagsOfStreams } from "../../../protocol/kv/tags.ts";
import { createKvHttp } from "../../../workers/kv/http.ts";
import { kvMethods } from "../../../workers/kv/rpc.ts";
import { rejection } from "../../fakes/errors.ts";
import { tempDir } from "../../fakes/temp.ts";
import { accountOf, keyOf, LATEST, streamOf } from "../../protocol/kv/sample.ts";
import { type Available, DA, hold, openNode, type Submitted, submitEvent, type TestNode } from "./node.ts";

const STREAM = streamOf("rpc");
const [admin, writer, stranger] = ["admin", "writer", "stranger"].map(accountOf) as [Hex, Hex, Hex];
const LONG = new Uint8Array(300_000).map((_, i) => i % 251);

const entry = (sender: Hex, writes: Record<string, string | Uint8Array>, ops: Op[] = []): Submitted => ({
  sender,
  tags: tagsOfStreams([STREAM]),
  payload: encodePayload({
    version: LATEST,
    writes: Object.entries(writes).map(([key, value]) => ({
      stream: STREAM,
      key: keyOf(key),
      value: typeof value === "string" ? keyOf(value) : value,
    })),
    ops,
  }),
});
const LOG: Submitted[] = [
  entry(admin, { a: "1", b: "2", c: "3", d: "4", long: LONG }, [
    { type: OPS.GRANT_WRITER_ROLE, stream: STREAM, account: writer },
    { type: OPS.SET_KEY_TO_SPECIAL, stream: STREAM, key: keyOf("b") },
    { type: OPS.GRANT_SPECIAL_WRITER_ROLE, stream: STREAM, key: keyOf("d"), account: writer },
  ]),
  entry(writer, { a: "one", e: "5" }),
  entry(admin, { c: "", long: "" }),
  entry(stranger, { a: "no" }),
  entry(writer, { a: "missing" }),
];

describe("the JSON-RPC of a KV node", () => {
  const dir = tempDir("kv-rpc");
  let node: TestNode;
  let app: Http;
  let url: string;
  let client: KvClient;
  before(async () => {
    const available: Available = new Map();
    for (const { payload } of LOG.slice(0, -1)) hold(available, payload);
    node = await openNode(dir.path, available);
    await node.apply(...LOG.map((each, txSeq) => submitEvent(each, txSeq, txSeq + 1)));
    await node.settle();
    app = createKvHttp({
      log: silentLog,
      methods: kvMethods({ db: node.db, prove: async () => null }),
      state: async () => ({}),
      metrics: createMetrics("kv"),
    });
    url = await listenHttp(app, { port: 0 });
    client = new KvClient(url);
  });
  after(async () => {
    await app.close();
    node.close();
    dir.remove();
  });

  const call = async (method: string, ...params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    expect(answer.status).to.equal(200);
    return (await answer.json()) as { result?: unknown; error?: { code: number; message: string; data?: string } };
  };
  const b64 = (text: string): string => Buffer.from(text).toString("base64");
  const text = (value: { data: string } | null): string => Buffer.from(value?.data ?? "?", "base64").toString();

  it("gives 0G's client the values of today and of any version", async () => {
    expect(text(await client.getValue(STREAM, keyOf("a")))).to.equal("one");
    expect((await client.getValue(STREAM, keyOf("a")))?.version).to.equal(1);
    expect(text(await client.getValue(STREAM, keyOf("a"), 0))).to.equal("1");
    expect(text(await client.getValue(STREAM, "0x62" as never))).to.equal("2");
  });

  it("says of a key never written, and of a deleted one, what 0G says: empty, with the version", async () => {
    expect(await client.get(STREAM, keyOf("none"), 0, 10)).to.deep.equal({ version: 0, data: "", size: 0 });
    expect(await client.get(streamOf("none"), keyOf("a"), 0, 10)).to.deep.equal({ version: 0, data: "", size: 0 });
    expect(await client.get(STREAM, keyOf("c"), 5, 10)).to.deep.equal({ version: 2, data: "", size: 0 });
    expect(await client.getValue(STREAM, keyOf("none"))).to.deep.equal({ version: 0, data: "", size: 0 });
    // JSON-RPC has no "nothing": a walk that ends answers null.
    expect((await call("kv_getNext", STREAM, b64("zzz"), 0, 0, false)).result).to.equal(null);
  });

  it("gives parts of values by start and length, of a length of at most one query", async () => {
    const long = keyOf("long");
    const first = await client.get(STREAM, long, 0, MAX_QUERY_BYTES, 0);
    const rest = await client.get(STREAM, long, MAX_QUERY_BYTES, MAX_QUERY_BYTES, 0);
    const whole = Buffer.concat([first, rest].map((part) => Buffer.from(part.data, "base64")));
    expect(toHex(whole)).to.equal(toHex(LONG));
    expect(first.size).to.equal(LONG.length);
    expect(await client.get(STREAM, long, 7, 0, 0)).to.deep.equal({ version: 0, data: "", size: LONG.length });
    expect((await client.get(STREAM, long, LONG.length, 1, 0)).data).to.equal("");
    const beyond = await call("kv_getValue", STREAM, b64("long"), LONG.length + 1, 1, 0);
    expect(beyond.error).to.deep.equal({
      ...{ code: -32602, message: "Invalid params: start_index" },
      data: "start index is greater than value length",
    });
    const tooLong = await call("kv_getValue", STREAM, b64("a"), 0, MAX_QUERY_BYTES + 1);
    expect(tooLong.error?.data).to.equal("query length too large");
  });

  it("ends the loop of 0G's client over a value longer than one query, which asks for starts that are not there", async () => {
    const error = await client.getValue(STREAM, keyOf("long"), 0).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(String((error as Error | undefined)?.message)).to.contain("Invalid params: start_index");
  });

  it("walks in the order of the keys, over what is deleted, both ways and at any version", async () => {
    const walk = async (reverse: boolean, version?: number): Promise<string[]> => {
      const iterator = client.newIterator(STREAM, version);
      const seen: string[] = [];
      await (reverse ? iterator.seekToLast() : iterator.seekToFirst());
      while (iterator.valid()) {
        seen.push(Buffer.from(iterator.getCurrentPair()?.key as Uint8Array).toString());
        await (reverse ? iterator.prev() : iterator.next());
      }
      return seen;
    };
    expect(await walk(false)).to.deep.equal(["a", "b", "d", "e"]);
    expect(await walk(true)).to.deep.equal(["e", "d", "b", "a"]);
    const iterator = client.newIterator(STREAM);
    await iterator.seekAfter(keyOf("c"));
    expect(text(iterator.getCurrentPair() as { data: string })).to.equal("4");
    await iterator.seekBefore(keyOf("c"));
    expect(text(iterator.getCurrentPair() as { data: string })).to.equal("2");
    // An inclusive step from a deleted key has to move on.
    expect(await client.getNext(STREAM, keyOf("c"), 0, 10, true)).to.include({ key: b64("d"), data: b64("4") });
    const first = await client.getFirst(STREAM, 0, 10, 0);
    expect(first).to.deep.equal({ version: 0, key: b64("a"), data: b64("1"), size: 1 });
  });

  it("tells results, streams, progress and rights", async () => {
    const results = await Promise.all([0, 3, 4, 9].map((txSeq) => client.getTransactionResult(txSeq)));
    expect(results).to.deep.equal(["Commit", "SenderNoWritePermission", "AwaitingData", null]);
    expect(await client.getHoldingStreamIds()).to.deep.equal([DA.stream, STREAM].sort());
    expect((await call("kv_getReplayProgress")).result).to.deep.equal({ appliedSeq: 4, firstTxSeq: null });
    expect((await call("kv_getReplayProgress", DA.stream)).result).to.deep.equal({ appliedSeq: 5, firstTxSeq: null });
    expect((await call("kv_getStatus")).result).to.equal(true);

    expect(await client.isAdmin(admin, STREAM)).to.equal(true);
    expect((await call("kv_isAdmin", writer, STREAM)).result).to.equal(false);
    expect(await client.isAdmin(DA.entrance, DA.stream)).to.equal(true);
    expect(await client.isWriterOfStream(writer, STREAM)).to.equal(true);
    expect(await client.isSpecialKey(STREAM, keyOf("b"))).to.equal(true);
    expect(await client.isWriterOfKey(writer, STREAM, keyOf("d"))).to.equal(true);
    expect(await client.hasWritePermission(writer, STREAM, keyOf("a"))).to.equal(true);
    expect(await client.hasWritePermission(writer, STREAM, keyOf("b"))).to.equal(false);
    expect(await client.hasWritePermission(stranger, STREAM, keyOf("a"))).to.equal(false);
    expect(await client.hasWritePermission(stranger, streamOf("new"), keyOf("a"))).to.equal(true);
  });

  it("tells what has changed, page by page, and where it stands still", async () => {
    const changes = async (from: number, limit: number, after: string | null = null) =>
      (await call("kv_getChanges", STREAM, from, limit, after)).result as {
        changes: { version: number; key: string; size: number; sender: Hex }[];
        next: { txSeq: number; afterKey: string | null };
        heldAt: number | null;
      };
    const seen: string[] = [];
    for (let at: { txSeq: number; afterKey: string | null } = { txSeq: 0, afterKey: null }; ; ) {
      const page = await changes(at.txSeq, 2, at.afterKey);
      seen.push(...page.changes.map(({ version, key, size }) => `${version} ${Buffer.from(key, "base64")} ${size}`));
      at = page.next;
      if (at.afterKey === null) {
        expect([at.txSeq, page.heldAt]).to.deep.equal([4, 4]);
        break;
      }
    }
    expect(seen).to.deep.equal([
      "0 a 1",
      "0 b 1",
      "0 c 1",
      "0 d 1",
      "0 long 300000",
      "1 a 3",
      "1 e 1",
      "2 c 0",
      "2 long 0",
    ]);
    expect((await changes(1, 1)).changes[0]?.sender).to.equal(writer);
  });

  it("lets a request wait while half-sent ones hold all the room, and cuts those off", async function () {
    this.timeout(20_000);
    // The room is that of four of the longest requests.
    const longest = Math.ceil(MAX_KEY_BYTES / 3) * 4 + 65_536;
    const halves = Array.from({ length: 4 }, () => {
      const headers = { "content-type": "application/json", "content-length": String(longest) };
      const sent = request(url, { method: "POST", headers }).on("error", () => undefined);
      sent.write(Buffer.alloc(longest - 10, " "));
      return sent;
    });
    await Promise.all(halves.map((half) => once(half, "drain")));
    expect((await call("kv_getStatus")).result).to.equal(true);
    for (const half of halves) half.destroy();
  });

  it("ends a walk over many keys without a value, says from where it may go on, and stops when nobody waits", async () => {
    const desert = streamOf("desert");
    const { sql } = node.db;
    sql.write(() => {
      for (let i = 0; i < 60_000; i++) {
        const key = keyOf(String(i).padStart(5, "0"));
        sql.run("INSERT INTO keys (stream, key) VALUES (?, ?)", desert, key);
      }
      sql.run("INSERT INTO vals SELECT id, 0, 0, 1 FROM keys WHERE stream = ? ORDER BY key DESC LIMIT 1", desert);
    });
    const { error } = await call("kv_getFirst", desert, 0, 0);
    expect(error).to.deep.equal({
      ...{ code: -32000, message: "too many keys without a value: go on from the key in data" },
      data: b64("49999"),
    });
    expect((await call("kv_getNext", desert, error?.data, 0, 0, false)).result).to.include({ key: b64("59999") });

    let asked = 0;
    const gone = (): boolean => {
      asked += 1;
      return asked === 3;
    };
    const { kv_getFirst: first } = kvMethods({ db: node.db, prove: async () => null });
    const values = { stream_id: desert, start_index: 0, len: 0, version: 0 };
    await rejection(first?.run(values as never, { hold: async () => undefined, gone }) as Promise<unknown>, "Stopping");
    expect(asked).to.equal(3);
    sql.write(() => {
      sql.run("DELETE FROM vals WHERE key_id IN (SELECT id FROM keys WHERE stream = ?)", desert);
      sql.run("DELETE FROM keys WHERE stream = ?", desert);
    });
  });

  it("refuses what is malformed by the parameter's name, in 0G's shape", async () => {
    const bad: [string, unknown[], string][] = [
      ["kv_getValue", ["0x12", b64("a"), 0, 1], "stream_id"],
      ["kv_getValue", [STREAM, "not base64", 0, 1], "key"],
      ["kv_getValue", [STREAM, "", 0, 1], "key"],
      ["kv_getValue", [STREAM, b64("a"), -1, 1], "start_index"],
      ["kv_getValue", [STREAM, b64("a"), 0, 1.5], "len"],
      ["kv_getValue", [STREAM, b64("a"), 0, 1, "x"], "version"],
      ["kv_getValue", [STREAM, b64("a"), 0], "len"],
      ["kv_getNext", [STREAM, b64("a"), 0, 1, 1], "inclusive"],
      ["kv_getTransactionResult", [{}], "tx_seq"],
      ["kv_IsAdmin", ["0x00", STREAM], "account"],
      ["kv_getChanges", [STREAM, 0, 1_001], "limit"],
    ];
    for (const [method, params, param] of bad) {
      const { error } = await call(method, ...params);
      expect(error?.code, `${method} ${param}`).to.equal(-32602);
      expect(error?.message, `${method} ${param}`).to.equal(`Invalid params: ${param}`);
    }
    expect((await call("kv_nothing")).error?.code).to.equal(-32601);
  });

  it("answers any parameters of any method with a result or a refusal, never an error of its own", async () => {
    const names = Object.keys(kvMethods({ db: node.db, prove: async () => null }));
    const value = fc.oneof(
      fc.constantFrom(STREAM, admin, b64("a"), b64("long"), 0, 1, 2 ** 53, 2 ** 64, 1e300, true, null, "7"),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const property = fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(value, { maxLength: 7 }),
      async (name, params) => {
        const { error } = await call(name, ...params);
        return error === undefined || error.code !== -32603;
      },
    );
    await fc.assert(property, { numRuns: 1_000 });
  });
});
