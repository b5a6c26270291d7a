import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { drawColumns } from "../../protocol/column.ts";
import {
  certificateBound,
  choose,
  detectionBound,
  fixedRelease,
  honestQuorum,
  log2,
  lossBound,
  type Rational,
  samplesFor,
  stakeBound,
  unionBound,
} from "../../protocol/quorum.ts";
import { formulas, measured } from "../../scripts/bound.ts";
import { sectionOf } from "../../scripts/docs/sections.ts";
import { refusal } from "./refusal.ts";
import { adaptiveLosses, eachSampler, fooled, signatures, withinThreeSigma } from "./samplers.ts";

const THIRD: Rational = { numerator: 1n, denominator: 3n };
const document = readFileSync(new URL("../../docs/sampling-bound.md", import.meta.url), "utf8");
const equal = (a: Rational, b: Rational) => a.numerator * b.denominator === b.numerator * a.denominator;
const less = (a: Rational, b: Rational) => a.numerator * b.denominator < b.numerator * a.denominator;

describe("the bound on what a certificate means", () => {
  it("for a fixed release is the binomial tail, counted by hand on small cases", () => {
    // 64 of 128 columns, one sample: a fair coin each. Two or more heads of three: 4 of 8.
    expect(equal(fixedRelease(3, 2, 1, 64), { numerator: 1n, denominator: 2n })).to.equal(true);
    expect(equal(fixedRelease(3, 3, 1, 64), { numerator: 1n, denominator: 8n })).to.equal(true);
    expect(equal(fixedRelease(5, 0, 7), { numerator: 1n, denominator: 1n })).to.equal(true);
    expect(equal(fixedRelease(1, 1, 9), detectionBound(9))).to.equal(true);
    expect(fixedRelease(4, 2, 64).numerator).to.equal(0n);
  });

  it("is never better against servers that see every request than against such as decided beforehand", () => {
    for (const validators of [4, 7, 10, 20, 40]) {
      for (const samples of [4, 8, 16, 24, 32, 52]) {
        const { fixed, loss } = lossBound(validators, samples);
        expect(less(loss, fixed), `${validators} validators, ${samples} samples`).to.equal(false);
      }
    }
  });

  it("takes the dishonest share as it is given, and less than a third without one", () => {
    expect(honestQuorum(9, THIRD)).to.deep.equal({ honest: 6, needed: 4 });
    expect(honestQuorum(9)).to.deep.equal({ honest: 7, needed: 5 });
    expect(honestQuorum(10, THIRD)).to.deep.equal(honestQuorum(10));
    expect(honestQuorum(10, { numerator: 0n, denominator: 1n })).to.deep.equal({ honest: 10, needed: 7 });
    expect(honestQuorum(10, { numerator: 1n, denominator: 1n })).to.deep.equal({ honest: 0, needed: 0 });
    expect(log2(lossBound(10, 100, { numerator: 7n, denominator: 10n }).loss)).to.equal(0);
    expect(samplesFor(40, 40, { numerator: 1n, denominator: 10n })).to.be.lessThan(samplesFor(40));
  });

  it("for stakes that are equal is the one for equal stakes, wherever that says anything", () => {
    for (const [validators, samples] of [
      [4, 52],
      [7, 40],
      [10, 33],
      [20, 19],
      [40, 12],
      [200, 5],
    ] as const) {
      const stakes = Array.from({ length: validators }, () => 5n * 10n ** 18n);
      const { loss } = lossBound(validators, samples);
      expect(equal(stakeBound(stakes, samples, THIRD), loss), `${validators} validators`).to.equal(true);
    }
  });

  it("for stakes that differ covers every coalition and every quorum, by enumeration", () => {
    const stake = fc.bigInt({ min: 1n, max: 30n });
    fc.assert(
      fc.property(
        fc.array(stake, { minLength: 2, maxLength: 7 }),
        fc.integer({ min: 20, max: 60 }),
        (stakes, samples) => {
          const total = stakes.reduce((sum, one) => sum + one, 0n);
          const sumOf = (set: number) => stakes.reduce((sum, one, i) => ((set >> i) & 1 ? sum + one : sum), 0n);
          const bound = stakeBound(stakes, samples, THIRD);
          // One team alone already has this chance.
          const enough = stakes.map((_, i) => !less(bound, unionBound(i + 1, i + 1, samples)));
          for (let coalition = 0; coalition < 1 << stakes.length; coalition++) {
            if (3n * sumOf(coalition) > total) continue;
            for (let signers = 0; signers < 1 << stakes.length; signers++) {
              if ((signers & coalition) !== coalition || 3n * sumOf(signers) <= 2n * total) continue;
              const honest = [...(signers & ~coalition).toString(2)].filter((bit) => bit === "1").length;
              if (!enough[honest - 1]) return false;
            }
          }
          return true;
        },
      ),
      { numRuns: 60 },
    );
    expect(refusal(() => stakeBound([], 16, THIRD))).to.equal("BadConfig");
    expect(refusal(() => stakeBound([1n, 0n], 16, THIRD))).to.equal("BadConfig");
  });

  it("of a certificate is both forms at once, and for equal stakes the one for equal stakes", () => {
    for (const [validators, samples] of [
      [1, 52],
      [3, 52],
      [4, 52],
      [6, 45],
      [9, 40],
      [40, 12],
    ] as const) {
      const stakes = Array.from({ length: validators }, () => 7n);
      const own = certificateBound(stakes, samples);
      const one = lossBound(validators, samples);
      for (const form of ["detection", "fixed", "loss"] as const) {
        expect(equal(own[form], one[form]), `${validators} validators, ${form}`).to.equal(true);
      }
    }
    // Less than a third of 9 is 2: with 3 of them exactly a third is not less.
    const stakes = Array.from({ length: 9 }, () => 1n);
    expect(equal(certificateBound(stakes, 40).loss, certificateBound(stakes, 40, THIRD).loss)).to.equal(false);
    // One who has more than two thirds can sign alone, so the bound takes it that any one can.
    const alone = certificateBound([90n, 5n, 5n], 20);
    expect(equal(alone.fixed, fixedRelease(3, 1, 20))).to.equal(true);
    expect(log2(alone.loss)).to.be.at.least(0);
  });

  it("is computed in a moment for a full set of stakes that all differ", () => {
    const stakes = Array.from({ length: 200 }, (_, i) => 10n ** 18n + BigInt(i) * 10n ** 17n);
    const started = performance.now();
    const { fixed, loss } = certificateBound(stakes, 16);
    expect(performance.now() - started).to.be.lessThan(5_000);
    expect(log2(fixed)).to.be.lessThan(log2(loss));
    expect(log2(loss)).to.be.lessThan(-100);
  });

  it("has its tables in docs/sampling-bound.md", () => {
    for (const [name, table] of Object.entries(formulas())) {
      expect(sectionOf(document, name), `${name}: run node scripts/bound.ts`).to.equal(table);
    }
  });
});

