import { readFileSync } from "node:fs";
import { expect } from "chai";
import { sectionOf } from "../../scripts/docs/sections.ts";
import { PLOTS, TABLES } from "../../scripts/model/document.ts";
import { ON_DEMAND } from "../../scripts/model/figures.ts";
import { secondDraw } from "../../scripts/model/grinding.ts";
import { PARTS, type Results, rendered } from "../../scripts/model/results.ts";
import { sharesOf } from "../../scripts/model/shares.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, DOCS), "utf8");
const results = JSON.parse(read("mining/results.json")) as Results;
const full = process.env.TEST_FULL === "1";

/** Parts that take seconds, and parts that take a quarter of a minute. */
const QUICK = ["recoveries", "steady"] as const;
const SLOW = ["anchors", "shares", "identities", "hopping"] as const;

describe("model of mining", function () {
  this.timeout(120_000);

  it("gives the committed results again, by the code as it is now", () => {
    for (const part of full ? [...QUICK, ...SLOW] : QUICK) {
      expect(rendered(PARTS[part]()) === rendered(results[part]), `${part}: run npm run model`).to.equal(true);
    }
    const ten = results.shares.find(({ miners }) => miners === 10);
    expect(rendered(sharesOf(10)) === rendered(ten), "shares: run npm run model").to.equal(true);
  });

  it("is what docs/mining.md shows", () => {
    const text = read("mining.md");
    for (const [name, table] of Object.entries(TABLES)) expect(sectionOf(text, name)).to.equal(table(results));
    for (const [name, plot] of Object.entries(PLOTS))
      expect(read(`mining/${name}`) === plot(results), name).to.equal(true);
  });

  it("hits as often as mining with all its hashes does", () => {
    for (const { sigmas, hits } of results.anchors) {
      expect(hits).to.be.greaterThan(40);
      expect(Math.abs(Math.round(sigmas * 100))).to.be.lessThan(300);
    }
  });

  it("pays 2 to 50 miners by the bytes they store, within three standard deviations of luck (A28)", () => {
    const all = results.shares.flatMap(({ shares }) => shares);
    expect(results.shares.map(({ miners }) => miners)).to.deep.equal([2, 3, 5, 10, 20, 30, 50]);
    expect(all.length).to.equal(120);
    const sigmas = all.flatMap(({ sigmas }) => sigmas.map((sigma) => Math.abs(sigma)));
    expect(sigmas.filter((sigma) => sigma > 3)).to.deep.equal([]);
    // A bias that hides below three for each would show in all of them together.
    const square = sigmas.reduce((sum, sigma) => sum + sigma ** 2, 0) / sigmas.length;
    expect(Math.round(100 * square)).to.be.within(70, 130);
  });

  it("gives identities that share a disk nothing in one window (A28, A29)", () => {
    const one = results.identities.filter(({ subtasks }) => subtasks === 1);
    expect(one.length).to.equal(2);
    for (const { gains, strategy } of one) {
      expect(gains.at(-1)?.identities).to.equal(32);
      for (const { gain, sigma, identities } of gains) {
        expect(gain < 1 + 3 * sigma, `${strategy}, ${identities}: ${gain}`).to.equal(true);
      }
    }
    // What the parameter is for: with several windows it would pay.
    const several = results.identities.find(({ subtasks }) => subtasks > 1);
    expect(several!.gains.at(-1)!.gain > 1.3).to.equal(true);
    for (const network of ["sepolia", "zerogTestnet"]) {
      const file = new URL(`../../ignition/parameters/${network}.json`, import.meta.url);
      expect(JSON.parse(readFileSync(file, "utf8")).System.mineSubtasks).to.equal("1n");
    }
  });

  it("brings the difficulty back from a hundredfold shock within 15 epochs, either way (A30)", () => {
    const ours = results.recoveries.filter(({ rule }) => rule === "ours");
    expect(ours.length).to.equal(6);
    for (const { double, quarter } of ours) {
      expect(Math.ceil(double ?? 1000)).to.be.lessThanOrEqual(15);
      expect(Math.ceil(quarter ?? 1000)).to.be.lessThanOrEqual(35);
    }
  });

  it("bounds what a proposer gains by a second block hash, whose trials he pays for (A23)", () => {
    for (const hits of [0.1, 1, 10, 100]) {
      const gain = secondDraw(hits, 20_000);
      expect(gain < Math.sqrt(hits / 2), `${hits}: ${gain}`).to.equal(true);
      expect(gain > Math.sqrt(hits) / 5, `${hits}: ${gain}`).to.equal(true);
      // He made twice the trials: each earned him less than it would have with one draw.
      expect((hits + gain) / (2 * hits) < 1).to.equal(true);
    }
  });

  it("pays nobody for coming and going (A30)", () => {
    expect(results.hopping.length).to.equal(9);
    for (const { gain } of results.hopping) expect(gain < 0.9).to.equal(true);
  });
});

describe("measured sealing", () => {
  const bench = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../bench/results/${name}.json`, import.meta.url), "utf8"));

  it("takes a core hundreds of windows for the whole range of 0G's network (A29)", () => {
    const { mbPerSecondOfTheKernelAlone } = bench("seal") as { mbPerSecondOfTheKernelAlone: number };
    const windowSeconds = 750 * 0.4;
    const windows = 2 ** 43 / 1e6 / mbPerSecondOfTheKernelAlone / windowSeconds;
    expect(Math.floor(windows)).to.be.greaterThan(100);
  });

  it("costs more than the model asks of the cheat, for each trial that is sealed when it is drawn (A29)", () => {
    const trial = bench("mine").ours.ms as number;
    const load = 262_144 / 1e3 / (bench("seal").mbPerSecondOfTheKernelAlone as number);
    expect(Math.floor((10 * (trial + load)) / trial)).to.be.greaterThanOrEqual(10 * ON_DEMAND);
  });
});
