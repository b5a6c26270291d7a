import { expect } from "chai";
import {
  type Blocks,
  type Cursor,
  type CursorStore,
  type Follower,
  follow,
  type Head,
  type Reorg,
} from "../../adapters/follow.ts";
import { mayHoldLogs } from "../../adapters/follow-check.ts";
import { advance, rewind } from "../../adapters/follow-cursor.ts";
import { nextStretch, shrink } from "../../adapters/follow-window.ts";
import { silentLog } from "../../adapters/log.ts";
import { pauseAfter } from "../../adapters/loop.ts";
import { RpcError } from "../../adapters/rpc.ts";
import type { Hex } from "../../protocol/hex.ts";
import { rejection } from "../fakes/errors.ts";
import { ScriptedChain, TOPIC } from "../fakes/scriptedChain.ts";

interface Watch {
  readonly follower: Follower;
  readonly blocks: Blocks[];
  readonly reorgs: Reorg[];
  readonly heads: Head[];
  /** "number/logIndex" of every event whose effect stands. */
  effects(): string[];
}

const memoryCursor = (start: Cursor | null = null): CursorStore & { saved: Cursor | null } => {
  const store = {
    saved: start,
    load: async () => store.saved,
    save: async (cursor: Cursor) => {
      store.saved = structuredClone(cursor);
    },
  };
  return store;
};

