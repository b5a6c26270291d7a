import { expect } from "chai";
import { silentLog } from "../../../adapters/log.ts";
import { createLoadIndex } from "../../../adapters/mining.loads.ts";
import type { Hit, MineTask } from "../../../adapters/mining.types.ts";
import { fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { scaledTarget } from "../../../protocol/recallRange.ts";
import { WHOLE_LOG } from "../../../protocol/shard.ts";
import type { Rules, WorkerContext } from "../../../workers/miner/calls.ts";
import { type MinerDb, openMinerDb } from "../../../workers/miner/db.ts";
import { createMinerTask, wishOf } from "../../../workers/miner/mine.ts";
import { claimOwed, rollEpoch } from "../../../workers/miner/money.ts";
import { tempDir } from "../../fakes/temp.ts";
import { hash, MINER } from "./world.ts";

const RULES: Rules = {
  ...{ firstBlock: 5, blocksPerEpoch: 60, subtasks: 2, subtaskInterval: 25, window: 20, maxAnswers: 6 },
  ...{ sectorsPerPrice: 32_768, maxMiningLength: 65_536, maxShards: 32 },
};
const ZERO: Hex = `0x${"00".repeat(32)}`;
const TARGET = 2n ** 250n;
const context = (name: string, more: Partial<WorkerContext> = {}): WorkerContext => ({
  context: { epoch: 4, mineStart: 245, flowRoot: hash("root"), flowLength: 5_000, digest: hash(name) },
  ...{ poraTarget: TARGET, subtaskDigest: hash(`subtask of ${name}`), ...more },
});

describe("what is to be mined", () => {
  it("is a range of the log with its scaled target, until the window ends", () => {
    const wish = wishOf(context("a"), MINER, { shardId: 1, numShard: 2 }, RULES);
    expect(wish?.of.range).to.deep.equal({
      startPosition: 0,
      mineLength: 4096,
      shardId: 1n,
      shardMask: 2n ** 64n - 2n,
    });
    expect(wish?.target).to.equal(scaledTarget(TARGET, wish?.of.range as never, 5_000, 65_536));
    expect([265, 290]).to.include(wish?.of.last);
  });

  it("is nothing outside the window, in a full epoch, or in a log without a load of the shard", () => {
    expect(wishOf(context("a", { subtaskDigest: ZERO }), MINER, WHOLE_LOG, RULES)).to.equal(undefined);
    expect(wishOf(context("a", { poraTarget: 0n }), MINER, WHOLE_LOG, RULES)).to.equal(undefined);
    const short = { ...context("a").context, flowLength: 1_023 };
    expect(wishOf(context("a", { context: short }), MINER, WHOLE_LOG, RULES)).to.equal(undefined);
    const some = { ...context("a").context, flowLength: 3_000 };
    expect(wishOf(context("a", { context: some }), MINER, { shardId: 2, numShard: 4 }, RULES)).to.equal(undefined);
    expect(wishOf(context("a", { context: some }), MINER, { shardId: 1, numShard: 4 }, RULES)).to.not.equal(undefined);
  });
});

describe("a miner's threads", () => {
  const dir = tempDir("mine");
  let db: MinerDb;
  before(async () => {
    db = await openMinerDb(dir.path, WHOLE_LOG);
  });
  after(async () => {
    await db.close();
    dir.remove();
  });

  /** Threads that do what the test says, and a chain that answers what it says. */
  const rig = () => {
    const index = createLoadIndex(WHOLE_LOG);
    index.set(1, 0, new Uint8Array(8).fill(255));
    const told: Hex[] = [];
    const state = {
      index,
      told,
      answer: context("a"),
      asked: 0,
      tasks: [] as { task: MineTask; hit: (hit: Hit) => void; signal: AbortSignal; end: (error?: Error) => void }[],
    };
    const task = createMinerTask({
      ...{
        db,
        shard: WHOLE_LOG,
        rules: RULES,
        log: silentLog,
        minerId: () => MINER,
        vault: { index, path: "/sealed" },
      },
      calls: {
        work: async () => {
          state.asked += 1;
          return state.answer;
        },
      },
      mining: {
        mine: (wanted, onHit, signal) =>
          new Promise<void>((resolve, reject) => {
            const end = (error?: Error) => (error === undefined ? resolve() : reject(error));
            signal.addEventListener("abort", () => resolve(), { once: true });
            state.tasks.push({ task: wanted, hit: onHit, signal, end });
          }),
      },
      onHit: async (quality) => {
        told.push(quality);
      },
    });
    return { ...state, state, task };
  };
  const hitWith = (quality: bigint): Hit => ({
    ...{ quality, sealOffset: 3, position: 1072, sealed: new Uint8Array(4096), nonce: hash(`nonce ${quality}`) },
  });

  it("begin once for a context, and end with its window", async () => {
    const { state, task, tasks } = rig();
    for (let i = 0; i < 3; i++) await task.look();
    expect(tasks).to.have.length(1);
    expect(tasks[0]?.task.work).to.deep.include({ minerId: MINER, subtaskDigest: hash("subtask of a") });
    expect(task.current()?.of.contextDigest).to.equal(hash("a"));
    state.answer = context("a", { subtaskDigest: ZERO });
    await task.look();
    expect(tasks[0]?.signal.aborted).to.equal(true);
    expect(task.current()).to.equal(undefined);
    await task.stop();
  });

  it("go over to what the chain asks for after a reorg, or when the target is another", async () => {
    const { state, task, tasks } = rig();
    await task.look();
    state.answer = context("b");
    await task.look();
    state.answer = context("b", { poraTarget: TARGET / 2n });
    await task.look();
    expect(tasks.map(({ signal }) => signal.aborted)).to.deep.equal([true, true, false]);
    await task.stop();
    expect(tasks[2]?.signal.aborted).to.equal(true);
    await task.look();
    expect(tasks).to.have.length(3);
  });

  it("rest in an epoch that nobody could know the seed of, and go on in the next (A22)", async () => {
    const { state, task, tasks } = rig();
    state.answer = context("no mining", { subtaskDigest: ZERO, poraTarget: 0n });
    await task.look();
    expect(tasks).to.have.length(0);
    state.answer = context("next");
    await task.look();
    expect(tasks).to.have.length(1);
    await task.stop();
  });

  it("ask the chain nothing while nothing is sealed", async () => {
    const { state, index, task } = rig();
    index.delete(1);
    await task.look();
    expect(state.asked).to.equal(0);
    await task.stop();
  });

  it("write every hit down before anybody is told, and no more than an epoch takes", async () => {
    const { task, tasks, told } = rig();
    await task.look();
    for (let i = 1n; i <= 10n; i++) tasks[0]?.hit(hitWith(1_000n + i));
    await task.look();
    await task.stop();
    expect(told).to.have.length(6);
    for (const [i, quality] of told.entries()) {
      const hit = db.get("hits", quality.slice(2));
      expect(hit).to.deep.include({ nonce: hash(`nonce ${1001 + i}`), load: 1, sealOffset: 3, epoch: 4, slot: null });
      expect(BigInt(toHex(fromHex(quality)))).to.equal(1_001n + BigInt(i));
    }
    expect(tasks).to.have.length(1);
    expect(tasks[0]?.signal.aborted).to.equal(true);
  });

  it("begin again when they failed", async () => {
    const { task, tasks } = rig();
    await task.look();
    tasks[0]?.end(new Error("the disk is gone"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(task.current()).to.equal(undefined);
    await task.look();
    expect(tasks).to.have.length(2);
    await task.stop();
  });
});

describe("a miner's other transactions", () => {
  const planned: string[] = [];
  const plan = async ({ id }: { id: string }) => {
    if (!planned.includes(id)) planned.push(id);
    return { nonce: planned.indexOf(id) };
  };
  const intent = (id: string) => ({
    id,
    kind: "test",
    to: `0x${"11".repeat(20)}` as Hex,
    data: "0x" as Hex,
    value: "0",
  });
  beforeEach(() => {
    planned.length = 0;
  });

  it("begin an epoch once, in one step after 10,000 idle ones, and not for nothing (A21)", async () => {
    const latest = 5 + 10_000 * 60 + 20;
    const deps = (made: number) => ({
      calls: { madeEpoch: async () => made, roll: (epoch: number) => intent(`roll-${epoch}`) },
      ...{ wallet: { plan }, minerId: MINER, rules: RULES },
    });
    expect(await rollEpoch(deps(0), latest, false)).to.equal(undefined);
    expect(await rollEpoch(deps(0), latest, true)).to.equal(10_000);
    expect(await rollEpoch(deps(0), latest, true)).to.equal(10_000);
    expect(await rollEpoch(deps(10_000), latest, true)).to.equal(undefined);
    expect(planned).to.deep.equal(["roll-10000"]);
  });

  it("withdraw what is worth its gas, one withdrawal at a time, the same amount again and again", async () => {
    const state = { owed: 0n, nonce: 0, waiting: false };
    const run = () =>
      claimOwed({
        calls: {
          beneficiaryOf: async () => `0x${"22".repeat(20)}`,
          owed: async () => state.owed,
          cost: async () => 10n,
          claim: (_account, amount, nonce) => intent(`claim-${nonce}-${amount}`),
          nonce: async () => state.nonce,
        },
        wallet: {
          address: `0x${"33".repeat(20)}`,
          plan,
          isWaiting: (kind) => kind === "claim" && state.waiting,
        },
        ...{ minerId: MINER, leastGain: 10 },
      });
    for (const owed of [0n, 99n]) {
      state.owed = owed;
      expect(await run()).to.equal(0n);
    }
    state.owed = 100n;
    expect(await run()).to.equal(100n);
    state.waiting = true;
    expect(await run()).to.equal(0n);
    Object.assign(state, { waiting: false, nonce: 1 });
    expect(await run()).to.equal(100n);
    expect(planned).to.deep.equal(["claim-0-100", "claim-1-100"]);
  });
});
