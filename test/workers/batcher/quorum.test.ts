import { expect } from "chai";
import { nextStep, type Round } from "../../../workers/batcher/quorum.ts";
import { voteOf } from "../facts.ts";

const four = [0, 1, 2, 3].map((slot) => ({ slot, stake: 10n }));
const round = (more: Partial<Round>): Round => ({
  validators: four,
  totalStake: 40n,
  votes: [],
  graceMs: 1000,
  now: 100,
  blocksLeft: 100,
  ...more,
});

describe("nextStep of a collection", () => {
  it("asks everybody at first", () => {
    expect(nextStep(round({}))).to.deep.equal({ kind: "ask", slots: [0, 1, 2, 3] });
  });

  it("asks on with two of three thirds exactly: more than two thirds are needed", () => {
    const three = [0, 1, 2].map((slot) => ({ slot, stake: 10n }));
    const votes = [voteOf(0), voteOf(1)];
    expect(nextStep(round({ validators: three, totalStake: 30n, votes, now: 10_000 })).kind).to.equal("ask");
  });

  it("gives stragglers a grace from the last signature on", () => {
    const votes = [voteOf(0, { time: 50 }), voteOf(1, { time: 60 }), voteOf(2, { time: 90 })];
    expect(nextStep(round({ votes, now: 1089 }))).to.deep.equal({ kind: "ask", slots: [3] });
    expect(nextStep(round({ votes, now: 1090 }))).to.deep.equal({ kind: "confirm", slots: [0, 1, 2] });
  });

  it("confirms at once when everybody has signed or refused by name", () => {
    const votes = [voteOf(0), voteOf(1), voteOf(2), voteOf(3, { outcome: "refused" })];
    expect(nextStep(round({ votes, now: 24 }))).to.deep.equal({ kind: "confirm", slots: [0, 1, 2] });
  });

  for (const outcome of ["garbage", "slow", "down"] as const) {
    it(`asks a validator again that was ${outcome}, and counts no stake for it`, () => {
      const votes = [voteOf(0), voteOf(1), voteOf(2, { outcome })];
      expect(nextStep(round({ votes, now: 10_000 }))).to.deep.equal({ kind: "ask", slots: [2, 3] });
    });
  }

  it("does not wait for stragglers when the deadline is near, and stops after it", () => {
    const votes = [voteOf(0), voteOf(1), voteOf(2)];
    expect(nextStep(round({ votes, now: 24, blocksLeft: 10 })).kind).to.equal("confirm");
    expect(nextStep(round({ votes, blocksLeft: 0 })).kind).to.equal("stop");
  });

  it("weighs stake, not heads", () => {
    const validators = [
      { slot: 0, stake: 100n },
      { slot: 1, stake: 1n },
      { slot: 2, stake: 1n },
    ];
    const small = [voteOf(1), voteOf(2)];
    expect(nextStep(round({ validators, totalStake: 102n, votes: small, now: 10_000 })).kind).to.equal("ask");
    expect(nextStep(round({ validators, totalStake: 102n, votes: [voteOf(0)], now: 10_000 })).kind).to.equal("confirm");
  });

  it("never confirms a set without stake (A15)", () => {
    expect(nextStep(round({ validators: [], totalStake: 0n, now: 10_000 })).kind).to.equal("ask");
  });
});
