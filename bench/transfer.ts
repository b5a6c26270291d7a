import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Downloader, getFlowContract, StorageNode, Uploader, ZgFile } from "@0gfoundation/0g-ts-sdk";
import { HDNodeWallet, JsonRpcProvider, Wallet } from "ethers";
import { openFileSource } from "../adapters/file-source.ts";
import { openClient } from "../adapters/http-client.ts";
import { silentLog } from "../adapters/log.ts";
import { DEVNET_MNEMONIC } from "../devnet/mnemonic.ts";
import { startNetwork } from "../devnet/network.ts";
import { shapeOf } from "../protocol/file.ts";
import type { Hex } from "../protocol/hex.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { download } from "../workers/downloader/index.ts";
import { upload } from "../workers/uploader/index.ts";
import { median, report, round } from "./measure.ts";
import { startNode } from "./node.ts";

// A file to one storage node in a process of its own, and back, over loopback: hashed, entered on a real chain, pushed
// until the node says that it is durable; fetched, every segment held against the root, written. The other side is
// 0G's client over JSON-RPC, against the same node.
const MIB = 256;
const RUNS = 3;
const data = await mkdtemp(join(tmpdir(), "zg-bench-"));
const signal = new AbortController().signal;
const network = await startNetwork({
  ...{ data, interval: 0, storageNodes: 1, validators: 0, embed: [], log: silentLog },
});
const { rpc, contracts, fromBlock, chainId } = network.network;
const urls = network.network.storageNodes;
const { chain } = network.context;
const provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true, pollingInterval: 100 });
const node = await startNode(data, "storage-0");
const client = openClient();

async function fileOf(seed: string): Promise<string> {
  const path = join(data, seed);
  const file = await open(path, "wx");
  try {
    for (let i = 0; i < MIB; i++) {
      const bytes = payloadOf(`${seed} ${i}`, 4096);
      await file.write(Buffer.concat(Array.from({ length: 256 }, (_, j) => bytes.map((byte) => byte ^ j))));
    }
  } finally {
    await file.close();
  }
  return path;
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};
const speed = (ms: number): number => round((MIB * 1.048576) / (ms / 1000));

const wallet = Wallet.fromPhrase(DEVNET_MNEMONIC).connect(chain.provider) as unknown as Wallet;
const options = { chain, client, urls, log: silentLog, signal };
const [ups, downs]: [number[], number[]] = [[], []];
/** Of runs that only send, only fetch. */
const peaks = { upload: 0, download: 0 };
for (let run = 0; run <= RUNS; run++) {
  const path = await fileOf(`ours ${run}`);
  let root: Hex = "0x";
  await node.forgetPeak();
  const up = await timed(async () => {
    const files = [{ name: path, open: () => openFileSource(path) }];
    const [file] = (
      await upload({ ...options, files, wallet, fromBlock, tags: "0x", replicas: 1, folder: join(data, "uploads") })
    ).files;
    root = file?.root ?? root;
  });
  peaks.upload = Math.max(peaks.upload, (await node.peak()) ?? 0);
  await node.forgetPeak();
  const to = join(data, `back ${run}`);
  const down = await timed(() => download({ ...options, root, path: to }));
  peaks.download = Math.max(peaks.download, (await node.peak()) ?? 0);
  if ((await stat(to)).size !== MIB << 20) throw new Error("not all of it came back");
  await rm(path);
  await rm(to);
  // The first round warms both sides up.
  if (run === 0) continue;
  ups.push(up);
  downs.push(down);
}

const { log } = console;
console.log = () => undefined;
const path = await fileOf("theirs");
const signer = HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, "", "m/44'/60'/0'/0/2").connect(provider);
const flow = getFlowContract(contracts.Flow, signer as unknown as Parameters<typeof getFlowContract>[1]);
const nodes = urls.map((url) => new StorageNode(url));
let rootHash = "";
await node.forgetPeak();
const theirUp = await timed(async () => {
  const file = await ZgFile.fromFilePath(path);
  const [result, error] = await new Uploader(nodes, rpc, flow).uploadFile(file, {});
  await file.close();
  if (error !== null) throw error;
  ({ rootHash } = result);
});
const theirPeakUp = await node.peak();
await node.forgetPeak();
const theirDown = await timed(async () => {
  const error = await new Downloader(nodes).download(rootHash, join(data, "their back"), true);
  if (error !== null) throw error;
});
const theirPeakDown = await node.peak();
console.log = log;

const ours = "binary, each segment verified";
const peer = "@0gfoundation/0g-ts-sdk 1.2.8, JSON-RPC";
const run = () => undefined;
const segments = shapeOf(MIB << 20).segments;
for (const [name, mine, theirs, peak, theirPeak] of [
  ["upload", median(ups), theirUp, peaks.upload, theirPeakUp],
  ["download", median(downs), theirDown, peaks.download, theirPeakDown],
] as const) {
  const claim = `${name} of a file of ${MIB} MiB, ${name === "upload" ? "to" : "from"} one node`;
  report(
    name,
    claim,
    { what: ours, run },
    { what: peer, run },
    { ours: mine, peer: theirs },
    {
      mbPerSecond: speed(mine),
      peerMbPerSecond: speed(theirs),
      nodePeakMiB: peak,
      nodePeakWithPeerMiB: theirPeak ?? "unknown",
      segments,
    },
  );
}
provider.destroy();
client.close();
await node.stop();
await network.stop();
await rm(data, { recursive: true, force: true });
process.exit();
