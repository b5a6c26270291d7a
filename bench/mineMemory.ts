import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createLoadIndex } from "../adapters/mining.loads.ts";
import { openMining } from "../adapters/mining.ts";
import { openSlots } from "../adapters/slots.ts";
import { MAX_UINT256 } from "../protocol/difficulty.ts";
import type { Hex } from "../protocol/hex.ts";
import { keccakHex, keccakText } from "../protocol/keccak.ts";
import { SEGMENT_BYTES } from "../protocol/params.ts";
import { recallRangeOf } from "../protocol/recallRange.ts";
import { SEALS_PER_LOAD } from "../protocol/seal.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { median, round } from "./measure.ts";

// Memory of a process that mines for ten minutes (`npm run bench mineMemory`; `node bench/mineMemory.ts 1` for one), the
// while it seals what comes in and finds something now and then. Flat: the last fifth takes no more than the second.
const MINUTES = Number(process.argv[2] ?? 10);
const SAMPLES = 60;
const LOADS = 64;
const ALL = new Uint8Array(SEALS_PER_LOAD / 8).fill(255);
const SEAL_EVERY_MS = 100;
/** One ticket in so many is good enough: some hits a second. */
const DIFFICULTY = 50_000n;
/** What the pages of a process come and go by. */
const SLACK_MIB = 8;

const folder = await mkdtemp(join(tmpdir(), "zg-bench-"));
const path = join(folder, "sealed");
const slots = await openSlots(path, { slotBytes: SEGMENT_BYTES, taken: new Uint8Array(0) });
const loads = createLoadIndex({ shardId: 0, numShard: 1 });
const [minerId, context]: [Hex, Hex] = [keccakHex(keccakText("miner")), keccakHex(keccakText("context"))];
const contexts = Array<Hex>(SEALS_PER_LOAD).fill(context);
const mining = await openMining({ threads: 1 });
const data = payloadOf("load", SEGMENT_BYTES);
const stop = new AbortController();

/** Loads come in, and take the place of others once all slots are taken. */
const seal = async (load: number): Promise<void> => {
  const bytes = await mining.seal(data, { minerId, startSector: load * 1024, contexts });
  if (load < LOADS) slots.take();
  const slot = load % LOADS;
  loads.delete(slot);
  await slots.write(slot, bytes);
  loads.set(slot, slot, ALL);
};
const sealing = async (): Promise<void> => {
  for (let load = 0; !stop.signal.aborted; load++) {
    await seal(load);
    if (load >= LOADS) await pause(SEAL_EVERY_MS);
  }
};
/** A new search every few seconds, as with a new epoch. */
const searching = async (): Promise<void> => {
  const range = recallRangeOf({ shardId: 0, numShard: 1 }, LOADS * 1024, {
    sectorsPerPrice: 32_768,
    maxMiningLength: 2 ** 35,
  });
  if (range === undefined) throw new Error("no load");
  while (!stop.signal.aborted) {
    const work = { minerId, subtaskDigest: context, range };
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(5_000)]);
    await mining.mine({ work, target: MAX_UINT256 / DIFFICULTY, path, loads }, () => undefined, signal);
  }
};

const running = Promise.all([sealing(), searching()]);
const samples: { seconds: number; rssMiB: number; heapMiB: number }[] = [];
for (let i = 1; i <= SAMPLES; i++) {
  await Promise.race([pause((MINUTES * 60_000) / SAMPLES), running]);
  const { rss, heapUsed } = process.memoryUsage();
  const sample = { seconds: round((i * MINUTES * 60) / SAMPLES), rssMiB: mebi(rss), heapMiB: mebi(heapUsed) };
  samples.push(sample);
  console.log(`${sample.seconds} s: ${sample.rssMiB} MiB resident, ${sample.heapMiB} MiB heap`);
}
stop.abort();
await running;
const { trials, hits } = mining.counts();
await mining.close();
await slots.close();
await rm(folder, { recursive: true, force: true });

const fifth = (n: number): number =>
  median(samples.slice((n * SAMPLES) / 5, ((n + 1) * SAMPLES) / 5).map(({ rssMiB }) => rssMiB));
const result = {
  claim: `memory of a process that mines, seals and finds for ${MINUTES} minutes`,
  ...{ trials, hits, secondFifthMiB: fifth(1), lastFifthMiB: fifth(4), growthMiB: round(fifth(4) - fifth(1)) },
  peakMiB: Math.max(...samples.map(({ rssMiB }) => rssMiB)),
  heapMiB: samples.filter((_, i) => i % 6 === 5).map(({ heapMiB }) => heapMiB),
  residentMiB: samples.filter((_, i) => i % 6 === 5).map(({ rssMiB }) => rssMiB),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
};
console.log(`mineMemory: ${result.claim}: ${result.growthMiB} MiB more at the end`);
writeFileSync(new URL("./results/mineMemory.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
if (result.growthMiB > SLACK_MIB) process.exitCode = 1;

function mebi(bytes: number): number {
  return round(bytes / 2 ** 20);
}
