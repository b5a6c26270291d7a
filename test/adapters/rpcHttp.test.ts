import { request } from "node:http";
import { expect } from "chai";
import { createAnswers } from "../../adapters/answers.ts";
import { createBodies } from "../../adapters/body.ts";
import { createHttp, type Http, listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { createRpc, rpc, rpcMethod } from "../../adapters/jsonrpc.ts";
import { silentLog } from "../../adapters/log.ts";
import { type RpcCall, serveRpc } from "../../adapters/rpc-http.ts";
import { gate, until } from "../fakes/wait.ts";

const LIMIT = 100_000;
const ROOM = 150_000;
/** More than the sockets of both ends take. */
const BIG = 20_000_000;

describe("JSON-RPC over HTTP", () => {
  const client = openClient();
  const bodies = createBodies(ROOM, { waitMs: 300 });
  const answers = createAnswers(BIG + 5_000_000, { waitMs: 10_000, leaveMs: 500 });
  let held = gate();
  let app: Http;
  let url: string;
  before(async () => {
    app = createHttp({ name: "test", log: silentLog, bodyLimit: 1_000 });
    const server = createRpc<RpcCall>(
      {
        length: rpcMethod({ data: rpc.base64(LIMIT) }, ({ data }) => data.length),
        wait: rpcMethod({ data: rpc.base64(LIMIT) }, () => held.opened.then(() => "waited")),
        many: rpcMethod({ bytes: rpc.u64 }, async ({ bytes }, call: RpcCall) => {
          await call.hold(bytes);
          return "x".repeat(bytes);
        }),
        unheld: rpcMethod({ bytes: rpc.u64 }, ({ bytes }) => "x".repeat(bytes)),
      },
      { log: silentLog },
    );
    serveRpc(app, { rpc: server, bodies, answers, limit: LIMIT });
    url = await listenHttp(app, { port: 0 });
  });
  after(async () => {
    client.close();
    await app.close();
  });

  const ask = async (method: string, params: unknown[], maxBytes = 3_000_000) => {
    const json = { jsonrpc: "2.0", id: 1, method, params };
    const answer = await client.request(url, { method: "POST", json, maxBytes });
    return { status: answer.status, ...JSON.parse(Buffer.from(answer.body).toString()) };
  };
  const data = (bytes: number): string => Buffer.alloc(bytes).toString("base64");

  it("takes a long body and answers with status 200", async () => {
    expect(await ask("length", [data(60_000)])).to.deep.equal({ status: 200, jsonrpc: "2.0", id: 1, result: 60_000 });
    expect(bodies.held()).to.equal(0);
  });

  it("says of a body over the limit that it is too big, in words a client understands", async () => {
    const { status, error } = await ask("length", [data(80_000)]);
    expect({ status, ...error }).to.include({ status: 200, code: -32007, message: "Request is too big" });
    expect(error.data).to.include(String(LIMIT));
  });

  it("lets requests wait for room, and tells them to come back when there is none", async () => {
    const waiting = Array.from({ length: 3 }, () => ask("wait", [data(70_000)]));
    await until("the room is used up", () => bodies.held() > ROOM);
    const { status, error } = await ask("length", [data(70_000)]);
    expect(status).to.equal(200);
    expect(error.message).to.include("too many data writing");
    held.open();
    const outcomes = await Promise.all(waiting);
    expect(outcomes.filter(({ result }) => result === "waited").length).to.be.at.least(2);
    held = gate();
    expect(bodies.held()).to.equal(0);
  });

  it("holds no more of its answers than there is room for, and cuts off who does not take his", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "many", params: [BIG] });
    const greedy = Array.from({ length: 4 }, () => {
      const sent = request(url, { method: "POST", headers: { "content-type": "application/json" } });
      // Answers are never read.
      sent.on("response", () => undefined).on("error", () => undefined);
      sent.end(body);
      return sent;
    });
    await until("answers are held", () => answers.held() >= BIG);
    expect(answers.held()).to.be.at.most(2 * BIG + 5_000_000);
    expect((await ask("many", [1_000])).result).to.have.length(1_000);
    await until("all of them are gone", () => answers.held() === 0);
    for (const sent of greedy) sent.destroy();
  });

  it("counts what a method has not held itself, in a batch, too, but for short answers", async () => {
    const half = { jsonrpc: "2.0", id: 1, method: "unheld", params: [BIG / 2] };
    for (const body of [{ ...half, params: [BIG] }, [half, half]]) {
      const sent = request(url, { method: "POST", headers: { "content-type": "application/json" } });
      sent.on("response", () => undefined).on("error", () => undefined);
      sent.end(JSON.stringify(body));
      await until("the answer is held", () => answers.held() >= BIG);
      expect(answers.held()).to.be.at.most(BIG + 1_000);
      await until("it is cut off", () => answers.held() === 0);
      sent.destroy();
    }
    const short = await client.request(url, { method: "POST", json: { ...half, params: [100] }, maxBytes: 1_000 });
    expect(short.status).to.equal(200);
  });

  it("refuses other types of bodies, and none", async () => {
    const plain = await client.request(url, { method: "POST", body: Buffer.from("{}"), maxBytes: 1_000 });
    expect(plain.status).to.equal(400);
    const none = await client.request(url, { method: "POST", maxBytes: 1_000 });
    expect(none.status).to.be.within(200, 400);
  });
});
