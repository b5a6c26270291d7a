import { createHash } from "node:crypto";
import { openSync, readSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLoadIndex } from "../adapters/mining.loads.ts";
import { openMining } from "../adapters/mining.ts";
import { MAX_UINT256 } from "../protocol/difficulty.ts";
import { fromHex, type Hex, toHex } from "../protocol/hex.ts";
import { keccak, keccakHex, keccakText } from "../protocol/keccak.ts";
import { openMiningKernel } from "../protocol/miningWasm.ts";
import { SEGMENT_BYTES } from "../protocol/params.ts";
import { recallRangeOf } from "../protocol/recallRange.ts";
import { SEALS_PER_LOAD } from "../protocol/seal.ts";
import { sealInto } from "../protocol/sealing.ts";
import { type Hit, openSearch } from "../protocol/search.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, cpuTime, median, report, round } from "./measure.ts";
import { type Hashes, NOBLE, plainTrial } from "./plainMiner.ts";

// A trial: a pad of 16 KiB, the load that it draws read from a file, and its 64 tickets. By the miner's thread, messages
// and all, against the same written with the usual libraries; and by a miner who has sealed nothing and must seal each
// load when it is drawn.
const LOADS = 64;
const TRIALS = 1_000;
const PEER_TRIALS = 8;
const LEAST_RATIO = 8;
const ALL = new Uint8Array(SEALS_PER_LOAD / 8).fill(255);

const folder = await mkdtemp(join(tmpdir(), "zg-bench-"));
const path = join(folder, "sealed");
writeFileSync(path, Buffer.concat(Array.from({ length: LOADS }, (_, i) => payloadOf(`load ${i}`, SEGMENT_BYTES))));
const file = openSync(path, "r");
const rules = { sectorsPerPrice: 32_768, maxMiningLength: 2 ** 35 };
const range = recallRangeOf({ shardId: 0, numShard: 1 }, LOADS * 1024, rules);
if (range === undefined) throw new Error("no load");
const [minerId, subtaskDigest]: [Hex, Hex] = [keccakHex(keccakText("miner")), keccakHex(keccakText("subtask"))];
const work = { minerId, subtaskDigest, range };
const loads = createLoadIndex({ shardId: 0, numShard: 1 });
for (let i = 0; i < LOADS; i++) loads.set(i, i, ALL);
const task = { work, target: 0n, path, loads };
const never = new AbortController().signal;
const mining = await openMining({ threads: 1 });

/** CPU time of one trial. */
const perTrial = async (trials: number, work: () => unknown): Promise<number> => {
  const began = cpuTime();
  await work();
  return (cpuTime() - began) / trials;
};
const read = (load: number): Uint8Array => {
  const bytes = new Uint8Array(SEGMENT_BYTES);
  readSync(file, bytes, 0, SEGMENT_BYTES, load * SEGMENT_BYTES);
  return bytes;
};
let nonce = 0;
const plain = (hashes: Hashes) => () => {
  for (let i = 0; i < PEER_TRIALS; i++) plainTrial(work, keccak(keccakText(`nonce ${nonce++}`)), read, hashes);
};
const native: Hashes = { blake2b: (bytes) => createHash("blake2b512").update(bytes).digest(), keccak };

await agree();
const ours = {
  what: "a thread that hashes two at a time in WebAssembly, without an allocation in the loop",
  run: () => perTrial(TRIALS, () => mining.mine({ ...task, trials: TRIALS }, () => undefined, never)),
};
const peer = {
  what: "@noble/hashes and ethers, the usual choice in JavaScript",
  run: () => perTrial(PEER_TRIALS, plain(NOBLE)),
};
const times = await compare(ours, peer, 11, null);
const nativeTimes: number[] = [];
for (let i = 0; i < 11; i++) nativeTimes.push(await perTrial(PEER_TRIALS, plain(native)));
const resealing = openResealing();
const resealed = [];
for (let i = 0; i < 7; i++) resealed.push(await perTrial(100, () => resealing(100)));
await mining.close();
await rm(folder, { recursive: true, force: true });

const perSecond = (ms: number): number => Math.round(1000 / ms);
report("mine", "one trial of mining, CPU time", ours, peer, times, {
  trialsPerSecond: perSecond(times.ours),
  trialsPerSecondOfThePeer: perSecond(times.peer),
  trialsPerSecondWithNativeHashes: perSecond(median(nativeTimes)),
  trialsPerSecondSealingWhatIsDrawn: perSecond(median(resealed)),
  costOfNotStoring: round(median(resealed) / times.ours),
});
if (times.peer / times.ours < LEAST_RATIO) process.exitCode = 1;

/** The two find the same: every ticket of the nonces that a miner reports is the plain one's. */
async function agree(): Promise<void> {
  const hits: Hit[] = [];
  await mining.mine({ ...task, target: MAX_UINT256 / 20n, trials: 10 }, (hit) => hits.push(hit), never);
  if (hits.length === 0) throw new Error("nothing to compare");
  for (const hashes of [NOBLE, native]) {
    for (const hit of hits) {
      const quality = plainTrial(work, fromHex(hit.nonce), read, hashes)[hit.sealOffset] as Uint8Array;
      if (BigInt(toHex(quality)) !== hit.quality) throw new Error("the two disagree");
    }
  }
}

/** Trials of one for whom the file holds the data as everybody has it. */
function openResealing(): (trials: number) => void {
  const [searcher, sealer] = [openMiningKernel(), openMiningKernel()];
  const search = openSearch(searcher, work, 0n, `0x${"00".repeat(24)}`);
  const contexts = Array<Hex>(SEALS_PER_LOAD).fill(subtaskDigest);
  const bytes = new Uint8Array(SEGMENT_BYTES);
  return (trials) => {
    for (let n = 0; n < trials; n += 2) {
      const drawn = search.draw(n);
      for (const trial of [0, 1] as const) {
        const load = drawn[trial] as number;
        readSync(file, bytes, 0, SEGMENT_BYTES, load * SEGMENT_BYTES);
        sealInto(sealer, bytes, { minerId, startSector: load * 1024, contexts });
        search.load.set(bytes);
        search.hash(trial, ALL, 0, SEALS_PER_LOAD);
      }
    }
  };
}
