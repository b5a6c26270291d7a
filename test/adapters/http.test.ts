import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { z } from "zod";
import { createHttp, type Http, listenHttp } from "../../adapters/http.ts";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import { rejection } from "../fakes/errors.ts";

const LIMIT = 1_000;

describe("http server", () => {
  let app: Http;
  let url: string;
  let client: HttpClient;
  before(async () => {
    app = createHttp({ name: "test", log: silentLog, bodyLimit: LIMIT, requestTimeoutMs: 700 });
    app.post("/echo", async (request) => ({ length: (request.body as Buffer).length }));
    app.post("/json", { schema: { body: z.object({ n: z.number() }) } }, async (request) => request.body);
    app.get("/named", async () => {
      throw new ZgError("UnknownBatch", { batchId: "0x01" });
    });
    app.get("/bug", async () => {
      throw new Error("password is hunter2");
    });
    app.get("/id/:id", async (request) => request.params);
    url = await listenHttp(app, { port: 0 });
    client = openClient();
  });
  after(async () => {
    client.close();
    await app.close();
  });

  const ask = async (path: string, options: Partial<Parameters<HttpClient["request"]>[1]> = {}) => {
    const answer = await client.request(url + path, { maxBytes: 10_000, ...options });
    return { status: answer.status, body: JSON.parse(Buffer.from(answer.body).toString()), headers: answer.headers };
  };

  it("gives every error one shape and its own status", async () => {
    expect(await ask("/named")).to.deep.include({
      status: 425,
      body: {
        code: "UnknownBatch",
        message: new ZgError("UnknownBatch", { batchId: "0x01" }).message,
        fields: { batchId: "0x01" },
      },
    });
    const missing = await ask("/nothing/here?x=1");
    expect(missing.status).to.equal(404);
    expect(missing.body).to.deep.include({ code: "NotFound", fields: { method: "GET", path: "/nothing/here" } });
    expect(missing.headers["x-request-id"]).to.match(/^[0-9a-f-]{36}$/);
  });

  it("keeps what went wrong inside to itself", async () => {
    const { status, body } = await ask("/bug");
    expect(status).to.equal(500);
    expect(JSON.stringify(body)).to.not.contain("hunter2");
    expect(body.code).to.equal("Internal");
  });

  it("refuses a body over the limit, declared or not (A36)", async () => {
    const declared = await ask("/echo", { method: "POST", body: Buffer.alloc(LIMIT + 1) });
    expect(declared).to.deep.include({ status: 413 });
    expect(declared.body.code).to.equal("BlobTooLarge");
    expect((await ask("/echo", { method: "POST", body: Buffer.alloc(LIMIT) })).body).to.deep.equal({ length: LIMIT });
    const head =
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    const chunk = `400\r\n${"a".repeat(1024)}\r\n`;
    expect(await raw([head, chunk, chunk])).to.match(/^HTTP\/1.1 413/);
  });

  it("refuses compressed bodies before reading them (A37)", async () => {
    const bomb = gzipSync(Buffer.alloc(100_000));
    const { status, body } = await ask("/echo", {
      method: "POST",
      body: bomb.subarray(0, 900),
      headers: { "content-encoding": "gzip" },
    });
    expect(status).to.equal(415);
    expect(body.code).to.equal("UnsupportedEncoding");
  });

  it("refuses malformed and poisoned JSON (A37)", async () => {
    const json = (text: string) =>
      ask("/json", { method: "POST", body: Buffer.from(text), headers: { "content-type": "application/json" } });
    expect((await json('{"n": 1}')).status).to.equal(200);
    const bad = [
      '{"n":1,"__proto__":{"x":1}}',
      '{"n":1,"constructor":{"prototype":{}}}',
      "{",
      '{"n":"1"}',
      "[".repeat(900),
      '{"n":NaN}',
    ];
    for (const text of bad) {
      const { status, body } = await json(text);
      expect(status, text).to.equal(400);
      expect(body.code, text).to.equal("BadRequest");
    }
    expect((await ask("/id/%E0%A4%A")).status).to.equal(400);
    expect((await ask(`/id/${"x".repeat(500)}`)).status).to.be.within(400, 414);
  });

  it("ends slow headers and slow bodies, and goes on serving others (A36)", async () => {
    const slow = Array.from({ length: 50 }, (_, i) =>
      raw([
        i % 2 === 0
          ? "GET /named HTTP/1.1\r\nhost: x\r\nx-slow: "
          : "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 500\r\n\r\nabc",
      ]),
    );
    const began = performance.now();
    expect((await ask("/named")).status).to.equal(425);
    expect(performance.now() - began).to.be.lessThan(500);
    for (const answer of await Promise.all(slow)) expect(answer).to.match(/^HTTP\/1.1 408/);
  }).timeout(10_000);

  it("closes on nonsense", async () => {
    expect(await raw(["\0\0\0\0 nonsense\r\n\r\n"])).to.match(/^HTTP\/1.1 400/);
    expect(await raw([`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`])).to.match(/^HTTP\/1.1 431/);
    expect(await raw(["POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"])).to.match(/^HTTP\/1.1 400/);
  });

  /** Sends the parts and reads until the server closes. */
  const raw = async (parts: readonly string[]): Promise<string> => {
    const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", () => undefined);
    for (const part of parts) socket.write(part);
    await once(socket, "close");
    return answer;
  };
});

