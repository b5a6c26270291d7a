import { connect } from "node:net";
import { Readable } from "node:stream";
import { expect } from "chai";
import { type Http, listenHttp } from "../../../adapters/http.ts";
import { silentLog } from "../../../adapters/log.ts";
import { createMetrics } from "../../../adapters/metrics.ts";
import { MAX_BLOB_BYTES } from "../../../protocol/params.ts";
import { createDisperserHttp } from "../../../workers/disperser/http.ts";
import { createService } from "../../../workers/disperser/service.ts";
import { keys } from "../../../workers/records.ts";
import { type MemoryBucket, memoryBucket } from "../../fakes/memoryBucket.ts";
import { encodedOf, hashOf } from "../facts.ts";

describe("the disperser over HTTP", () => {
  let app: Http;
  let url: string;
  let bucket: MemoryBucket;
  const serve = async (maxHeld: number) => {
    bucket = memoryBucket();
    // Redis is away for all of these.
    const service = createService({ bucket, enqueue: async () => false, now: () => 7, copies: 2, maxHeld });
    app = await createDisperserHttp({
      log: silentLog,
      service,
      metrics: createMetrics("test"),
      state: async () => ({}),
    });
    url = await listenHttp(app, { port: 0 });
  };
  const stop = async () => {
    app.server.closeAllConnections();
    await app.close();
  };
  beforeEach(() => serve(2 * MAX_BLOB_BYTES));
  afterEach(stop);

  const post = (body: Buffer | ReadableStream | string, query = "", headers: Record<string, string> = {}) =>
    fetch(`${url}/blobs${query}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/octet-stream", ...headers },
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    });
  const refused = async (answer: Promise<Response>, status: number, code: string) => {
    const response = await answer;
    const body = await response.text();
    expect(response.status, body).to.equal(status);
    expect(JSON.parse(body).code).to.equal(code);
    expect(bucket.objects.size, "nothing is left behind (A35)").to.equal(0);
  };
  /** A request written by hand, for what a client library would not send. */
  const raw = (head: string, ...chunks: Buffer[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
        socket.write(`POST /blobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n${head}\r\n\r\n`);
        for (const chunk of chunks) socket.write(chunk);
        if (chunks.length > 0) socket.end();
      });
      let answer = "";
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(answer));
    });

  it("answers 202 when rows and record are durable, with or without Redis (A41)", async () => {
    const response = await post("hello", `?salt=${hashOf("salt")}`);
    expect(response.status).to.equal(202);
    const { requestId, status } = (await response.json()) as { requestId: `0x${string}`; status: string };
    expect(status).to.equal("PROCESSING");
    expect([...bucket.objects.keys()]).to.have.members([
      keys.rows(requestId),
      keys.accepted(requestId),
      keys.pending(requestId),
    ]);
    const view = (await (await fetch(`${url}/blobs/${requestId}`)).json()) as Record<string, unknown>;
    expect(view).to.include({ requestId, status: "PROCESSING", length: 5, rows: 1 });
  });

  it("finds a blob by its blobKey, in either case of the digits", async () => {
    const { requestId } = (await (await post("hello")).json()) as { requestId: `0x${string}` };
    const encoded = encodedOf("hello", { requestId });
    await bucket.put(keys.encoded(requestId), Buffer.from(JSON.stringify(encoded)));
    await bucket.put(keys.byBlobKey(encoded.blobKey), Buffer.from(requestId));
    const response = await fetch(`${url}/blobs/0x${encoded.blobKey.slice(2).toUpperCase()}`);
    expect(await response.json()).to.include({ requestId, blobKey: encoded.blobKey, status: "ENCODED" });
  });

  it("refuses an empty blob", () => refused(post(""), 400, "EmptyBlob"));
  it("refuses a blob that is one byte too long, by its declared length", () =>
    refused(post(Buffer.alloc(MAX_BLOB_BYTES + 1)), 413, "BlobTooLarge"));
  it("refuses an endless body without a declared length as soon as it is too long (A36)", async () => {
    const chunk = Buffer.alloc(1 << 20);
    let sent = 0;
    const endless = new Readable({
      read() {
        sent += 1;
        this.push(sent > 40 ? null : chunk);
      },
    });
    await refused(post(Readable.toWeb(endless) as ReadableStream), 413, "BlobTooLarge");
  });
  it("takes no memory for a length that is only announced, and leaves nothing when the body ends early", async () => {
    await raw(`content-length: ${MAX_BLOB_BYTES}`, Buffer.from("short"));
    expect(bucket.objects.size).to.equal(0);
  });
  it("refuses an announced length over the limit without waiting for the body", async () => {
    const answer = raw(`content-length: ${MAX_BLOB_BYTES + 1}\r\nconnection: close`, Buffer.alloc(1));
    expect(await answer).to.match(/^HTTP\/1\.1 413[\s\S]*BlobTooLarge/);
  });
  it("refuses compressed bodies (A37)", () =>
    refused(post("hello", "", { "content-encoding": "gzip" }), 415, "UnsupportedEncoding"));
  it("refuses malformed hex by name", async () => {
    await refused(post("hello", "?salt=0x12"), 400, "MalformedHex");
    await refused(post("hello", "?account=me"), 400, "MalformedHex");
    await refused(fetch(`${url}/blobs/0xzz`), 400, "MalformedHex");
  });
  for (const id of ["..%2f..%2fetc", "%00", "0x", `0x${"0".repeat(65)}`]) {
    it(`refuses the id ${id} (A38)`, () => refused(fetch(`${url}/blobs/${id}`), 400, "MalformedHex"));
  }
  it("knows no unknown id", () => refused(fetch(`${url}/blobs/${hashOf("nobody")}`), 404, "UnknownId"));

  it("holds no more bytes in memory than it may, and slow senders do not stop quick ones (A36)", async () => {
    await stop();
    await serve(100);
    const open = [90, ...Array(30).fill(0)].map((bytes) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      const head = "POST /blobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n";
      socket.write(`${head}content-length: 1000\r\n\r\n${"a".repeat(bytes)}`);
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await refused(post("eleven byte"), 503, "Busy");
    expect((await post("ten bytes!")).status).to.equal(202);
    for (const socket of open) socket.destroy();
  });

  it("serves metrics and its own description", async () => {
    await post("hello");
    expect(await (await fetch(`${url}/metrics`)).text()).to.contain('zg_disperse_bytes_total{party="test"} 5');
    const docs = (await (await fetch(`${url}/docs/json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(docs.paths)).to.have.members(["/blobs", "/blobs/{id}", "/status"]);
  });
});
