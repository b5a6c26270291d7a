import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { type HttpClient, openClient } from "../../../adapters/http-client.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { EXTENDED_ROW_BYTES, FRAME_ROW_BYTES } from "../../../protocol/params.ts";
import { cutFrame, nodeSource, validatorSource } from "../../../workers/retriever/source.ts";

const BATCH: Hex = `0x${"ba".repeat(32)}`;
const signal = new AbortController().signal;

describe("sources over HTTP", () => {
  let server: Server;
  let client: HttpClient;
  let url: string;
  let answers: Record<string, { status?: number; body: string | Uint8Array }> = {};
  const asked: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const { status = 200, body } = answers[request.url ?? ""] ?? {
        status: 404,
        body: JSON.stringify({ code: "NotFound" }),
      };
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = openClient();
  });
  after(() => {
    client.close();
    server.close();
  });
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: unknown) => (error instanceof ZgError ? error.code : String(error)),
    );

  it("asks a node for a range of rows, last row included", async () => {
    const frame = new Uint8Array(2 * FRAME_ROW_BYTES).fill(7);
    const path = `/batches/${BATCH}/columns/5?rows=3-4`;
    answers = { [path]: { body: frame } };
    const got = await nodeSource(client, url).column(BATCH, 5, { from: 3, to: 5 }, 9, signal);
    expect(asked.at(-1)).to.equal(path);
    expect(got.length).to.equal(frame.length);
  });

  it("asks a node for a whole row, and a validator for none", async () => {
    answers = { [`/batches/${BATCH}/rows/7`]: { body: new Uint8Array(EXTENDED_ROW_BYTES).fill(3) } };
    expect((await nodeSource(client, url).row(BATCH, 7, signal)).length).to.equal(EXTENDED_ROW_BYTES);
    expect(await codeOf(validatorSource(client, url).row(BATCH, 7, signal))).to.equal("NotFound");
  });

  it("refuses an answer longer than asked for before it is read", async () => {
    answers = { [`/batches/${BATCH}/columns/5?rows=0-0`]: { body: new Uint8Array(FRAME_ROW_BYTES + 1) } };
    const work = nodeSource(client, url).column(BATCH, 5, { from: 0, to: 1 }, 9, signal);
    expect(await codeOf(work)).to.equal("BadResponse");
  });

  it("cuts the rows out of a validator's whole column", async () => {
    const column = Uint8Array.from({ length: 4 * FRAME_ROW_BYTES }, (_, i) => Math.floor(i / FRAME_ROW_BYTES));
    answers = { [`/batches/${BATCH}/columns/9`]: { body: column } };
    const got = await validatorSource(client, url).column(BATCH, 9, { from: 1, to: 3 }, 4, signal);
    expect(new Set(got)).to.deep.equal(new Set([1, 2]));
    expect(() => cutFrame(column.subarray(1), { from: 0, to: 1 }, 4)).to.throw("LengthMismatch");
  });

  it("takes a validator's list of columns, and no list that is none", async () => {
    const path = `/batches/${BATCH}/columns`;
    answers = { [path]: { body: "[3,1,2]" } };
    expect(await validatorSource(client, url).columns(BATCH, signal)).to.deep.equal([3, 1, 2]);
    for (const body of ["[128]", "[-1]", "[1.5]", "{}", "null", JSON.stringify(Array(129).fill(1)), "not json"]) {
      answers = { [path]: { body } };
      expect(await codeOf(validatorSource(client, url).columns(BATCH, signal)), body).to.equal("BadResponse");
    }
  });

  it("takes a claim of the right form only, and keeps the node's own no", async () => {
    const path = `/blobs/${BATCH}`;
    const signer = validatorSource(client, url);
    answers = { [path]: { body: JSON.stringify({ batchId: BATCH, index: 1 }) } };
    expect(await signer.locate(BATCH, signal)).to.deep.equal({ batchId: BATCH, index: 1 });
    const node = nodeSource(client, url);
    answers = { [path]: { body: JSON.stringify({ batchId: BATCH, index: 2, state: "settled" }) } };
    expect(await node.locate(BATCH, signal)).to.deep.equal({ batchId: BATCH, index: 2 });
    for (const claim of [{ batchId: "0x12", index: 0 }, { batchId: BATCH, index: -1 }, { batchId: BATCH }, []]) {
      answers = { [path]: { body: JSON.stringify(claim) } };
      expect(await codeOf(node.locate(BATCH, signal))).to.equal("BadResponse");
    }
    answers = {};
    expect(await codeOf(node.locate(BATCH, signal))).to.equal("NotFound");
  });
});
