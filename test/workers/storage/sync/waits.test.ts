import { expect } from "chai";
import { createWaits, pauseAfter } from "../../../../workers/storage/sync/waits.ts";

describe("when an entry that lacks data is looked at", () => {
  const setup = () => {
    const clock = { time: 0 };
    return { clock, waits: createWaits({ pauseMs: 100, now: () => clock.time }) };
  };

  it("leaves the uploader of a new one some time first, and none to what was there before", () => {
    const { clock, waits } = setup();
    expect(waits.due(6)).to.equal(true);
    waits.begin(7);
    clock.time = 99;
    expect(waits.due(7)).to.equal(false);
    clock.time = 100;
    expect(waits.due(7)).to.equal(true);
  });

  it("looks ever more rarely while nobody has it, and says why", () => {
    const { clock, waits } = setup();
    waits.begin(7);
    const looks: number[] = [];
    for (; clock.time < 10_000; clock.time += 50) {
      if (!waits.due(7)) continue;
      looks.push(clock.time);
      waits.failed(7, "UnknownFile", 0);
    }
    expect(looks).to.deep.equal([100, 200, 400, 800, 1_600, 3_200, 6_400]);
    expect(waits.counts()).to.deep.equal({ UnknownFile: 1 });
    expect(pauseAfter(60, 100)).to.equal(300_000);
    expect(pauseAfter(3, 1_000_000)).to.equal(1_000_000);
  });

  it("goes on at once while something comes, where it had stopped", () => {
    const { clock, waits } = setup();
    waits.begin(7);
    clock.time = 100;
    for (let i = 0; i < 5; i++) waits.failed(7, "NotStored", 12);
    waits.progressed(7, 40);
    expect([waits.due(7), waits.startOf(7)]).to.deep.equal([true, 40]);
    waits.failed(7, "NotStored", 41);
    clock.time += 100;
    expect([waits.due(7), waits.startOf(7)]).to.deep.equal([true, 41]);
  });

  it("forgets entries that have come or that the chain took back", () => {
    const { waits } = setup();
    for (const txSeq of [1, 2, 3, 4]) waits.failed(txSeq, "Pruned", 9);
    waits.forget(2);
    waits.forgetFrom(4);
    expect(waits.counts()).to.deep.equal({ Pruned: 2 });
    expect([waits.startOf(1), waits.startOf(2), waits.startOf(4)]).to.deep.equal([9, 0, 0]);
  });

  it("does not grow without bound", () => {
    const { waits } = setup();
    for (let txSeq = 0; txSeq < 70_000; txSeq++) waits.failed(txSeq, "UnknownFile", 0);
    expect(waits.counts()).to.deep.equal({ UnknownFile: 65_536 });
  });
});
