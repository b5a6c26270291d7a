/** What a storage node answers about batches, over HTTP, from its own parts; its test may twist an answer. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ZgError } from "../../../../protocol/errors.ts";
import type { Hex } from "../../../../protocol/hex.ts";
import type { Shard } from "../../../../protocol/shard.ts";
import { type FakeAnswer, refusing } from "../../../fakes/fileNode.ts";
import type { TestNode } from "../node.ts";

export interface BatchServer {
  readonly url: string;
  readonly asked: string[];
  twist: (path: string, honest: FakeAnswer) => FakeAnswer;
  shard: Shard;
  close(): Promise<void>;
}

export const startBatchServer = async (node: () => TestNode): Promise<BatchServer> => {
  const answer = (path: string): Uint8Array => {
    if (path === "/") return Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, result: server.shard }));
    const [, id = "0x", what = "", row = ""] = /^\/batches\/(0x[0-9a-f]{64})\/(\w+)\/?(\d*)$/.exec(path) ?? [];
    if (what === "metadata") return node().serve.metadata(id as Hex);
    if (Number(row) % server.shard.numShard !== server.shard.shardId) throw new ZgError("NotInShard");
    return node().serve.row(id as Hex, Number(row));
  };
  const http = createServer((request, response) => {
    const { url: path = "/" } = request;
    request.resume();
    server.asked.push(path);
    let honest: FakeAnswer;
    try {
      honest = { status: 200, body: answer(path) };
    } catch (error) {
      honest = refusing(error instanceof ZgError ? error.code : "Internal");
    }
    const { status, body } = server.twist(path, honest);
    response.writeHead(status, { "content-length": body.length }).end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const server: BatchServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked: [],
    twist: (_, honest) => honest,
    shard: { shardId: 0, numShard: 1 },
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
};