describe("samplers", function () {
  this.timeout(120_000);

  it("draw by the rule of drawColumns", () => {
    for (const samples of [1, 16, 52, 100]) {
      const signed = signatures("rule", 0, 300);
      eachSampler("rule", 300, samples, (columns, i) => {
        expect([...columns]).to.deep.equal(drawColumns(signed.slice(i * 96, (i + 1) * 96), samples));
      });
    }
  });

  it("A19: are fooled as often as C(128 − w, s)/C(128, s) says when w columns are withheld, 100,000 a point", () => {
    for (const withheld of [60, 64, 65, 70]) {
      const passed = fooled(`withheld ${withheld}`, 100_000, withheld, 6);
      for (let s = 1; s <= 6; s++) {
        const within = withinThreeSigma(passed[s] as number, 100_000, detectionBound(s, 128 - withheld));
        expect(within, `${withheld} withheld, ${s} samples: ${passed[s]}`).to.equal(true);
      }
    }
  });

  it("would be told from samplers of another threshold: the test can fail", () => {
    const passed = fooled("withheld 64", 100_000, 64, 6);
    expect(withinThreeSigma(passed[4] as number, 100_000, detectionBound(4, 63))).to.equal(false);
    expect(withinThreeSigma(passed[4] as number, 100_000, detectionBound(5, 64))).to.equal(false);
  });

  it("make a quorum against a fixed release as often as the binomial tail says", () => {
    const { honest, needed } = honestQuorum(10);
    let certified = 0;
    let signed = 0;
    eachSampler("fixed release", 10_000 * honest, 2, (columns, i) => {
      if (i % honest === 0) signed = 0;
      if (columns.every((column) => column < 63)) signed++;
      if (i % honest === honest - 1 && signed >= needed) certified++;
    });
    expect(withinThreeSigma(certified, 10_000, fixedRelease(honest, needed, 2)), `${certified}`).to.equal(true);
  });

  it("F2: lose data to servers that see every request as often as the bound allows, and no oftener", () => {
    for (const [validators, samples] of [
      [4, 40],
      [7, 29],
    ] as const) {
      const rounds = 6_000;
      const { honest, needed } = honestQuorum(validators);
      const { first, any } = adaptiveLosses(`adaptive ${validators}`, rounds, { honest, needed, samples });
      const bound = unionBound(honest, needed, samples);
      const one = { numerator: bound.numerator / choose(honest, needed), denominator: bound.denominator };
      expect(withinThreeSigma(first, rounds, one), `${validators}: ${first}`).to.equal(true);
      expect(any).to.be.greaterThan(first);
      expect(BigInt(any) * bound.denominator <= BigInt(rounds) * bound.numerator, `${validators}: ${any}`).to.equal(
        true,
      );
    }
  });

  const long = process.env.TEST_FULL === "1" ? it : it.skip;
  long(
    "A19, F2: 100,000 a point, withholding 60 to 70 columns: the document's numbers, within three sigma",
    function () {
      this.timeout(600_000);
      for (const [name, table] of Object.entries(measured())) {
        expect(sectionOf(document, name), `${name}: run node scripts/bound.ts`).to.equal(table);
      }
    },
  );
});