describe("follow", () => {
  const running: Follower[] = [];
  afterEach(async () => {
    for (const follower of running.splice(0)) await follower.stop();
  });

  const watch = async (
    chain: ScriptedChain,
    options: { cursor?: CursorStore; confirmations?: number; onBlocks?: (blocks: Blocks) => Promise<void> } = {},
  ): Promise<Watch> => {
    const blocks: Blocks[] = [];
    const reorgs: Reorg[] = [];
    const heads: Head[] = [];
    let effects: { number: number; id: string }[] = [];
    const follower = await follow({
      chain: chain.asChain(),
      topics: [TOPIC],
      cursor: options.cursor ?? memoryCursor(),
      fromBlock: 0,
      confirmations: options.confirmations ?? 1,
      pollMs: 60_000,
      log: silentLog,
      onBlocks: async (range) => {
        await options.onBlocks?.(range);
        blocks.push(range);
        for (const { blockNumber, logIndex, blockHash } of range.events) {
          effects.push({ number: blockNumber, id: `${blockNumber}/${logIndex}/${blockHash.slice(2, 6)}` });
        }
      },
      onReorg: async (reorg) => {
        reorgs.push(reorg);
        effects = effects.filter(({ number }) => number <= reorg.ancestor);
      },
      onHead: async (head) => void heads.push(head),
    });
    running.push(follower);
    return { follower, blocks, reorgs, heads, effects: () => effects.map(({ id }) => id) };
  };
  const eventsOf = (chain: ScriptedChain): string[] =>
    chain.blocks.flatMap(({ number, hash, logs }) =>
      logs.map((log) => `${number}/${log.logIndex}/${hash.slice(2, 6)}`),
    );

  it("hands over every block once, in order, with its events", async () => {
    const chain = new ScriptedChain(5);
    chain.mine(2);
    const { follower, blocks, effects, heads } = await watch(chain);
    await follower.poke();
    chain.mine(1);
    chain.mine();
    await follower.poke();
    await follower.poke();
    expect(blocks.map(({ from, to }) => [from, to])).to.deep.equal([
      [0, 5],
      [6, 7],
    ]);
    expect(effects()).to.deep.equal(eventsOf(chain));
    expect(heads.map(({ latest }) => latest)).to.deep.equal([5, 7]);
    expect(follower.position()?.number).to.equal(7);
  });

  it("keeps the asked distance to the head", async () => {
    const chain = new ScriptedChain(3);
    chain.mine(1);
    const { follower, effects } = await watch(chain, { confirmations: 2 });
    await follower.poke();
    expect(effects()).to.deep.equal([]);
    chain.mine();
    await follower.poke();
    expect(effects()).to.deep.equal(eventsOf(chain));
  });

  it("calls nothing final that it has not handed over, on a chain that finalizes at once", async () => {
    const chain = new ScriptedChain(6);
    chain.finality = (latest) => latest;
    const { follower, heads } = await watch(chain, { confirmations: 3 });
    await follower.poke();
    chain.mine(1);
    await follower.poke();
    expect(heads.map(({ latest, finalized }) => [latest, finalized])).to.deep.equal([
      [5, 3],
      [6, 4],
    ]);
  });

  it("continues from the durable cursor, repeating effects whose cursor was not written", async () => {
    const chain = new ScriptedChain(3);
    chain.mine(1);
    const cursor = memoryCursor();
    const first = await watch(chain, { cursor });
    await first.follower.poke();
    await first.follower.stop();
    chain.mine(1);
    const failing: CursorStore = {
      load: cursor.load,
      save: async (next) => (next.begun === undefined ? Promise.reject(new Error("power cut")) : cursor.save(next)),
    };
    const second = await watch(chain, { cursor: failing });
    await second.follower.poke().catch(() => undefined);
    expect(second.effects()).to.have.length(1);
    await second.follower.stop();
    const third = await watch(chain, { cursor });
    await third.follower.poke();
    expect(third.effects()).to.deep.equal(eventsOf(chain).slice(1));
  });

  it("A46: undoes effects whose cursor was not written when the chain changed above the cursor, and only then", async () => {
    const chain = new ScriptedChain(3);
    chain.mine(1);
    const cursor = memoryCursor();
    const first = await watch(chain, { cursor });
    await first.follower.poke();
    await first.follower.stop();
    chain.mine(1);
    chain.mine(1);
    const failing: CursorStore = {
      load: cursor.load,
      save: async (next) => (next.begun === undefined ? Promise.reject(new Error("power cut")) : cursor.save(next)),
    };
    const second = await watch(chain, { cursor: failing });
    await second.follower.poke().catch(() => undefined);
    await second.follower.stop();
    const same = await watch(chain, { cursor: memoryCursor(structuredClone(cursor.saved)) });
    await same.follower.poke();
    expect(same.reorgs).to.deep.equal([]);
    expect(same.effects()).to.deep.equal(eventsOf(chain).slice(1));
    // Both blocks with effects go; of one of them nothing comes back.
    chain.drop(2);
    chain.mine(0, "fork");
    const third = await watch(chain, { cursor });
    await third.follower.poke();
    expect([third.reorgs, third.follower.position()?.number]).to.deep.equal([[], 3]);
    chain.mine(1, "fork");
    await third.follower.poke();
    expect(third.reorgs).to.deep.equal([{ ancestor: 3, from: 5 }]);
    expect(third.effects()).to.deep.equal(eventsOf(chain).slice(1));
    await third.follower.stop();
    const fourth = await watch(chain, { cursor });
    await fourth.follower.poke();
    expect([fourth.reorgs, fourth.effects()]).to.deep.equal([[], []]);
  });

  it("A46: undoes what an effect did before it failed when the chain changes before it is repeated", async () => {
    const chain = new ScriptedChain(4);
    let half: Blocks[] = [];
    const cursor = memoryCursor();
    const reorgs: Reorg[] = [];
    const follower = await follow({
      ...{ chain: chain.asChain(), cursor, fromBlock: 0, confirmations: 1, pollMs: 60_000, log: silentLog },
      onBlocks: async (blocks) => {
        if (blocks.events.length === 0) return;
        half.push(blocks);
        if (half.length === 1) throw new Error("disk full");
      },
      onReorg: async (reorg) => {
        reorgs.push(reorg);
        half = half.filter(({ to }) => to <= reorg.ancestor);
      },
    });
    running.push(follower);
    await follower.poke();
    chain.mine(1);
    await follower.poke().catch(() => undefined);
    expect(half).to.have.length(1);
    chain.drop(1);
    chain.mine(0, "fork");
    await follower.poke();
    expect([reorgs, half, follower.position()?.number]).to.deep.equal([[{ ancestor: 3, from: 4 }], [], 4]);
  });

  it("does not advance when an effect fails, and repeats it", async () => {
    const chain = new ScriptedChain(2);
    chain.mine(1);
    // The follower looks once by itself, then by the first poke.
    let fails = 2;
    const { follower, effects } = await watch(chain, {
      onBlocks: async () => {
        if (fails-- > 0) throw new Error("disk full");
      },
    });
    await follower.poke().catch(() => undefined);
    expect(follower.position()).to.equal(undefined);
    await follower.poke();
    expect(effects()).to.deep.equal(eventsOf(chain));
  });

  for (const depth of [1, 2, 5, 30, 63]) {
    it(`undoes a reorg of ${depth} before it goes on (A46)`, async () => {
      const chain = new ScriptedChain(4);
      chain.finality = () => 3;
      for (let i = 0; i < 70; i += 1) chain.mine(i % 3 === 0 ? 1 : 0);
      const { follower, reorgs, effects } = await watch(chain);
      await follower.poke();
      const from = chain.latest;
      chain.drop(depth);
      for (let i = 0; i < depth + 1; i += 1) chain.mine(i % 2, "fork");
      await follower.poke();
      expect(reorgs).to.deep.equal([{ ancestor: from - depth, from }]);
      expect(effects()).to.deep.equal(eventsOf(chain));
    });
  }

  it("finds a reorg that happened while it was down", async () => {
    const chain = new ScriptedChain(4);
    chain.mine(1);
    chain.mine(1);
    const cursor = memoryCursor();
    const first = await watch(chain, { cursor });
    await first.follower.poke();
    await first.follower.stop();
    chain.drop(1);
    chain.mine(1, "fork");
    chain.mine(1, "fork");
    const second = await watch(chain, { cursor });
    await second.follower.poke();
    expect(second.reorgs).to.deep.equal([{ ancestor: 4, from: 5 }]);
    expect(second.effects()).to.deep.equal(eventsOf(chain).slice(1));
  });

  it("undoes a reorg to a shorter chain", async () => {
    const chain = new ScriptedChain(10);
    const { follower, reorgs } = await watch(chain);
    await follower.poke();
    chain.drop(5);
    chain.mine(1, "fork");
    await follower.poke();
    expect(reorgs).to.deep.equal([{ ancestor: 4, from: 9 }]);
    expect(follower.position()?.number).to.equal(5);
  });

  it("stops loudly when the chain changes below the finalized height", async () => {
    const chain = new ScriptedChain(20);
    chain.finality = (latest) => latest - 3;
    const { follower, reorgs } = await watch(chain);
    await follower.poke();
    chain.drop(8);
    chain.finality = () => 0;
    for (let i = 0; i < 10; i += 1) chain.mine(0, "fork");
    await rejection(follower.poke(), "DeepReorg");
    await rejection(follower.done, "DeepReorg");
    await rejection(follower.poke(), "DeepReorg");
    expect(reorgs).to.deep.equal([]);
  });

  it("waits for a node that is behind", async () => {
    const chain = new ScriptedChain(10);
    const { follower, reorgs } = await watch(chain);
    await follower.poke();
    chain.lag = 4;
    await follower.poke();
    expect(follower.position()?.number).to.equal(9);
    chain.lag = 0;
    chain.mine(1);
    await follower.poke();
    expect(follower.position()?.number).to.equal(10);
    expect(reorgs).to.deep.equal([]);
  });

  describe("moves nothing when the node contradicts itself (A45)", () => {
    const cases: Record<string, (chain: ScriptedChain) => void> = {
      "a log of another block": (chain) => {
        chain.lieLogs = (_from, _to, truth) =>
          truth.map((log) => ({ ...log, blockHash: `0x${"11".repeat(32)}` as Hex }));
      },
      "a log outside of the range": (chain) => {
        chain.lieLogs = (_from, _to, truth) => truth.map((log) => ({ ...log, blockNumber: 999 }));
      },
      "a log of another contract": (chain) => {
        chain.lieLogs = (_from, _to, truth) => truth.map((log) => ({ ...log, address: `0x${"22".repeat(20)}` as Hex }));
      },
      "a removed log": (chain) => {
        chain.lieLogs = (_from, _to, truth) => truth.map((log) => ({ ...log, removed: true }));
      },
      "the same log twice": (chain) => {
        chain.lieLogs = (_from, _to, truth) => [...truth, ...truth];
      },
      "missing logs that the bloom filter promises": (chain) => {
        chain.lieLogs = () => [];
      },
      "a block that does not follow its parent": (chain) => {
        chain.lieHeader = (id, truth) =>
          id === 6 && truth !== null ? { ...truth, parentHash: `0x${"33".repeat(32)}` as Hex } : undefined;
      },
      "a block of another number": (chain) => {
        chain.lieHeader = (id, truth) => (id === 6 && truth !== null ? { ...truth, number: 5 } : undefined);
      },
      "a head without its blocks": (chain) => {
        chain.lieHeader = (id) => (id === 6 ? null : undefined);
      },
      "one false hash at the cursor": (chain) => {
        chain.lieHeader = (id, truth) =>
          id === 4 && truth !== null ? { ...truth, hash: `0x${"44".repeat(32)}` as Hex } : undefined;
      },
    };
    for (const [name, lie] of Object.entries(cases)) {
      it(name, async () => {
        const chain = new ScriptedChain(5);
        const { follower, effects, reorgs } = await watch(chain);
        await follower.poke();
        chain.mine(1);
        chain.mine(1);
        lie(chain);
        await rejection(follower.poke(), "BadResponse");
        expect(follower.position()?.number).to.equal(4);
        expect(effects()).to.deep.equal([]);
        chain.lieHeader = undefined;
        chain.lieLogs = undefined;
        await follower.poke();
        expect(effects()).to.deep.equal(eventsOf(chain));
        expect(reorgs).to.deep.equal([]);
      });
    }
  });

  it("reads a long past in windows and makes them smaller when the node asks for it", async () => {
    const chain = new ScriptedChain(1);
    for (let i = 0; i < 5_000; i += 1) chain.mine(i % 500 === 0 ? 1 : 0);
    chain.finality = (latest) => latest - 10;
    const widths: number[] = [];
    chain.lieLogs = (from, to) => {
      if (to - from + 1 > 300)
        throw new RpcError("eth_getLogs", -32005, "query returned more than 10000 results", undefined);
      widths.push(to - from + 1);
      return undefined;
    };
    const { follower, effects } = await watch(chain);
    await follower.poke();
    expect(effects()).to.deep.equal(eventsOf(chain));
    expect(Math.max(...widths)).to.be.within(150, 300);
    expect(chain.calls.header).to.be.lessThan(500);
  });

  it("asks nothing but the head while the head stays", async () => {
    const chain = new ScriptedChain(5);
    const { follower } = await watch(chain);
    await follower.poke();
    const before = { ...chain.calls };
    await follower.poke();
    expect(chain.calls).to.deep.equal({ header: before.header + 1, logs: before.logs });
  });

  it("repeats what failed at the head, though the head stays", async () => {
    const chain = new ScriptedChain(2);
    let calls = 0;
    const follower = await follow({
      chain: chain.asChain(),
      cursor: memoryCursor(),
      fromBlock: 0,
      confirmations: 1,
      pollMs: 60_000,
      log: silentLog,
      onBlocks: async () => undefined,
      onReorg: async () => undefined,
      onHead: async () => {
        calls += 1;
        if (calls < 3) throw new Error("disk full");
      },
    });
    running.push(follower);
    for (let i = 0; i < 4; i += 1) await follower.poke().catch(() => undefined);
    expect(calls).to.equal(3);
  });

  it("remembers only what could still be undone", () => {
    const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
    const blocks = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => ({ number: from + i, hash: hash(from + i) }));
    const cursor = advance(advance(null, blocks(0, 9), 0), blocks(10, 19), 15);
    expect(cursor.recent.map(({ number }) => number)).to.deep.equal([15, 16, 17, 18, 19]);
    expect(cursor).to.include({ number: 19, finalized: 15 });
    const back = rewind(cursor, { number: 17, hash: hash(17) });
    expect(back).to.deep.include({ number: 17, finalized: 15 });
    expect(back.recent.map(({ number }) => number)).to.deep.equal([15, 16, 17]);
    expect(advance(cursor, blocks(20, 20), 12).finalized).to.equal(15);
  });

  it("plans stretches: long ones in the final past, short ones near the head", () => {
    const window = { size: 1_000, max: 10_000 };
    expect(nextStretch(0, 5_000, 4_000, window)).to.deep.equal({ from: 0, to: 999 });
    expect(nextStretch(3_500, 5_000, 4_000, window)).to.deep.equal({ from: 3_500, to: 4_000 });
    expect(nextStretch(4_001, 5_000, 4_000, window)).to.deep.equal({ from: 4_001, to: 4_064 });
    expect(nextStretch(4_999, 5_000, 4_000, window)).to.deep.equal({ from: 4_999, to: 5_000 });
    expect(nextStretch(5_001, 5_000, 4_000, window)).to.equal(undefined);
    expect(shrink({ size: 1, max: 10 }).size).to.equal(1);
  });

  it("never misses a log by the bloom filter", () => {
    const chain = new ScriptedChain(1);
    const { logsBloom } = chain.mine(1);
    const other: Hex = `0x${"77".repeat(20)}`;
    const own = Object.values(chain.asChain().addresses);
    expect(mayHoldLogs(logsBloom as Hex, own, [TOPIC])).to.equal(true);
    expect(mayHoldLogs(logsBloom as Hex, [other], [TOPIC])).to.equal(false);
    expect(mayHoldLogs(logsBloom as Hex, own, [`0x${"99".repeat(32)}`])).to.equal(false);
    expect(mayHoldLogs(logsBloom as Hex, [], [])).to.equal(true);
    expect(mayHoldLogs("0x", own, [TOPIC])).to.equal(true);
  });

  it("pauses longer after failures, not for ever", () => {
    expect([0, 1, 2, 10].map((failures) => pauseAfter(100, failures))).to.deep.equal([100, 200, 400, 5_000]);
    expect(pauseAfter(60_000, 3)).to.equal(60_000);
  });
});
