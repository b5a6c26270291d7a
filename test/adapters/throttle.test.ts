import { expect } from "chai";
import { createThrottle, type ThrottleClock } from "../../adapters/throttle.ts";
import { rejection } from "../fakes/errors.ts";

/** A clock that stands still until it is told. */
const handClock = (): ThrottleClock & { go(ms: number): Promise<void> } => {
  let time = 0;
  const calls = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    now: () => time,
    after: (ms, call) => {
      const entry = { at: time + ms, call };
      calls.add(entry);
      return () => calls.delete(entry);
    },
    go: async (ms) => {
      time += ms;
      for (const entry of [...calls]) {
        if (entry.at > time) continue;
        calls.delete(entry);
        entry.call();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};

describe("a limit in bytes per second", () => {
  const setup = (rate: number) => {
    const clock = handClock();
    const throttle = createThrottle(rate, clock);
    const taken: string[] = [];
    const take = (name: string, bytes: number, signal?: AbortSignal) => {
      const done = throttle.take(bytes, signal).then(() => void taken.push(name));
      done.catch(() => undefined);
      return done;
    };
    return { ...clock, throttle, taken, take };
  };

  it("lets one second's worth through at once and the rest in the order of asking, as fast as the limit", async () => {
    const { take, taken, go } = setup(1_000);
    take("a", 600);
    take("b", 400);
    take("c", 500);
    take("d", 500);
    await go(0);
    expect(taken).to.deep.equal(["a", "b"]);
    await go(499);
    expect(taken).to.deep.equal(["a", "b"]);
    await go(1);
    expect(taken).to.deep.equal(["a", "b", "c"]);
    await go(500);
    expect(taken).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("lets a piece through that is longer than a second's worth, and makes the next wait for it", async () => {
    const { take, taken, go } = setup(100);
    take("huge", 1_000);
    await go(8_999);
    expect(taken).to.deep.equal([]);
    await go(1);
    expect(taken).to.deep.equal(["huge"]);
    take("next", 100);
    await go(999);
    expect(taken).to.deep.equal(["huge"]);
    await go(1);
    expect(taken).to.deep.equal(["huge", "next"]);
  });

  it("saves up one second and no more", async () => {
    const { take, taken, go } = setup(1_000);
    await go(3_600_000);
    take("a", 1_000);
    take("b", 1_000);
    await go(0);
    expect(taken).to.deep.equal(["a"]);
    await go(1_000);
    expect(taken).to.deep.equal(["a", "b"]);
  });

  it("gives back what is not moved when whoever waits is stopped", async () => {
    const { take, taken, go } = setup(1_000);
    const stop = new AbortController();
    take("a", 1_000);
    const waiting = take("b", 5_000, stop.signal);
    await go(0);
    stop.abort();
    await rejection(waiting, "Stopping");
    await rejection(take("c", 1, stop.signal), "Stopping");
    await go(1_000);
    take("d", 1_000);
    await go(0);
    expect(taken).to.deep.equal(["a", "d"]);
  });

  it("refuses a limit that is none", () => {
    for (const limit of [0, -1, Number.NaN]) expect(() => createThrottle(limit)).to.throw("bytesPerSecond");
  });
});
