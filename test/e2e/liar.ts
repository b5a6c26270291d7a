/** A party of the network that lies: it keeps the address that everybody knows and asks the honest one behind it. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openKey } from "../../adapters/bls.ts";
import { partyKeys } from "../../devnet/keys.ts";
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
  /** Ends the honest one: what is left of the party is what `twist` says. */
  retire(): Promise<void>;
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
  let running = true;
  const retire = async (): Promise<void> => {
    if (running) await worker.stop();
    running = false;
  };
  // The same object, whose `twist` may be set at any time.
  const liar: Liar = Object.assign(door, {
    retire,
    stop: async () => {
      await close();
      await retire();
    },
  });
  network.workers.set(name, { stop: () => liar.stop() });
  return liar;
}

/** What a validator says that signs without a look: its key is all it takes. */
export const signingAnything =
  ({ context, data }: TestNetwork, name: string): Twist =>
  async ({ path }, honest) => {
    const [, batchId] = /^\/batches\/(0x[0-9a-f]+)\/attestation$/.exec(path) ?? [];
    if (batchId === undefined) return honest;
    const { entrance, provider } = context.chain;
    const record = await entrance.getFunction("record").staticCall(batchId);
    const message = await entrance.getFunction("messageOf").staticCall(batchId);
    const seed = (await provider.getBlock(Number(record.submitBlock)))?.hash;
    const signature = openKey((await partyKeys(data, name)).bls).sign(message);
    const answer = { batchId, signature, seed, epoch: Number(record.epoch), slot: 0 };
    return { status: 200, type: "application/json", body: Buffer.from(JSON.stringify(answer)) };
  };

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
    retire: async () => undefined,
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
      const honest = await ask(`${behind}${path}`, init as RequestInit);
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

/** What the honest one says; 503 when there is none. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
  const reply = await fetch(url, init).catch(() => null);
  if (reply === null) return refusal(503, "NodeDown");
  const type = reply.headers.get("content-type") ?? "application/octet-stream";
  return { status: reply.status, type, body: Buffer.from(await reply.arrayBuffer()) };
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
