import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

interface Call {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

/** A block of full calldata is about 2 MiB of hex; more is not a request but an accident. */
const BODY_LIMIT = 8 << 20;

/** JSON-RPC over HTTP on the loopback interface, batches included. */
export async function serveRpc(request: Request, port: number): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answer(request, incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  // Pollers keep their connection between two polls instead of opening one for each.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: Request, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await read(incoming);
  const calls = body === null ? null : parse(body);
  const reply =
    calls === null
      ? failure(null, -32700, "not JSON, or too long")
      : Array.isArray(calls)
        ? await Promise.all(calls.map((call) => one(request, call as Call)))
        : await one(request, calls as Call);
  outgoing.setHeader("content-type", "application/json");
  outgoing.end(JSON.stringify(reply));
}

async function read(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
  }
  return length > BODY_LIMIT ? null : Buffer.concat(chunks).toString("utf8");
}

function parse(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

async function one(request: Request, { id = null, method, params = [] }: Call): Promise<object> {
  if (typeof method !== "string" || !Array.isArray(params)) return failure(id, -32600, "not a JSON-RPC request");
  try {
    return { jsonrpc: "2.0", id, result: await request(method, params) };
  } catch (thrown) {
    const { code, message, data } = thrown as { code?: unknown; message?: string; data?: unknown };
    return failure(id, typeof code === "number" ? code : -32603, message ?? "internal error", revertData(data));
  }
}

/** Clients decode custom errors from `error.data` as plain hex, the way every node but Hardhat's sends it. */
function revertData(data: unknown): unknown {
  return typeof data === "object" && data !== null && "data" in data ? data.data : data;
}

function failure(id: unknown, code: number, message: string, data?: unknown): object {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data !== undefined && { data }) } };
}
