import { expect } from "chai";
import fc from "fast-check";
import {
  choose,
  detectionBound,
  honestQuorum,
  log2,
  lossBound,
  quorum,
  samplesFor,
  unionBound,
} from "../../protocol/quorum.ts";
import { refusal } from "./refusal.ts";

describe("quorum", () => {
  it("A15: is more than two thirds, exactly, for 1 to 200 equal stakes, and never of nothing", () => {
    for (let signers = 1n; signers <= 200n; signers++) {
      const stake = 10n ** 18n;
      const needed = (2n * signers) / 3n + 1n;
      expect(quorum(needed * stake, signers * stake), `${needed} of ${signers}`).to.equal(true);
      expect(quorum((needed - 1n) * stake, signers * stake), `${needed - 1n} of ${signers}`).to.equal(false);
    }
    expect(quorum(2n, 3n)).to.equal(false);
    expect(quorum(0n, 0n)).to.equal(false);
  });
});

describe("what a certificate means", () => {
  it("reproduces the table: samples for a loss below 2^-40 when a third of equal stakes is dishonest", () => {
    const table = { 4: 52, 7: 40, 10: 33, 20: 19, 40: 12, 100: 7, 200: 5 };
    for (const [validators, samples] of Object.entries(table)) {
      expect(samplesFor(Number(validators)), `${validators} validators`).to.equal(samples);
    }
  });

  it("gives nothing for 16 samples at 16 validators, 2^-19 at 20, 2^-30 at 25, 2^-105 at 40", () => {
    // At 3t + 1 validators the dishonest third is nearly full; in between, rounding helps (15: 2^-8.6).
    for (const validators of [1, 4, 7, 10, 13, 16]) {
      expect(log2(lossBound(validators, 16).loss), `${validators} validators`).to.be.at.least(0);
    }
    expect(log2(lossBound(15, 16).loss)).to.be.lessThan(-8);
    for (const [validators, bits] of [
      [20, -19],
      [25, -30],
      [40, -105],
    ] as const) {
      expect(Math.abs(log2(lossBound(validators, 16).loss) - bits), `${validators} validators`).to.be.lessThan(0.6);
    }
  });

  it("detects with one validator better than 2^-s, exactly C(63,s)/C(128,s)", () => {
    for (let samples = 1; samples <= 63; samples++) {
      const { numerator, denominator } = detectionBound(samples);
      expect(numerator << BigInt(samples) < denominator, `${samples} samples`).to.equal(true);
    }
    expect(detectionBound(64).numerator).to.equal(0n);
    const two = detectionBound(2);
    expect(two.numerator * 128n * 127n).to.equal(two.denominator * 63n * 62n);
  });

  it("counts unions as enumeration does, on a case small enough to enumerate", () => {
    // Two 1-subsets of 128: always at most two columns, so the bound is C(h, 2) exactly.
    const { numerator, denominator } = unionBound(3, 2, 1);
    expect(numerator).to.equal(3n * denominator);
    // Two 63-subsets stay within 63 only if they are the same.
    const same = unionBound(2, 2, 63);
    expect(same.numerator * choose(128, 63)).to.equal(same.denominator);
  });

  it("agrees with a simulation", () => {
    const [sets, samples, runs] = [3, 24, 4000];
    let random = 12345;
    const next = (n: number) => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return (random >>> 8) % n;
    };
    let within = 0;
    for (let run = 0; run < runs; run++) {
      const union = new Set<number>();
      for (let set = 0; set < sets; set++) {
        const own = new Set<number>();
        while (own.size < samples) own.add(next(128));
        for (const column of own) union.add(column);
      }
      if (union.size <= 63) within++;
    }
    const expected = 2 ** log2(unionBound(3, 3, samples));
    expect(Math.abs(within / runs - expected)).to.be.lessThan(4 * Math.sqrt(expected / runs) + 0.005);
  });

  it("falls with every sample and needs a quorum that the dishonest cannot fill", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (validators) => {
        const { honest, needed } = honestQuorum(validators);
        const dishonest = validators - honest;
        return 3 * dishonest < validators && 3 * (dishonest + needed) > 2 * validators && needed >= 1;
      }),
    );
    for (let samples = 10; samples < 40; samples++) {
      const now = lossBound(20, samples).loss;
      const more = lossBound(20, samples + 1).loss;
      expect(more.numerator * now.denominator < now.numerator * more.denominator).to.equal(true);
    }
    expect(refusal(() => honestQuorum(0))).to.equal("BadConfig");
    expect(refusal(() => honestQuorum(201))).to.equal("BadConfig");
  });
});
