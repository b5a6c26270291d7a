import { request } from "node:http";
import { expect } from "chai";
import type { Compute } from "../../../adapters/compute.ts";
import { type Http, listenHttp } from "../../../adapters/http.ts";
import { openClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { createMetrics } from "../../../adapters/metrics.ts";
import { rowCoefficients } from "../../../protocol/challenge.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { concat, fromHex, word } from "../../../protocol/hex.ts";
import { createBlobProofs } from "../../../workers/storage/batches/blobProofs.ts";
import { viewOf } from "../../../workers/storage/batches/view.ts";
import { createStorageHttp } from "../../../workers/storage/http.ts";
import { rejection } from "../../fakes/errors.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { honest, wrongCommitment } from "../batches.ts";
import { allHalves, frame, halves, type Stored } from "../stored.ts";
import { CHAIN, FLOW, openEmptyLog } from "./files.ts";
import { openNode, type TestNode } from "./node.ts";

const ROW = 131_104;

describe("a storage node over HTTP", function () {
  this.timeout(60_000);
  let compute: Compute;
  let good: Stored;
  let node: TestNode;
  let files: Awaited<ReturnType<typeof openEmptyLog>>;
  let app: Http;
  let url: string;
  const client = openClient();
  const id = (stored = good) => stored.batch.facts.batchId;
  const put = (path: string, body: Uint8Array) =>
    client.bytes(`${url}/batches/${path}`, { method: "PUT", body, maxBytes: 4_096 });
  const get = (path: string, maxBytes = 2_000_000) => client.bytes(`${url}${path}`, { maxBytes });
  const json = async (path: string) => JSON.parse(Buffer.from(await get(path)).toString());

  before(async () => {
    compute = await sharedCompute();
    good = await honest();
  });
  beforeEach(async () => {
    node = await openNode({ compute });
    files = await openEmptyLog();
    const { intake, serve, shelf } = node;
    app = createStorageHttp({
      ...{ log: silentLog, intake, serve, metrics: createMetrics("test"), maxInFlight: 2 },
      blobProofs: createBlobProofs({ serve, compute }),
      view: (batchId) => viewOf(shelf, batchId),
      state: async () => ({ worker: "storage" }),
      ...{ store: files.store, chain: { chainId: CHAIN, flow: FLOW }, position: () => undefined },
    });
    url = await listenHttp(app, { port: 0 });
  });
  afterEach(async () => {
    await app.close();
    await files.close();
    await node.close();
  });
  after(() => client.close());

  /** A request written by hand, for lengths that no library would send. */
  const raw = (path: string, headers: Record<string, string | number>, body: Uint8Array, end = true) =>
    new Promise<{ status: number; code: string }>((resolve, reject) => {
      const sent = request(`${url}/batches/${path}`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", ...headers },
      });
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }));
      });
      sent.on("error", reject);
      sent.write(body);
      if (end) sent.end();
    });

  it("takes a batch, acknowledges it, and gives it out: metadata, columns, ranges, rows, state", async () => {
    await node.submit(good);
    await put(`${id()}/metadata`, good.batch.bytes);
    await put(`${id()}/rows/0`, halves(good, 0, 3));
    const early = await rejection(
      client.bytes(`${url}/batches/${id()}/stage`, { method: "POST", maxBytes: 4096 }),
      "NotStaged",
    );
    expect(early.fields).to.include({ rows: 3, rowCount: 4 });
    await put(`${id()}/rows/3`, halves(good, 3, 1));
    const staged = await client.bytes(`${url}/batches/${id()}/stage`, { method: "POST", maxBytes: 4096 });
    expect(JSON.parse(Buffer.from(staged).toString())).to.deep.equal({ batchId: id(), staged: true });
    expect(new Uint8Array(await get(`/batches/${id()}/metadata`))).to.deep.equal(good.batch.bytes);
    expect(new Uint8Array(await get(`/batches/${id()}/columns/90`))).to.deep.equal(frame(good, 90));
    const range = await get(`/batches/${id()}/columns/90?rows=1-2`);
    expect(new Uint8Array(range)).to.deep.equal(frame(good, 90).slice(2272, 3 * 2272));
    expect(new Uint8Array(await get(`/batches/${id()}/rows/2`))).to.deep.equal(
      good.matrix.extended.slice(2 * 262_144, 3 * 262_144),
    );
    expect(await json(`/batches/${id()}`)).to.include({ state: "staged", rows: 4, rowCount: 4 });
    const key = blobKeyOf(good.batch.metadata.headers[1]!);
    expect(await json(`/blobs/${key}`)).to.deep.equal({ batchId: id(), index: 1, state: "staged" });
    expect(await json("/status")).to.include({ worker: "storage" });
  });

  it("425 for a batch it has not seen, before the body is read", async () => {
    const answer = await raw(`${id()}/rows/0`, { "content-length": 16 * ROW }, new Uint8Array(10), false);
    expect(answer).to.deep.equal({ status: 425, code: "UnknownBatch" });
    await rejection(put(`${id()}/metadata`, good.batch.bytes), "UnknownBatch");
    await rejection(get(`/batches/${id()}/columns/0`), "UnknownBatch");
    expect((await json(`/batches/${id()}`)).state).to.equal("unknown");
  });

  it("A36: lengths that cannot be right are refused before the body is read", async () => {
    await node.submit(good);
    const some = new Uint8Array(10);
    const cases: [string, Record<string, string | number>, string][] = [
      [`${id()}/rows/0`, { "content-length": 17 * ROW }, "LengthMismatch"],
      [`${id()}/rows/0`, { "content-length": 5 * ROW }, "BadRequest"],
      [`${id()}/rows/0`, { "content-length": ROW - 1 }, "LengthMismatch"],
      [`${id()}/rows/0`, { "content-length": 2 ** 40 }, "LengthMismatch"],
      [`${id()}/rows/0`, { "transfer-encoding": "chunked" }, "LengthMismatch"],
      [`${id()}/metadata`, { "content-length": good.batch.bytes.length + 1 }, "LengthMismatch"],
      [`${id()}/metadata`, { "transfer-encoding": "chunked" }, "LengthMismatch"],
      [`${id()}/rows/0`, { "content-length": ROW, "content-encoding": "gzip" }, "UnsupportedEncoding"],
    ];
    for (const [path, headers, code] of cases) {
      expect((await raw(path, headers, some, false)).code, JSON.stringify(headers)).to.equal(code);
    }
    expect(viewOf(node.shelf, id())).to.include({ rows: 0, metadata: false });
  });

  it("A36: a body that is shorter than it said leaves nothing", async () => {
    await node.submit(good);
    await put(`${id()}/metadata`, good.batch.bytes);
    const sent = request(`${url}/batches/${id()}/rows/0`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream", "content-length": ROW },
    });
    const closed = new Promise((resolve) => sent.on("close", resolve));
    sent.on("error", () => undefined);
    sent.write(halves(good, 0, 1).subarray(0, 1000), () => sent.destroy());
    await closed;
    expect(viewOf(node.shelf, id()).rows).to.equal(0);
    await put(`${id()}/rows/0`, allHalves(good));
    expect(viewOf(node.shelf, id()).rows).to.equal(4);
  });

  it("A38: ids and numbers that are none are refused", async () => {
    await rejection(get("/batches/0x12/metadata"), "MalformedHex");
    await rejection(get("/blobs/..%2f..%2fetc"), "MalformedHex");
    await node.submit(good);
    await node.upload(good);
    await rejection(get(`/batches/${id()}/columns/128`), "BadRequest");
    await rejection(get(`/batches/${id()}/columns/-1`), "BadRequest");
    await rejection(get(`/batches/${id()}/columns/0?rows=2-1`), "BadRequest");
    await rejection(get(`/batches/${id()}/columns/0?rows=0-4`), "BadRequest");
    await rejection(get(`/batches/${id()}/columns/0?rows=0`), "BadRequest");
    await rejection(get(`/batches/${id()}/rows/4`), "BadRequest");
    await rejection(get(`/kv/${id()}`), "NotFound");
    await rejection(get(`/blobs/${id()}`), "NotFound");
  });

  it("a refusal is served by name, and kept", async () => {
    const bad = await wrongCommitment();
    await node.submit(bad);
    await put(`${id(bad)}/metadata`, bad.batch.bytes);
    await put(`${id(bad)}/rows/0`, allHalves(bad));
    const stage = () => client.request(`${url}/batches/${id(bad)}/stage`, { method: "POST", maxBytes: 4_096 });
    for (const answer of [await stage(), await stage()]) {
      expect(answer.status).to.equal(422);
      expect(JSON.parse(Buffer.from(answer.body).toString())).to.include({ code: "CommitmentMismatch" });
    }
    const view = await json(`/batches/${id(bad)}`);
    expect(view.state).to.equal("refused");
    const blob = blobKeyOf(bad.batch.metadata.headers[1]!);
    expect(view.refused).to.include({ code: "CommitmentMismatch", blob, final: true });
  });

  it("more uploads at once than it can hold are told to come back", async () => {
    await node.submit(good);
    await put(`${id()}/metadata`, good.batch.bytes);
    const row = halves(good, 0, 1);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => put(`${id()}/rows/0`, row)));
    const codes = outcomes.map((o) => (o.status === "fulfilled" ? "ok" : String(o.reason.code)));
    expect(codes).to.include("ok");
    expect(new Set(codes).size, codes.join()).to.equal(2);
    expect(codes).to.include("Busy");
    await put(`${id()}/rows/0`, row);
  });

  it("staging counts as work in flight", async () => {
    await node.submit(good);
    await put(`${id()}/metadata`, good.batch.bytes);
    await put(`${id()}/rows/0`, allHalves(good));
    const stage = () => client.bytes(`${url}/batches/${id()}/stage`, { method: "POST", maxBytes: 4_096 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, stage));
    const codes = outcomes.map((o) => (o.status === "fulfilled" ? "ok" : String(o.reason.code)));
    expect(new Set(codes), codes.join()).to.deep.equal(new Set(["ok", "Busy"]));
  });

  it("JSON-RPC on the base URL: a method, an unknown one, nonsense", async () => {
    const rpc = async (body: unknown) => {
      const bytes = await client.bytes(`${url}/`, { method: "POST", json: body, maxBytes: 4_096 });
      return JSON.parse(Buffer.from(bytes).toString());
    };
    const status = await rpc({ jsonrpc: "2.0", id: 7, method: "zgs_getStatus" });
    expect(status).to.deep.include({ jsonrpc: "2.0", id: 7 });
    expect(status.result).to.include({ connectedPeers: 0, nextTxSeq: 0 });
    expect((await rpc({ jsonrpc: "2.0", id: 7, method: "toString" })).error.code).to.equal(-32_601);
    expect((await rpc([{ jsonrpc: "2.0" }]))[0].error.code).to.equal(-32_600);
  });

  it("makes the column proofs of one blob alone when they are asked for", async () => {
    await node.submit(good);
    await node.upload(good);
    const { headers, segmentRoots } = good.batch.metadata;
    const header = headers[1] as (typeof headers)[number];
    const proofs = new Uint8Array(await get(`/batches/${id()}/blobs/1/proofs`));
    expect(proofs).to.have.length(6_144);
    // Blobs of 1, 2 and 1 rows: the second has rows 1 and 2.
    const own = { ...good.batch.metadata, headers: [header], segmentRoots: segmentRoots.slice(32, 96), proofs };
    const coefficients = concat(...rowCoefficients(header.dataRoot, 2).map((rho) => word(rho)));
    const alone = { batchRoot: header.dataRoot, metadata: own, combined: fromHex(header.commitment), coefficients };
    const bytes = new Uint8Array(await get(`/batches/${id()}/columns/90?rows=1-2`));
    expect(await compute.verifyColumn(alone, 90, bytes)).to.have.property("ok", true);
    expect(await compute.verifyColumn(alone, 91, bytes)).to.have.property("ok", false);
    expect(new Uint8Array(await get(`/batches/${id()}/blobs/1/proofs`))).to.deep.equal(proofs);
    await rejection(get(`/batches/${id()}/blobs/3/proofs`), "BadRequest");
  });
});
