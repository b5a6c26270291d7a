import { expect } from "chai";
import { byHands } from "../../../../workers/storage/sync/parallel.ts";
import { createWaits, pauseAfter } from "../../../../workers/storage/sync/waits.ts";
import { gate } from "../../../fakes/wait.ts";

describe("when an entry that lacks data is looked at", () => {
  const setup = () => {
    const clock = { time: 0 };
    return { clock, waits: createWaits({ pauseMs: 100, now: () => clock.time }) };
  };

  it("leaves its uploader some time first", () => {
    const { clock, waits } = setup();
    expect(waits.due(7)).to.equal(false);
    clock.time = 99;
    expect(waits.due(7)).to.equal(false);
    clock.time = 100;
    expect(waits.due(7)).to.equal(true);
  });

  it("looks ever more rarely while nobody has it, and says why", () => {
    const { clock, waits } = setup();
    waits.due(7);
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
    waits.due(7);
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

describe("work by several hands", () => {
  it("never has more under way than hands, and takes each item once", async () => {
    let [active, most] = [0, 0];
    const seen: number[] = [];
    await byHands(Array(50).keys(), 4, async (item) => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(item);
      active -= 1;
    });
    expect(most).to.equal(4);
    expect(seen.sort((a, b) => a - b)).to.deep.equal([...Array(50).keys()]);
  });

  it("takes nothing more after an error, and ends when every hand is empty", async () => {
    const { opened, open } = gate();
    const ended: number[] = [];
    const all = byHands([0, 1, 2, 3, 4, 5], 2, async (item) => {
      if (item === 0) throw new Error("no");
      await opened;
      ended.push(item);
    });
    let over = false;
    const failed = all.then(
      () => "no error",
      (error: Error) => {
        over = true;
        return error.message;
      },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).to.equal(false);
    open();
    expect(await failed).to.equal("no");
    expect(ended).to.deep.equal([1]);
  });
});
