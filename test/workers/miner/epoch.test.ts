import { expect } from "chai";
import fc from "fast-check";
import { subtaskIndexOf } from "../../../protocol/pora.ts";
import { begunEpoch, epochToRoll, inTime, windowOf } from "../../../workers/miner/epoch.ts";
import { expectedReward } from "../../../workers/miner/profit.ts";
import { hash, MINER } from "./world.ts";

const RULES = { firstBlock: 5, blocksPerEpoch: 60, subtasks: 2, subtaskInterval: 25, window: 20 };

describe("a miner's window", () => {
  it("is that of its subtask, the block after its start and as many as the chain says", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const context = { digest: hash(`context ${i}`), mineStart: 65 };
      const index = subtaskIndexOf(context.digest, MINER, 2);
      seen.add(index);
      expect(windowOf(context, MINER, RULES)).to.deep.equal({ first: 66 + 25 * index, last: 85 + 25 * index });
    }
    expect([...seen].sort()).to.deep.equal([0, 1]);
  });

  it("takes what can be in a block of it, and nothing sent when its last block is the head", () => {
    expect([83, 84, 85, 86].map((latest) => inTime(latest, 85))).to.deep.equal([true, true, false, false]);
  });
});

describe("the beginning of an epoch", () => {
  it("is when the next block could make its context, as Flow has it", () => {
    // Flow: (block.number − 1 − firstBlock) / blocksPerEpoch in the block that the transaction is in.
    for (let latest = 0; latest < 400; latest++) {
      const block = latest + 1;
      const flow = block - 1 <= RULES.firstBlock ? 0 : Math.floor((block - 1 - RULES.firstBlock) / 60);
      expect(begunEpoch(latest, RULES)).to.equal(flow);
    }
  });

  it("falls to each miner within four blocks, to some later than to others, and to nobody when it is made", () => {
    const turns = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const first = Array.from({ length: 10 }, (_, since) => 65 + since).find(
        (latest) => epochToRoll(latest, 0, hash(`miner ${i}`), RULES) === 1,
      ) as number;
      expect(first).to.be.within(65, 68);
      turns.add(first);
      for (let latest = 65; latest < 125; latest++) {
        expect(epochToRoll(latest, 1, hash(`miner ${i}`), RULES)).to.equal(undefined);
        expect(epochToRoll(latest, 0, hash(`miner ${i}`), RULES)).to.equal(latest < first ? undefined : 1);
      }
    }
    expect(turns.size).to.equal(4);
  });

  it("is one step, however long nobody was there (A21)", () => {
    const latest = RULES.firstBlock + 10_000 * 60 + 30;
    expect(epochToRoll(latest, 0, MINER, RULES)).to.equal(10_000);
    expect(epochToRoll(latest, 10_000, MINER, RULES)).to.equal(undefined);
  });
});

describe("a miner's account", () => {
  const pools = { claimable: 1_000n, deadline: 100n, baseReward: 7n, basePool: 10n };

  it("expects half of what the chunk can pay, and the base reward while there is one", () => {
    expect(expectedReward(pools, 0, 99)).to.equal(507n);
    expect(expectedReward(pools, 1, 99)).to.equal(253n);
    expect(expectedReward(pools, 2, 99)).to.equal(125n);
    expect(expectedReward({ ...pools, basePool: 3n }, 0, 99)).to.equal(503n);
    expect(expectedReward({ ...pools, claimable: 1n, basePool: 0n }, 0, 99)).to.equal(0n);
  });

  it("expects nothing of a chunk past its deadline, or that never had a fee", () => {
    expect(expectedReward(pools, 0, 100)).to.equal(0n);
    expect(expectedReward({ ...pools, deadline: 0n }, 0, 0)).to.equal(0n);
  });

  it("never expects more than is there, whatever is ahead", () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 96n });
    const property = fc.property(amount, amount, amount, fc.nat({ max: 300 }), (claimable, base, pool, ahead) => {
      const of = { claimable, deadline: 1n, baseReward: base, basePool: pool };
      let paid = 0n;
      for (let i = 0; i <= ahead; i++) paid += i < 3 || i === ahead ? expectedReward(of, i, 0) : 0n;
      expect(paid <= claimable + pool).to.equal(true);
      expect(expectedReward(of, ahead + 1, 0) <= expectedReward(of, ahead, 0)).to.equal(true);
    });
    fc.assert(property);
  });
});
