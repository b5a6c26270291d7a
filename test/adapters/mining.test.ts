import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createLoadIndex } from "../../adapters/mining.loads.ts";
import { createPace } from "../../adapters/mining.pace.ts";
import { type Hit, type Mining, type MiningOptions, openMining } from "../../adapters/mining.ts";
import type { MineTask } from "../../adapters/mining.types.ts";
import { MAX_UINT256 } from "../../protocol/difficulty.ts";
import { equalBytes, type Hex, toHex } from "../../protocol/hex.ts";
import { keccakText } from "../../protocol/keccak.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import { qualityOf, trialOf } from "../../protocol/pora.ts";
import { recallRangeOf } from "../../protocol/recallRange.ts";
import { SEAL_BYTES } from "../../protocol/seal.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";
import { until } from "../fakes/wait.ts";
import { payloadOf } from "../protocol/sample.ts";

const hash = (name: string): Hex => toHex(keccakText(name));
const ALL = new Uint8Array(8).fill(0xff);
const never = new AbortController().signal;

describe("mining threads", function () {
  this.timeout(30_000);
  const temp = tempDir("mining");
  const path = join(temp.path, "sealed");
  /** Three loads of a log of eight, in the slots of other numbers. */
  const loads = [
    payloadOf("load 1", SEGMENT_BYTES),
    payloadOf("load 4", SEGMENT_BYTES),
    payloadOf("load 6", SEGMENT_BYTES),
  ];
  const slotOf = new Map([
    [1, 2],
    [4, 0],
    [6, 1],
  ]);
  const range = recallRangeOf({ shardId: 0, numShard: 1 }, 8 * 1024, { sectorsPerPrice: 8192, maxMiningLength: 8192 })!;
  const work = { minerId: hash("miner"), subtaskDigest: hash("subtask"), range };
  const open: Mining[] = [];

  before(() => {
    const [one, four, six] = loads as [Uint8Array, Uint8Array, Uint8Array];
    writeFileSync(path, Buffer.concat([four, six, one]));
  });
  after(async () => {
    await Promise.all(open.map((mining) => mining.close()));
    temp.remove();
  });

  const start = async (options: MiningOptions = {}): Promise<Mining> => {
    const mining = await openMining(options);
    open.push(mining);
    return mining;
  };
  const indexOf = (...numbers: number[]) => {
    const index = createLoadIndex({ shardId: 0, numShard: 1 });
    for (const load of numbers) index.set(load, slotOf.get(load) as number, ALL);
    return index;
  };
  const taskOf = (more: Partial<MineTask> = {}): MineTask => ({
    ...{ work, target: 0n, path, loads: indexOf(1, 4, 6) },
    ...more,
  });

  it("tell the tickets that are good enough, each as the plain trial has it, of the loads that are here", async () => {
    const mining = await start({ threads: 2 });
    const hits: Hit[] = [];
    await mining.mine(taskOf({ target: MAX_UINT256 / 200n, trials: 400 }), (hit) => hits.push(hit), never);
    const { trials, read, tickets } = mining.counts();
    expect(trials).to.be.within(400, 404);
    expect(tickets).to.equal(64 * read);
    expect(read / trials).to.be.within(0.25, 0.5);
    expect(mining.counts().hits).to.equal(hits.length);
    expect(hits.length / tickets).to.be.within(1 / 600, 1 / 60);
    for (const { nonce, position, sealOffset, quality, sealed } of hits) {
      const trial = trialOf(work, nonce);
      expect(position).to.equal((trial.position as number) + 16 * sealOffset);
      const load = [1, 4, 6].indexOf((trial.position as number) / 1024);
      const from = sealOffset * SEAL_BYTES;
      expect(equalBytes(sealed, loads[load]!.subarray(from, from + SEAL_BYTES))).to.equal(true);
      expect(quality).to.equal(qualityOf(trial, sealed, sealOffset));
    }
    expect(new Set(hits.map(({ nonce, sealOffset }) => `${nonce} ${sealOffset}`)).size).to.equal(hits.length);
  });

  it("find all that there is to find under given nonces, and none twice", async () => {
    const mining = await start();
    const target = MAX_UINT256 / 64n;
    const expectedOf = (nonces: Hex, count: number): string[] => {
      const found: string[] = [];
      for (let n = 0; n < count; n++) {
        const nonce: Hex = `${nonces}${n.toString(16).padStart(16, "0")}`;
        const trial = trialOf(work, nonce);
        const load = loads[[1, 4, 6].indexOf((trial.position as number) / 1024)];
        for (let i = 0; load !== undefined && i < 64; i++) {
          const sealed = load.subarray(i * SEAL_BYTES, (i + 1) * SEAL_BYTES);
          if (qualityOf(trial, sealed, i) <= target) found.push(`${nonce} ${i}`);
        }
      }
      return found;
    };
    let nonces: Hex = `0x${"00".repeat(24)}`;
    for (let i = 1; expectedOf(nonces, 1).length === 0; i++) nonces = `0x${i.toString(16).padStart(48, "0")}`;
    const expected = expectedOf(nonces, 20);
    const hits: Hit[] = [];
    await mining.mine(taskOf({ target, nonces, trials: 20 }), (hit) => hits.push(hit), never);
    // A slice may end for its time before the twenty: the next goes on a million nonces later. The first nonce is tried.
    const found = hits.map(({ nonce, sealOffset }) => `${nonce} ${sealOffset}`).filter((one) => expected.includes(one));
    expect(found.length).to.be.above(0);
    expect(found).to.deep.equal(expected.slice(0, found.length));
  });

  it("mine what is sealed while they mine, and not what is given up", async () => {
    const mining = await start();
    const index = indexOf();
    const stop = new AbortController();
    const seen = new Set<number>();
    const running = mining.mine(
      taskOf({ target: MAX_UINT256 / 64n, loads: index }),
      (hit) => seen.add(hit.position >> 10),
      stop.signal,
    );
    await until("trials without a load", () => mining.counts().trials > 100);
    expect(mining.counts().read).to.equal(0);
    index.set(6, 1, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 128]));
    await until("hits in it", () => seen.has(6));
    expect(mining.counts().tickets).to.equal(2 * mining.counts().read);
    // One that makes the index grow.
    index.set(4, 0, ALL);
    index.set(5000, 77, ALL);
    index.delete(6);
    await until("hits in the other", () => seen.has(4));
    stop.abort();
    await running;
    expect([...seen]).to.deep.equal([6, 4]);
  });

  it("leave out the seals behind the end of the file", async () => {
    const mining = await start();
    const short = join(temp.path, "short");
    writeFileSync(short, loads[1]!);
    truncateSync(short, 5 * SEAL_BYTES + 17);
    const index = createLoadIndex({ shardId: 0, numShard: 1 });
    for (let load = 0; load < 8; load++) index.set(load, load === 4 ? 0 : 3, ALL);
    const offsets = new Set<number>();
    const task = taskOf({ target: MAX_UINT256, path: short, loads: index, trials: 60 });
    await mining.mine(
      task,
      ({ sealOffset, position }) => offsets.add(position - 4096 - 16 * sealOffset + sealOffset),
      never,
    );
    expect([...offsets].sort()).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("seal and unseal up to a load, and leave the caller's bytes as they are", async () => {
    const mining = await start({ threads: 2 });
    const data = loads[0] as Uint8Array;
    const task = { minerId: hash("miner"), startSector: 1024, contexts: Array<Hex>(64).fill(hash("context")) };
    const before = data.slice();
    const bytes = await mining.seal(data, task);
    expect(equalBytes(data, before)).to.equal(true);
    expect(equalBytes(await mining.unseal(bytes, task), data)).to.equal(true);
    const part = { ...task, startSector: 1040, contexts: task.contexts.slice(1, 4) };
    const some = await mining.seal(data.subarray(SEAL_BYTES, 4 * SEAL_BYTES), part);
    expect(equalBytes(some, bytes.subarray(SEAL_BYTES, 4 * SEAL_BYTES))).to.equal(true);
    await rejection(mining.seal(data.subarray(1), task), "LengthMismatch");
    await rejection(mining.unseal(data, { ...task, startSector: 1 }), "BadRequest");
  });

  it("end within 100 ms of the signal, and have told what they found", async () => {
    const mining = await start({ threads: 2 });
    const took: number[] = [];
    for (let i = 0; i < 7; i++) {
      const stop = new AbortController();
      let told = 0;
      const before = mining.counts();
      const running = mining.mine(taskOf({ target: MAX_UINT256 / 1000n }), () => told++, stop.signal);
      await until("some trials", () => mining.counts().trials > before.trials + 50);
      const asked = performance.now();
      stop.abort();
      await running;
      took.push(performance.now() - asked);
      expect(told).to.equal(mining.counts().hits - before.hits);
      const { trials } = mining.counts();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(mining.counts().trials, "tried after its end").to.equal(trials);
    }
    // The median: a machine with other work may keep a thread from its next trial for longer.
    expect(took.sort((a, b) => a - b)[3]).to.be.below(100);
  });

  it("seal while they mine, without waiting for its end", async () => {
    const mining = await start();
    const stop = new AbortController();
    const running = mining.mine(taskOf(), () => undefined, stop.signal);
    const task = { minerId: hash("miner"), startSector: 0, contexts: Array<Hex>(64).fill(hash("context")) };
    for (let i = 0; i < 5; i++) await mining.seal(loads[0]!, task);
    stop.abort();
    await running;
  });

  it("take their share of the CPU and no more", async () => {
    const mining = await start({ share: 0.2 });
    const stop = new AbortController();
    const began = performance.now();
    const running = mining.mine(taskOf(), () => undefined, stop.signal);
    await until("enough of it", () => mining.counts().cpuMs > 300, 20_000);
    const share = mining.counts().cpuMs / (performance.now() - began);
    stop.abort();
    await running;
    // One slice, which is not waited for any more, may stand over.
    expect(share).to.be.below(0.2 * 1.15);
  });

  it("never mine with no share, and wait for the signal", async () => {
    const mining = await start({ share: 0 });
    const stop = new AbortController();
    const running = mining.mine(taskOf(), () => undefined, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await running;
    expect(mining.counts().trials).to.equal(0);
  });

  it("refuse a second task, a file that is not there, and work after their end; what mines then ends", async () => {
    const mining = await start();
    await rejection(
      mining.mine(taskOf({ path: join(temp.path, "none") }), () => undefined, never),
      "StoreUnavailable",
    );
    await rejection(
      mining.mine(taskOf({ nonces: "0x12" }), () => undefined, never),
      "MalformedHex",
    );
    const running = mining.mine(taskOf(), () => undefined, never);
    await rejection(
      mining.mine(taskOf(), () => undefined, never),
      "BadRequest",
    );
    await mining.close();
    await running;
    await rejection(
      mining.mine(taskOf(), () => undefined, never),
      "Stopping",
    );
    await rejection(
      mining.seal(new Uint8Array(SEAL_BYTES), { minerId: hash("m"), startSector: 0, contexts: [hash("c")] }),
      "Stopping",
    );
    for (const options of [{ threads: 0 }, { threads: 1.5 }, { share: -0.1 }, { share: 1.1 }, { share: Number.NaN }]) {
      await rejection(openMining(options), "BadConfig");
    }
  });

  it("end with a disk that does not read, and can begin again", async () => {
    const mining = await start({ threads: 2 });
    // A folder can be opened like a file, but not read.
    await rejection(
      mining.mine(taskOf({ path: temp.path }), () => undefined, never),
      "StoreUnavailable",
    );
    await mining.mine(taskOf({ trials: 2 }), () => undefined, never);
    expect(mining.counts().trials).to.be.within(2, 8);
  });

  it("end with the error of whoever is told of a hit", async () => {
    const mining = await start({ threads: 2 });
    const told = (): void => {
      throw new Error("full");
    };
    await rejection(mining.mine(taskOf({ target: MAX_UINT256 }), told, never), "Internal");
    await mining.mine(taskOf({ trials: 2 }), () => undefined, never);
  });
});

describe("pace", () => {
  it("waits so that what was spent is the share of the time, catches up on little, and ends when it is told", async () => {
    let now = 0;
    const waits: number[] = [];
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms);
      now += ms;
    };
    const pace = createPace(0.25, () => now, wait);
    const spend = async (cpu: number, wall: number): Promise<void> => {
      await pace.next(never);
      now += wall;
      pace.spent(cpu);
    };
    await spend(20, 20);
    await spend(20, 30);
    await spend(20, 1000);
    await spend(20, 20);
    await pace.next(never);
    // 80 - 20; 80 - 30; a second in which it got 20 ms, of which 100 count; then it owes 160 - 120.
    expect(waits).to.deep.equal([60, 50, 40]);
    const stop = new AbortController();
    stop.abort();
    expect(await pace.next(stop.signal)).to.equal(false);
  });
});
