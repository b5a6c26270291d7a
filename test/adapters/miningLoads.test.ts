import { expect } from "chai";
import { createLoadIndex, placeIn } from "../../adapters/mining.loads.ts";
import { refusal } from "../protocol/refusal.ts";

const ALL = new Uint8Array(8).fill(0xff);

describe("index of sealed loads", () => {
  it("tells a load's slot and seals, of its shard only", () => {
    const index = createLoadIndex({ shardId: 3, numShard: 4 });
    const some = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    index.set(3, 0, ALL);
    index.set(11, 9, some);
    some.fill(0);
    const { shard, slots, filled } = index.table();
    expect([slots[0], slots[1], slots[2]]).to.deep.equal([1, 0, 10]);
    expect([...filled.subarray(16, 24)]).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([placeIn(shard, 11), placeIn(shard, 12)]).to.deep.equal([2, -1]);
    expect(index.size()).to.equal(2);
    expect(refusal(() => index.set(12, 1, ALL))).to.equal("NotInShard");
    expect(refusal(() => index.set(3, 1, ALL.subarray(1)))).to.equal("LengthMismatch");
  });

  it("forgets a load, keeps its neighbours, and grows with the log", () => {
    const index = createLoadIndex({ shardId: 0, numShard: 1 });
    for (const load of [0, 1, 1023, 1024, 70_000]) index.set(load, 2 * load, ALL);
    index.set(1, 5, ALL);
    index.delete(1023);
    index.delete(1023);
    index.delete(5_000_000);
    const { slots, filled } = index.table();
    expect([0, 1, 1023, 1024, 70_000].map((load) => slots[load])).to.deep.equal([1, 6, 0, 2049, 140_001]);
    expect([1022, 1023, 1024].map((load) => filled[8 * load])).to.deep.equal([0, 0, 0xff]);
    expect(index.size()).to.equal(4);
  });
});
