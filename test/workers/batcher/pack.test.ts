import { expect } from "chai";
import fc from "fast-check";
import { type Candidate, pack, protocolLimits } from "../../../workers/batcher/pack.ts";
import { hashOf } from "../facts.ts";

const LIMITS = protocolLimits(500);
const blob = (name: string, rows: number, since: number, attempt = 0): Candidate => ({
  requestId: hashOf(name),
  blobKey: hashOf(`key of ${name}`),
  rows,
  since,
  attempt,
});
const packed = (candidates: readonly Candidate[], now: number): readonly Candidate[] => {
  const packing = pack(candidates, LIMITS, now);
  if (!("pack" in packing)) expect.fail(`waits ${packing.waitMs} ms`);
  return packing.pack;
};
const rowsOf = (blobs: readonly Candidate[]): number => blobs.reduce((sum, { rows }) => sum + rows, 0);
const many = (count: number, rows: number, since: number): Candidate[] =>
  Array.from({ length: count }, (_, i) => blob(`${since}/${rows}/${i}`, rows, since));

describe("pack", () => {
  it("has nothing to do without candidates", () => {
    expect(pack([], LIMITS, 0)).to.deep.equal({ waitMs: undefined });
  });

  it("waits until the oldest blob has waited long enough", () => {
    expect(pack([blob("a", 1, 100), blob("b", 1, 50)], LIMITS, 150)).to.deep.equal({ waitMs: 400 });
  });

  it("takes the fresh ones along when the oldest is due", () => {
    expect(packed([blob("fresh", 2, 999), blob("old", 1, 0)], 1000)).to.have.length(2);
  });

  it("does not wait when fifteen sixteenths of a batch are full", () => {
    expect(rowsOf(packed(many(480, 1, 1000), 1000))).to.equal(480);
  });

  it("leaves fresh blobs for later where that fills fifteen sixteenths of a power of two", () => {
    const chosen = packed([blob("old", 10, 0), ...many(8, 1, 900)], 1000);
    expect(rowsOf(chosen)).to.equal(15);
  });

  it("never leaves a blob that is due for the sake of the log", () => {
    const chosen = packed(many(17, 1, 0), 1000);
    expect(chosen).to.have.length(17);
  });

  it("fills to 480 of 512 rows when more than one batch is waiting", () => {
    expect(rowsOf(packed(many(600, 1, 0), 1000))).to.equal(480);
  });

  it("takes two blobs of 256 rows as one batch of 512", () => {
    expect(rowsOf(packed(many(2, 256, 0), 1000))).to.equal(512);
  });

  it("takes at most 1024 blobs", () => {
    expect(packed(many(1030, 0, 0), 1000)).to.have.length(1024);
  });

  it("never takes one blobKey twice", () => {
    const twin = { ...blob("a", 1, 0), requestId: hashOf("twin") };
    expect(packed([blob("a", 1, 0), twin], 1000)).to.have.length(1);
  });

  it("keeps blobs whose batch failed apart from fresh ones", () => {
    const chosen = packed([blob("again", 1, 0, 1), blob("fresh", 1, 5)], 1000);
    expect(chosen.map(({ attempt }) => attempt)).to.deep.equal([1]);
  });

  it("gives the same batch whatever the order, and keeps every limit", () => {
    const arbitrary = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 256 }), since: fc.nat(1000) }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(arbitrary, fc.infiniteStream(fc.nat()), (shapes, order) => {
        const candidates = shapes.map(({ rows, since }, i) => blob(String(i), rows, since));
        const shuffled = candidates
          .map((candidate) => ({ candidate, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ candidate }) => candidate);
        const chosen = packed(candidates, 2000);
        expect(packed(shuffled, 2000)).to.deep.equal(chosen);
        expect(rowsOf(chosen)).to.be.within(1, 512);
        expect(new Set(chosen.map(({ blobKey }) => blobKey)).size).to.equal(chosen.length);
        // The oldest always goes: nobody starves.
        const oldest = [...candidates].sort((a, b) => a.since - b.since || (a.requestId < b.requestId ? -1 : 1))[0];
        expect(chosen).to.include(oldest);
      }),
    );
  });
});
