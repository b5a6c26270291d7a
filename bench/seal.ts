import { openMining } from "../adapters/mining.ts";
import type { Hex } from "../protocol/hex.ts";
import { keccakHex, keccakText } from "../protocol/keccak.ts";
import { openMiningKernel } from "../protocol/miningWasm.ts";
import { SEGMENT_BYTES } from "../protocol/params.ts";
import { SEALS_PER_LOAD } from "../protocol/seal.ts";
import { sealInto } from "../protocol/sealing.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, report } from "./measure.ts";
import { plainSeal } from "./plainMiner.ts";

// One load: 64 seals of 128 words, each word masked with the hash of the one before. By the miner's threads, with what it
// costs to bring the bytes there and back; at least 60 MB/s a core are asked for.
const LOADS = 8;
const MEGABYTES = SEGMENT_BYTES / 1e6;
const LEAST = 60;
const load = payloadOf("load", SEGMENT_BYTES);
const [minerId, context]: [Hex, Hex] = [keccakHex(keccakText("miner")), keccakHex(keccakText("context"))];
const task = { minerId, startSector: 1024, contexts: Array<Hex>(SEALS_PER_LOAD).fill(context) };
const mining = await openMining({ threads: 1 });
const kernel = openMiningKernel();

const ours = {
  what: "a load at a time in a thread, two seals side by side in WebAssembly",
  run: async () => {
    for (let i = 0; i < LOADS; i++) await mining.seal(load, task);
  },
};
const peer = {
  what: "@noble/hashes, word by word, the usual choice in JavaScript",
  run: () => plainSeal(load, minerId, context, 1024),
};
const bytes = await mining.seal(load, task);
if (Buffer.compare(bytes, peer.run()) !== 0) throw new Error("the two disagree");
const times = await compare(ours, peer, 11);
const alone = await compare(
  { what: "", run: () => sealInto(kernel, load.slice(), task) },
  { what: "", run: () => null },
  31,
);
await mining.close();

const perLoad = { ours: times.ours / LOADS, peer: times.peer };
const speed = (ms: number): number => Math.round((MEGABYTES / ms) * 1000);
report("seal", "sealing of one load (256 KiB), CPU time", ours, peer, perLoad, {
  mbPerSecond: speed(perLoad.ours),
  mbPerSecondOfTheKernelAlone: speed(alone.ours),
  mbPerSecondOfThePeer: speed(perLoad.peer),
});
if (speed(perLoad.ours) < LEAST) process.exitCode = 1;
