import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StorageNode } from "@0gfoundation/0g-ts-sdk";
import { NonceManager, Wallet } from "ethers";
import { bytesSource } from "../adapters/file-source.ts";
import { openClient } from "../adapters/http-client.ts";
import { silentLog } from "../adapters/log.ts";
import { nodeClient } from "../adapters/node-client.ts";
import { DEVNET_MNEMONIC } from "../devnet/mnemonic.ts";
import { startNetwork } from "../devnet/network.ts";
import { rootOfSegments } from "../protocol/file.ts";
import { type Submission, submissionOfBytes } from "../protocol/flow.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { median, round } from "./measure.ts";
import { startNode } from "./node.ts";

// A storage node that has followed a chain with 100,000 entries, half of whose files are here, is stopped and started.
// Its peer is itself on its first start, when it has all of them to read from the chain.
const ENTRIES = 100_000;
/** Distinct files: each has that many entries a hundred times over, in the order in which they come. */
const FILES = 1_000;
const PER_TRANSACTION = 100;
const LIMIT_MS = 5_000;

const data = await mkdtemp(join(tmpdir(), "zg-bench-"));
const network = await startNetwork({
  ...{ data, interval: 0, storageNodes: 1, validators: 0, embed: [], log: silentLog },
});
const { chain } = network.context;
const [url = ""] = network.network.storageNodes;

const contents = Array.from({ length: FILES }, (_, i) => payloadOf(`file ${i}`, 1 + ((i * 37) % 2000)));
const files = contents.map(submissionOfBytes);
const wallet = new NonceManager(Wallet.fromPhrase(DEVNET_MNEMONIC).connect(chain.provider));
const submitter = await wallet.getAddress();
const price: bigint = await chain.market.getFunction("pricePerSector")();
const flow = chain.flow.connect(wallet);
const batch = (from: number): Submission[] =>
  Array.from({ length: PER_TRANSACTION }, (_, i) => files[(from + i) % FILES] as Submission);
const began = performance.now();
for (let from = 0; from < ENTRIES; from += PER_TRANSACTION) {
  const chosen = batch(from);
  const value = chosen.reduce((sum, { sectors }) => sum + BigInt(sectors) * price, 0n);
  const submissions = chosen.map(({ length, nodes }) => ({ data: { length, tags: "0x", nodes }, submitter }));
  const transaction = await flow.getFunction("batchSubmit")(submissions, { value, gasLimit: 16_700_000n });
  if ((from / PER_TRANSACTION) % 100 === 99) await transaction.wait();
}
console.log(`${ENTRIES} entries in ${round((performance.now() - began) / 1000)} s`);

const status = new StorageNode(url);
const seen = async (): Promise<number> => (await status.getStatus()).nextTxSeq;
const firstStart = await time(async () => {
  const node = await startNode(data, "storage-0");
  while ((await seen()) < ENTRIES) await pause(50);
  return node;
});
let { node } = firstStart;

const client = openClient();
const peer = nodeClient(client, url);
for (const bytes of contents.slice(0, FILES / 2)) {
  const source = bytesSource(bytes);
  const roots = await source.roots();
  const root = rootOfSegments(roots, source.shape);
  await peer.putRoots(root, bytes.length, roots);
  await peer.putSegment(root, bytes.length, 0, await source.segment(0));
}

const times: number[] = [];
let peak = 0;
for (let run = 0; run < 5; run++) {
  await node.stop();
  const again = await time(async () => {
    const started = await startNode(data, "storage-0");
    if ((await seen()) < ENTRIES) throw new Error("it has forgotten entries");
    return started;
  });
  node = again.node;
  times.push(again.ms);
  peak = Math.max(peak, (await node.peak()) ?? 0);
}
const ms = median(times);
const result = {
  claim: `a storage node with ${ENTRIES} entries starts again, from the start of its process until it answers`,
  ms: round(ms),
  limitMs: LIMIT_MS,
  slowestMs: round(Math.max(...times)),
  firstStartMs: round(firstStart.ms),
  peakMiB: peak,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
};
console.log(`restart: ${result.claim}`);
console.log(
  `  ${result.ms} ms (slowest ${result.slowestMs}), ${result.peakMiB} MiB; the first start took ${result.firstStartMs} ms`,
);
writeFileSync(new URL("./results/restart.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
if (ms > LIMIT_MS) process.exitCode = 1;
client.close();
await node.stop();
await network.stop();
await rm(data, { recursive: true, force: true });
process.exit();

async function time<T>(work: () => Promise<T>): Promise<{ ms: number; node: T }> {
  const start = performance.now();
  const node = await work();
  return { ms: performance.now() - start, node };
}
