import { expect } from "chai";
import fc from "fast-check";
import { recallRangeOf } from "../../../protocol/recallRange.ts";
import { holds, WHOLE_LOG } from "../../../protocol/shard.ts";
import type { Context } from "../../../workers/miner/db.ts";
import { ABSENT, EMPTY } from "../../../workers/miner/load-record.ts";
import {
  contextOf,
  countLoads,
  filledOf,
  firstLoad,
  loadsToMine,
  NEW_LOAD,
  runsOf,
  toSeal,
  withSeals,
} from "../../../workers/miner/plan.ts";
import { hash } from "./world.ts";

const context = (start: number, end: number): Context => ({
  ...{ digest: hash(`${start}-${end}`), epoch: 1, start, end, block: 1 },
});

describe("what a miner seals", () => {
  it("is every seal by the context that sealed its last sector, and none that reaches beyond the last context", () => {
    const contexts = [context(0, 1030), context(1030, 1056), context(1056, 1071)];
    const work = toSeal(1, NEW_LOAD, contexts);
    // Sectors 1024–1039 end in the second context, 1040–1055 too; 1056–1071 end one beyond the third.
    expect(work).to.deep.equal([0, 1].map((seal) => ({ seal, context: hash("1030-1056") })));
    expect(toSeal(1, NEW_LOAD, [...contexts, context(1071, 1072)]).at(-1)).to.deep.equal({
      ...{ seal: 2, context: hash("1071-1072") },
    });
    expect(toSeal(1, NEW_LOAD, [])).to.deep.equal([]);
  });

  it("is never the seal of leaf 0, which is no sector", () => {
    const work = toSeal(0, NEW_LOAD, [context(0, 1024)]);
    expect(work.map(({ seal }) => seal)).to.deep.equal(Array.from({ length: 63 }, (_, i) => i + 1));
    expect(toSeal(1, NEW_LOAD, [context(0, 2048)])).to.have.length(64);
  });

  it("is nothing twice, and what holds nothing is not mined", () => {
    const contexts = [context(0, 2048)];
    const work = toSeal(1, NEW_LOAD, contexts);
    const record = withSeals(NEW_LOAD, 7, work.slice(0, 3), work.slice(3, 5));
    expect(record.slot).to.equal(7);
    expect(record.seals.slice(0, 6)).to.deep.equal([0, 0, 0, EMPTY, EMPTY, ABSENT]);
    expect(toSeal(1, record, contexts).map(({ seal }) => seal)).to.deep.equal(
      Array.from({ length: 59 }, (_, i) => i + 5),
    );
    expect([...filledOf(record)]).to.deep.equal([0b111, 0, 0, 0, 0, 0, 0, 0]);
    expect(contextOf(record, 2)).to.equal(hash("0-2048"));
    for (const seal of [3, 5, 63]) expect(contextOf(record, seal)).to.equal(undefined);
    expect(contextOf(undefined, 0)).to.equal(undefined);
    expect(NEW_LOAD.seals.every((of) => of === ABSENT)).to.equal(true);
  });

  it("is sealed in runs of seals that lie one behind the other", () => {
    const property = fc.property(fc.uniqueArray(fc.nat({ max: 63 })), (seals) => {
      const work = [...seals].sort((a, b) => a - b).map((seal) => ({ seal, context: hash("c") }));
      const runs = runsOf(work);
      expect(runs.flat()).to.deep.equal(work);
      for (const run of runs) {
        for (const [i, { seal }] of run.entries()) expect(seal).to.equal((run[0]?.seal as number) + i);
      }
      for (const [i, run] of runs.slice(1).entries()) {
        expect(run[0]?.seal).to.be.greaterThan((runs[i]?.at(-1)?.seal as number) + 1);
      }
    });
    fc.assert(property);
  });

  it("is of its shard only", () => {
    const property = fc.property(
      fc.nat({ max: 5 }),
      fc.nat(),
      fc.nat({ max: 100 }),
      fc.nat({ max: 100 }),
      (bits, id, from, to) => {
        const shard = { numShard: 2 ** bits, shardId: id % 2 ** bits };
        const own = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i).filter((load) =>
          holds(shard, load),
        );
        expect(countLoads(shard, { from, to })).to.equal(own.length);
        expect(firstLoad(shard, from)).to.be.within(from, from + shard.numShard - 1);
        expect(holds(shard, firstLoad(shard, from))).to.equal(true);
      },
    );
    fc.assert(property);
    expect(countLoads(WHOLE_LOG, { from: 0, to: 0 })).to.equal(0);
  });

  it("is every load that the chain may ask it for, and of a longer log nothing beyond its range", () => {
    const rules = { sectorsPerPrice: 8_192, maxMiningLength: 16_384 };
    const property = fc.property(
      fc.nat({ max: 3 }),
      fc.nat({ max: 300_000 }),
      fc.nat({ max: 300_000 }),
      (bits, length, start) => {
        const shard = { numShard: 2 ** bits, shardId: 0 };
        const { from, to } = loadsToMine(shard, length, rules, start);
        expect(to * 1024).to.be.lessThan(length + 1024);
        expect(to - from).to.be.at.most((rules.maxMiningLength * shard.numShard) / 1024);
        const range = recallRangeOf(shard, length, rules, start);
        if (range === undefined) return;
        expect(from * 1024).to.equal(range.startPosition);
        expect(to * 1024).to.be.at.least(range.startPosition + range.mineLength);
      },
    );
    fc.assert(property);
    // While the range still grows, what the log has not filled yet is sealed as it comes.
    expect(loadsToMine(WHOLE_LOG, 10_000, rules)).to.deep.equal({ from: 0, to: 10 });
    expect(loadsToMine(WHOLE_LOG, 100_000, rules, 50_000)).to.deep.equal({ from: 48, to: 64 });
  });
});
