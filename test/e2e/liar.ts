/** A party of the network that lies: it keeps the address that everybody knows and asks the honest one behind it. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startWorker } from "../../devnet/parties.ts";
import type { Context, Running } from "../../workers/context.ts";
import type { TestNetwork } from "./harness.ts";

export interface Answer {
  status: number;
  type: string;
  body: Buffer;
}
/** What becomes of an answer; null: none ever comes. */
export type Twist = (
  request: { method: string; path: string },
  honest: Answer,
) => Answer | null | Promise<Answer | null>;

export const honestly: Twist = (_, answer) => answer;
/** The column that is asked for, or undefined. */
export const columnOf = (path: string): number | undefined => {
  const found = /^\/batches\/0x[0-9a-f]+\/columns\/(\d+)/.exec(path);
  return found === null ? undefined : Number(found[1]);
};
/** Says "not found" to every column that the condition takes away. */
export const withholding =
  (hidden: (column: number) => boolean): Twist =>
  ({ path }, answer) => {
    const column = columnOf(path);
    return column === undefined || !hidden(column) ? answer : refusal(404, "NotFound");
  };
export const refusal = (status: number, code: string): Answer => ({
  status,
  type: "application/json",
  body: Buffer.from(JSON.stringify({ code, message: code, fields: {} })),
});

export interface Liar {
  twist: Twist;
  readonly url: string;
  /** The honest one behind it. */
  readonly behind: string;
  stop(): Promise<void>;
}

/** Puts a liar before a worker: `name` is "storage-0" or "validator-3". It begins honest. */
export async function startLiar(network: TestNetwork, name: string): Promise<Liar> {
  const [kind = "", id = "0"] = name.split("-");
  const part = kind === "storage" ? "storageNodes" : "validators";
  const urls = network.network[part];
  const known = urls[Number(id)] as string;
  await network.workers.get(name)?.stop();
  const behind = `http://127.0.0.1:${await freePort()}`;
  const moved = urls.map((url, i) => (i === Number(id) ? behind : url));
  const worker = await startIn(network, name, { [part]: moved });
  const door = await startDoor(behind, known);
  const close = door.stop;
  // The same object, whose `twist` may be set at any time.
  const liar: Liar = Object.assign(door, {
    stop: async () => {
      await close();
      await worker.stop();
    },
  });
  network.workers.set(name, { stop: () => liar.stop() });
  return liar;
}

/** Starts a worker that sees the network otherwise than all others do. */
export async function startIn(
  network: TestNetwork,
  name: string,
  view: Partial<TestNetwork["network"]>,
): Promise<Running> {
  const context: Context = { ...network.context, network: { ...network.network, ...view } };
  return startWorker(context, network.data, name);
}

/** A party by another address: who alone is given it is known by it. Begins honest. */
export async function startDoor(behind: string, url?: string): Promise<Liar> {
  const { hostname, port } = new URL(url ?? `http://127.0.0.1:${await freePort()}`);
  const door: Liar = {
    twist: honestly,
    url: `http://${hostname}:${port}`,
    behind,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    const relay = async (): Promise<void> => {
      const { method = "GET", url: path = "/" } = request;
      const body = await bytesOf(request);
      const type = request.headers["content-type"];
      const init = { method, headers: type ? { "content-type": type } : {}, body: method === "GET" ? null : body };
      const reply = await fetch(`${behind}${path}`, init as RequestInit);
      const honest = {
        status: reply.status,
        type: reply.headers.get("content-type") ?? "application/octet-stream",
        body: Buffer.from(await reply.arrayBuffer()),
      };
      const answer = await door.twist({ method, path }, honest);
      // Silence: the connection stays open until the asker gives up.
      if (answer === null) return;
      response.writeHead(answer.status, { "content-type": answer.type, "content-length": answer.body.length });
      response.end(answer.body);
    };
    relay().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(Number(port), hostname, resolve));
  return door;
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
