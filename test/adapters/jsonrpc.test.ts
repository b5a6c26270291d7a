import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { z } from "zod";
import { decodeBase64 } from "../../adapters/base64.ts";
import { type LongText, parseLongJson } from "../../adapters/json-long.ts";
import { createRpc, rpc, rpcError, rpcFailed, rpcInternal, rpcMethod } from "../../adapters/jsonrpc.ts";
import { silentLog } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("base64", () => {
  it("decodes what Node encodes, at every length", () => {
    for (let length = 0; length < 200; length++) {
      const data = randomBytes(length);
      expect(decodeBase64(Buffer.from(data.toString("base64")))?.equals(data), String(length)).to.equal(true);
    }
  });

  it("refuses what is not canonical", () => {
    const wrong = [
      "A",
      "AA",
      "AAA",
      "AA=A",
      "A===",
      "====",
      "AB==",
      "AAB=",
      "AA==AA==",
      "AA-_",
      "AA\n=",
      "AAA ",
      "é==",
    ];
    for (const text of wrong) expect(decodeBase64(Buffer.from(text)), text).to.equal(undefined);
  });
});

describe("JSON with long strings", () => {
  it("is what JSON.parse says, with bytes in the place of long strings", () => {
    const long = "a".repeat(5_000);
    const inner = { "b\\": 'x"y\\' };
    const escaped = `${long}\\"é`;
    const parsed = parseLongJson(bytes({ a: [1, long, inner], c: escaped, d: null })) as {
      a: [number, LongText, unknown];
      c: LongText;
    };
    expect(Buffer.from(parsed.a[1].bytes).toString()).to.equal(long);
    expect(Buffer.from(parsed.c.bytes).toString()).to.equal(escaped);
    expect(parsed.a[2]).to.deep.equal(inner);
  });

  it("agrees with JSON.parse on any value without long strings", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseLongJson(Buffer.from(text))).to.deep.equal(JSON.parse(text));
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it("refuses what is not JSON, what is deep, and what is crowded", () => {
    const wrong = ["", "{", '"', '"a', "[1,]", '{"a":"\\"}', "nul", "\u0000", '["\ud800', "[]]"];
    for (const text of wrong) expect(parseLongJson(Buffer.from(text)), text).to.equal(undefined);
    expect(parseLongJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).to.equal(undefined);
    expect(parseLongJson(Buffer.from(`${"[".repeat(17)}${"]".repeat(17)}`))).to.equal(undefined);
    expect(parseLongJson(Buffer.from("[".repeat(1_000_000)))).to.equal(undefined);
    expect(parseLongJson(bytes(Array.from({ length: 300_000 }, () => "abc")))).to.equal(undefined);
    expect(parseLongJson(Buffer.from(`["${"\\".repeat(3_001)}"]`))).to.equal(undefined);
  });
});

