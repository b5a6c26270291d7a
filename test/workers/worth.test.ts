import { expect } from "chai";
import { costOf, isWorth } from "../../workers/worth.ts";

const TO = `0x${"11".repeat(20)}` as const;

describe("what a transaction is worth", () => {
  it("is its gas as often as asked for, and never nothing, without rounding in its favour", () => {
    expect([99n, 100n, 101n].map((gain) => isWorth(gain, 100n, 1))).to.deep.equal([false, true, true]);
    expect([149n, 150n].map((gain) => isWorth(gain, 100n, 1.5))).to.deep.equal([false, true]);
    expect([0n, 1n].map((gain) => isWorth(gain, 10n ** 18n, 0))).to.deep.equal([false, true]);
    expect(isWorth(0n, 0n, 0)).to.equal(false);
    expect(isWorth(2n ** 200n, 2n ** 200n, 1)).to.equal(true);
  });

  it("costs its gas at the base fee of the head and what the chain suggests on top", async () => {
    const chain = {
      estimate: async () => 21_000n,
      header: async () => ({ baseFeePerGas: 7n }) as never,
      priorityFee: async () => 3n,
    };
    expect(await costOf(chain, TO, { to: TO, data: "0x" })).to.equal(210_000n);
    const silent = { ...chain, header: async () => null, priorityFee: () => Promise.reject(new Error("not served")) };
    expect(await costOf(silent, TO, { to: TO, data: "0x" })).to.equal(0n);
  });
});