describe("http client", () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse, path: string) => void;
  const client = openClient({ deadlineMs: 400 });
  before(async () => {
    server = createServer((request, response) => answer(response, request.url ?? ""));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  });
  after(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  const bytes = (maxBytes = 100) => client.bytes(`${url}/x`, { maxBytes });

  it("returns bodies and parses JSON by its schema", async () => {
    answer = (response) => response.end(JSON.stringify({ n: 1 }));
    expect(Buffer.from(await bytes()).toString()).to.equal('{"n":1}');
    expect(await client.json(url, z.object({ n: z.number() }), { maxBytes: 100 })).to.deep.equal({ n: 1 });
    await rejection(client.json(url, z.object({ n: z.string() }), { maxBytes: 100 }), "BadResponse");
    answer = (response) => response.end("<html>");
    await rejection(client.json(url, z.unknown(), { maxBytes: 100 }), "BadResponse");
  });

  it("tells how much of a body is sent, and sends it whole", async () => {
    const body = randomBytes(1_000_003);
    answer = (response) => {
      const hash = createHash("sha256");
      response.req.on("data", (piece) => hash.update(piece)).on("end", () => response.end(hash.digest()));
    };
    const sent: number[] = [];
    const options = {
      method: "POST",
      body,
      maxBytes: 32,
      deadlineMs: 5_000,
      onSent: (n: number) => sent.push(n),
    } as const;
    const digest = await client.bytes(url, options);
    expect(Buffer.from(digest).equals(createHash("sha256").update(body).digest())).to.equal(true);
    expect(sent).to.deep.equal([0, 262_144, 524_288, 786_432, 1_000_003]);
  });

  it("refuses answers longer than expected, whatever they declare (A47)", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": 1e12 });
      response.flushHeaders();
    };
    await rejection(bytes(), "BadResponse");
    answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(1_000), () => setImmediate(more));
      };
      more();
    };
    await rejection(bytes(5_000), "BadResponse");
  });

  it("refuses answers that are cut short", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": 50 });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    };
    expect(["BadResponse", "NodeDown"]).to.include(((await bytes().catch((error: ZgError) => error)) as ZgError).code);
  });

  it("waits no longer than its deadline, for headers and for the body", async () => {
    answer = () => undefined;
    await rejection(bytes(), "Timeout");
    answer = (response) => {
      response.writeHead(200);
      response.write("a");
    };
    await rejection(bytes(), "Timeout");
  });

  it("stops when it is told to", async () => {
    answer = () => undefined;
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await rejection(client.bytes(url, { maxBytes: 1, signal: controller.signal }), "Stopping");
  });

  it("passes on a peer's named error, and only a known one", async () => {
    answer = (response) => {
      response.writeHead(425);
      response.end(
        JSON.stringify({ code: "UnknownBatch", message: "m", fields: { batchId: "0x1", nested: { a: 1 } } }),
      );
    };
    const named = await rejection(bytes(5), "UnknownBatch");
    expect(named.fields).to.deep.equal({ batchId: "0x1" });
    expect(named.retryable).to.equal(true);
    answer = (response) => {
      response.writeHead(500);
      response.end(JSON.stringify({ code: "__proto__", fields: 7 }));
    };
    await rejection(bytes(5), "BadResponse");
  });

  it("says that a peer is down", async () => {
    const error = await rejection(client.bytes("http://127.0.0.1:9/x", { maxBytes: 1 }), "NodeDown");
    expect(error.fields.why).to.equal("ECONNREFUSED");
    await rejection(client.bytes("file:///etc/passwd", { maxBytes: 1 }), "BadRequest");
    await rejection(client.bytes("not a url", { maxBytes: 1 }), "BadRequest");
  });

  it("follows no redirect (A38)", async () => {
    const paths: (string | undefined)[] = [];
    answer = (response) => {
      paths.push(response.req.url);
      response.writeHead(302, { location: `${url}/elsewhere` }).end();
    };
    await rejection(bytes(), "BadResponse");
    expect(paths).to.deep.equal(["/x"]);
  });

  it("connects to no address that it is told to leave alone, also behind a name (A38)", async () => {
    let served = 0;
    answer = (response) => {
      served += 1;
      response.end("ok");
    };
    const seen: string[] = [];
    const refusing = openClient({ mayReach: (address) => seen.push(address) === 0 });
    const allowing = openClient({ mayReach: () => true });
    const named = url.replace("127.0.0.1", "localhost");
    for (const at of [url, named]) {
      const error = await rejection(refusing.bytes(at, { maxBytes: 10 }), "NodeDown");
      expect(error.fields.why).to.equal("an address that is not public");
    }
    expect(served).to.equal(0);
    expect(seen).to.include("127.0.0.1");
    for (const at of [url, named]) await allowing.bytes(at, { maxBytes: 10 });
    expect(served).to.equal(2);
    for (const closed of [refusing, allowing]) closed.close();
  });

  it("asks again when a kept connection was closed under it", async () => {
    answer = (response) => response.end("ok");
    await bytes();
    // The server drops idle connections the moment they are used again.
    let drops = 1;
    answer = (response) => {
      if (drops-- > 0) response.socket?.resetAndDestroy();
      else response.end("ok");
    };
    expect(Buffer.from(await bytes()).toString()).to.equal("ok");
  });
});