describe("a JSON-RPC server", () => {
  const errors: unknown[] = [];
  let runs = 0;
  const log = { ...silentLog, error: (about: unknown) => errors.push(about) } as unknown as typeof silentLog;
  const server = createRpc<{ factor: number }>(
    {
      times: rpcMethod({ n: rpc.u64, m: rpc.u64.nullish() }, ({ n, m }, { factor }: { factor: number }) =>
        Promise.resolve(n * (m ?? 1) * factor),
      ),
      size: rpcMethod({ data: rpc.base64(10_000) }, ({ data }) => data.length),
      sum: rpcMethod({ list: rpc.list(z.object({ n: rpc.u64 }), 3) }, ({ list }) =>
        list.reduce((sum, { n }) => sum + n, 0),
      ),
      nothing: rpcMethod({}, () => undefined),
      long: rpcMethod({}, () => {
        runs += 1;
        return "x".repeat(600);
      }),
      fail: rpcMethod({ how: z.string() }, ({ how }) => {
        if (how === "param") throw rpcError("root", "already uploaded and finalized");
        if (how === "internal") throw rpcInternal("data root and tx seq not match");
        if (how === "failed") throw rpcFailed("too many data writing: 16");
        if (how === "named") throw new ZgError("Pruned", { segment: 3 });
        throw new TypeError("secret");
      }),
    },
    { log, maxBatch: 4, maxBatchBytes: 1_000 },
  );
  const ask = async (body: unknown) => JSON.parse((await server.answer(bytes(body), { factor: 2 })).toString());
  const call = (method: string, params?: unknown) => ask({ jsonrpc: "2.0", id: 7, method, params });

  it("runs a method with its parameters in order, the last ones optional", async () => {
    expect(await call("times", [3, 4])).to.deep.equal({ jsonrpc: "2.0", id: 7, result: 24 });
    expect(await call("times", [3])).to.deep.equal({ jsonrpc: "2.0", id: 7, result: 6 });
    expect(await call("times", [3, null])).to.deep.equal({ jsonrpc: "2.0", id: 7, result: 6 });
    expect(await call("nothing")).to.deep.equal({ jsonrpc: "2.0", id: 7, result: null });
    expect(await call("nothing", null)).to.deep.equal({ jsonrpc: "2.0", id: 7, result: null });
    expect((await call("size", [randomBytes(9_000).toString("base64")])).result).to.equal(9_000);
  });

  it("names the parameter that is wrong, and why", async () => {
    const wrong: [string, unknown[], string, string][] = [
      ["times", [], "n", "missing"],
      ["times", [-1], "n", "Too small"],
      ["times", [1.5], "n", "expected int"],
      ["times", [2 ** 53], "n", "expected int"],
      ["times", ["1"], "n", "expected number"],
      ["times", [1, 2, 3], "params", "2 expected, 3 given"],
      ["size", ["AAA"], "data", "invalid base64"],
      ["size", ["A".repeat(13_340)], "data", "over 10000 bytes"],
      ["size", [5], "data", "expected base64"],
      ["sum", [[{ n: 1 }, { n: "x" }]], "list.1.n", "expected number"],
      ["sum", [[1, 2, 3, 4]], "list", "more than 3 elements"],
      ["fail", ["x".repeat(2_000)], "how", "expected string"],
    ];
    for (const [method, params, param, why] of wrong) {
      const { error } = await call(method, params);
      expect(error.code, method).to.equal(-32602);
      expect(error.message).to.equal(`Invalid params: ${param}`);
      expect(error.data).to.include(why);
    }
  });

  it("fails in the shapes of 0G's nodes, and tells nobody but the log what has no name", async () => {
    const param = { code: -32602, message: "Invalid params: root", data: "already uploaded and finalized" };
    expect((await call("fail", ["param"])).error).to.deep.equal(param);
    const internal = { code: -32603, message: "Internal error", data: "data root and tx seq not match" };
    expect((await call("fail", ["internal"])).error).to.deep.equal(internal);
    expect((await call("fail", ["failed"])).error).to.deep.equal({
      code: -32000,
      message: "too many data writing: 16",
    });
    expect((await call("fail", ["named"])).error).to.include({ code: -32000, data: "Pruned" });
    expect(errors).to.have.length(0);
    expect(JSON.stringify(await call("fail", ["other"]))).not.to.include("secret");
    expect(errors).to.have.length(1);
  });

  it("answers nonsense with the code for it", async () => {
    expect((await ask("{")).error.code).to.equal(-32700);
    for (const body of [1, "x", null, [], {}, { jsonrpc: "1.0", id: 1, method: "nothing" }, [[]], { method: 1 }])
      expect([-32600, -32700], JSON.stringify(body)).to.include([await ask(body)].flat()[0].error.code);
    for (const method of ["unknown", "__proto__", "constructor", "toString", ""])
      expect((await call(method)).error, method).to.deep.equal({ code: -32601, message: "Method not found" });
    expect((await call("times", { n: 1 })).error.code).to.equal(-32600);
    expect(await ask({ jsonrpc: "1.0", id: "mine" })).to.include({ id: "mine" });
  });

  it("answers a batch in its order, and refuses a long one", async () => {
    const one = (id: number) => ({ jsonrpc: "2.0", id, method: "times", params: [id] });
    const answers = await ask([one(1), 5, one(2)]);
    expect(answers.map((answer: { result?: number }) => answer.result)).to.deep.equal([2, undefined, 4]);
    expect((await ask([1, 2, 3, 4, 5].map(one))).error.code).to.equal(-32600);
  });

  it("begins nothing more of a batch when its answers are over the limit, and says how long each is when it is made", async () => {
    const long = (id: number) => ({ jsonrpc: "2.0", id, method: "long" });
    const made: number[] = [];
    const answer = await server.answer(bytes([1, 2, 3, 4].map(long)), { factor: 2 }, async (length) => {
      made.push(length);
    });
    const answers: { id: number; result?: string; error?: { code: number } }[] = JSON.parse(answer.toString());
    expect(answers.map(({ id }) => id)).to.deep.equal([1, 2, 3, 4]);
    expect(answers.map(({ result, error }) => result?.length ?? error?.code)).to.deep.equal([600, 600, -32011, -32011]);
    expect(runs).to.equal(2);
    expect(made.reduce((sum, length) => sum + length + 1, 1)).to.equal(answer.length);
  });

  it("lets others through between the requests of a batch", async () => {
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const nothing = { jsonrpc: "2.0", id: 1, method: "nothing" };
    await ask([nothing, nothing, nothing, nothing]);
    running = false;
    expect(turns).to.be.at.least(3);
  });
});
