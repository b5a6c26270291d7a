import { expect } from "chai";
import { ZgError } from "../../../protocol/errors.ts";
import type { Source } from "../../../workers/miner/gather.ts";
import { rememberingRoots } from "../../../workers/miner/roots.ts";
import { hash } from "./world.ts";

const signal = new AbortController().signal;
const MIB = 2 ** 20;

describe("the roots of files that are being sealed", () => {
  const asked: string[] = [];
  let fails = false;
  const source: Source = {
    roots: async ({ root }) => {
      asked.push(root);
      if (fails) throw new ZgError("NodeDown");
      return new Uint8Array(32);
    },
    segment: async () => new Uint8Array(256),
  };
  beforeEach(() => {
    asked.length = 0;
    fails = false;
  });
  const file = (name: string, length = MIB) => ({ root: hash(name), length });

  it("are fetched once, also when two ask at a time", async () => {
    const { roots } = rememberingRoots(source);
    await Promise.all([roots(file("a"), signal), roots(file("a"), signal), roots(file("b"), signal)]);
    await roots(file("a"), signal);
    expect(asked).to.deep.equal([hash("a"), hash("b")]);
    await roots(file("a", 2 * MIB), signal);
    expect(asked).to.have.length(3);
  });

  it("are fetched again after a failure", async () => {
    const { roots } = rememberingRoots(source);
    fails = true;
    expect(await roots(file("a"), signal).catch(({ code }: ZgError) => code)).to.equal("NodeDown");
    fails = false;
    await roots(file("a"), signal);
    await roots(file("a"), signal);
    expect(asked).to.have.length(2);
  });

  it("take so much memory and no more: what was used longest ago goes first", async () => {
    // Four roots of 32 bytes for each MiB.
    const { roots } = rememberingRoots(source, 3 * 128);
    for (const name of ["a", "b", "c", "a", "d", "a", "c", "d"]) await roots(file(name), signal);
    expect(asked).to.deep.equal(["a", "b", "c", "d"].map(hash));
    await roots(file("b"), signal);
    expect(asked).to.have.length(5);
    await roots(file("huge", 100 * MIB), signal);
    await roots(file("huge", 100 * MIB), signal);
    expect(asked).to.have.length(6);
    await roots(file("d"), signal);
    expect(asked).to.have.length(7);
  });
});
