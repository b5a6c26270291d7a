import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { openBucket } from "../adapters/bucket.ts";
import { packBlob } from "../protocol/blob.ts";
import type { Hex } from "../protocol/hex.ts";
import { keccakHex } from "../protocol/keccak.ts";
import { MAX_BLOB_BYTES } from "../protocol/params.ts";
import { createAccept } from "../workers/disperser/accept.ts";
import { readBody } from "../workers/disperser/body.ts";
import { compare, longestBlock, report } from "./measure.ts";

// The largest body over HTTP into a bucket; whoever sends it has a thread of its own, and so an event loop of its own.
const sender = new Worker(
  `const { parentPort } = require("node:worker_threads");
   const body = Buffer.alloc(${MAX_BLOB_BYTES}, 0xa5);
   parentPort.on("message", (url) =>
     fetch(url, { method: "POST", body }).then((answer) => answer.text()).then((text) => parentPort.postMessage(text)));`,
  { eval: true },
);
const folder = await mkdtemp(join(tmpdir(), "zg-bench-"));
const bucket = await openBucket(pathToFileURL(folder).href);
const accept = createAccept({ bucket, enqueue: async () => true, now: Date.now });
const account: Hex = `0x${"00".repeat(20)}`;
let salt = 0;

async function streamed(body: Readable): Promise<void> {
  const packed = await readBody(body, MAX_BLOB_BYTES, MAX_BLOB_BYTES, () => undefined);
  await accept({ ...packed, account, salt: nextSalt() });
}
async function atTheEnd(body: Readable): Promise<void> {
  const payload = Buffer.concat(await body.toArray());
  const packed = { length: payload.length, payloadHash: keccakHex(payload), rows: [packBlob(payload)] };
  await accept({ ...packed, account, salt: nextSalt() });
}
const nextSalt = (): Hex => `0x${(++salt).toString(16).padStart(64, "0")}`;

let take = streamed;
const server = createServer((request, response) => take(request).then(() => response.end("taken")));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };
const send = (how: typeof take) =>
  longestBlock(async () => {
    take = how;
    sender.postMessage(`http://127.0.0.1:${port}`);
    await new Promise((resolve) => sender.once("message", resolve));
  });

const ours = { what: "hashed and packed chunk by chunk", run: () => send(streamed) };
const peer = { what: "hashed and packed when all of it is there", run: () => send(atTheEnd) };
const times = await compare(ours, peer, 5, null);
report("body", "longest block of the event loop by a body of 32,505,852 bytes, until it is durable", ours, peer, times);
server.close();
await sender.terminate();
await rm(folder, { recursive: true });
