import { checkReplica, selectNodes } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import fc from "fast-check";
import {
  chooseReplicas,
  covers,
  firstIn,
  halves,
  holds,
  isShard,
  overlaps,
  type Shard,
  segmentCountIn,
  segmentInLog,
  segmentsOf,
  WHOLE_LOG,
} from "../../protocol/shard.ts";
import { refusal } from "./refusal.ts";

/** All shards of up to 16 parts. */
const SHARDS: Shard[] = [1, 2, 4, 8, 16].flatMap((numShard) =>
  Array.from({ length: numShard }, (_, shardId) => ({ shardId, numShard })),
);
const places = Array.from({ length: 16 }, (_, i) => i);

describe("shard", () => {
  it("is a residue of a power of two and nothing else", () => {
    for (const shard of SHARDS) expect(isShard(shard)).to.equal(true);
    expect(isShard({ shardId: 2 ** 30 - 1, numShard: 2 ** 30 })).to.equal(true);
    for (const [shardId, numShard] of [
      [0, 0],
      [1, 1],
      [0, 3],
      [-1, 2],
      [2, 2],
      [0, -2],
      [0.5, 2],
      [0, 1.5],
      [0, 2 ** 31],
      [0, 2 ** 32],
      [0, Number.NaN],
      ["0", "1"],
    ]) {
      expect(isShard({ shardId, numShard }), `${shardId}/${numShard}`).to.equal(false);
    }
    for (const value of [undefined, null, 1, "0/1", {}, []]) expect(isShard(value)).to.equal(false);
  });

  it("says for all pairs whether they overlap or contain one another, as their segments do", () => {
    for (const a of SHARDS) {
      for (const b of SHARDS) {
        const name = `${a.shardId}/${a.numShard} and ${b.shardId}/${b.numShard}`;
        const shared = places.filter((place) => holds(a, place) && holds(b, place));
        expect(overlaps(a, b), name).to.equal(shared.length > 0);
        const inside = places.every((place) => !holds(b, place) || holds(a, place));
        expect(covers(a, b), name).to.equal(inside);
      }
    }
  });

  it("falls into two halves that share nothing and are all of it", () => {
    for (const shard of SHARDS) {
      const [low, high] = halves(shard);
      expect(isShard(low) && isShard(high)).to.equal(true);
      expect(overlaps(low, high)).to.equal(false);
      for (let place = 0; place < 64; place++) {
        expect(holds(low, place) || holds(high, place)).to.equal(holds(shard, place));
      }
    }
    expect(refusal(() => halves({ shardId: 0, numShard: 2 ** 30 }))).to.equal("QuotaExceeded");
  });

  it("holds of a file the segments whose place in the log it holds", () => {
    for (const shard of SHARDS) {
      for (const start of [1, 512, 1024, 5 * 1024, 123 * 1024]) {
        for (const count of [1, 2, 15, 16, 17, 40]) {
          const all = Array.from({ length: count }, (_, i) => i);
          const held = all.filter((index) => holds(shard, Math.floor(start / 1024) + index));
          expect([...segmentsOf(shard, start, count)]).to.deep.equal(held);
          expect(segmentCountIn(shard, start, count)).to.equal(held.length);
          for (const from of [0, 1, 7]) {
            const next = held.find((index) => index >= from);
            const first = firstIn(shard, start, from);
            if (next === undefined) expect(first).to.be.at.least(count);
            else expect(first).to.equal(next);
            expect(holds(shard, segmentInLog(start, first))).to.equal(true);
          }
        }
      }
    }
    // Far out in the log the place is still exact.
    expect([...segmentsOf({ shardId: 1, numShard: 4 }, 2 ** 52, 6)]).to.deep.equal([1, 5]);
  });
});

describe("choice of nodes", () => {
  const shardArb = fc
    .integer({ min: 0, max: 4 })
    .chain((k) => fc.record({ shardId: fc.integer({ min: 0, max: 2 ** k - 1 }), numShard: fc.constant(2 ** k) }));

  it("is that of 0G's clients, for any nodes, any number of copies and either order", () => {
    fc.assert(
      fc.property(fc.array(shardArb, { maxLength: 24 }), fc.integer({ min: 1, max: 3 }), (shards, replicas) => {
        const theirs = shards.map((config, i) => ({ url: `node ${i}`, config, latency: 0, since: 0 }));
        const ours = shards.map((shard, i) => ({ url: `node ${i}`, shard }));
        for (const order of ["min", "max"] as const) {
          const [selected, ok] = selectNodes(theirs, replicas, order);
          const chosen = chooseReplicas(ours, replicas, order);
          expect(chosen?.map(({ url }) => url)).to.deep.equal(ok ? selected.map(({ url }) => url) : undefined);
        }
        expect(chooseReplicas(ours, replicas) !== undefined).to.equal(checkReplica(shards, replicas));
      }),
      { numRuns: 500 },
    );
  });

  it("holds every segment as often as asked, and fails only if all nodes together do not", () => {
    fc.assert(
      fc.property(fc.array(shardArb, { maxLength: 24 }), fc.integer({ min: 1, max: 3 }), (shards, replicas) => {
        const nodes = shards.map((shard) => ({ shard }));
        const copies = (chosen: readonly { shard: Shard }[]) =>
          Math.min(...places.map((place) => chosen.filter(({ shard }) => holds(shard, place)).length));
        const chosen = chooseReplicas(nodes, replicas, "given");
        if (chosen !== undefined) expect(copies(chosen)).to.be.at.least(replicas);
        else expect(copies(nodes)).to.be.below(replicas);
      }),
      { numRuns: 500 },
    );
  });

  it("passes over nodes that add nothing, are no shards, or come after enough", () => {
    const whole = { name: "whole", shard: WHOLE_LOG };
    const left = { name: "left", shard: { shardId: 0, numShard: 2 } };
    const right = { name: "right", shard: { shardId: 1, numShard: 2 } };
    const broken = { name: "broken", shard: { shardId: 5, numShard: 3 } };
    expect(chooseReplicas([left, broken, left, whole, right], 1, "given")).to.deep.equal([left, whole]);
    expect(chooseReplicas([left, right, whole], 1, "max")).to.deep.equal([left, right]);
    expect(chooseReplicas([left, right, whole], 1)).to.deep.equal([whole]);
    expect(chooseReplicas([left, right, whole], 2)).to.deep.equal([whole, left, right]);
    expect(chooseReplicas([left, left], 1)).to.equal(undefined);
    expect(chooseReplicas([], 1)).to.equal(undefined);
    for (const replicas of [0, -1, 1.5]) {
      expect(refusal(() => chooseReplicas([whole], replicas))).to.equal("BadRequest");
    }
  });
});
