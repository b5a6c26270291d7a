import { expect } from "chai";
import { jobsFor } from "../../../workers/batcher/steps.ts";
import { batchOf, confirmedAt, minedAt, submittedAt } from "../facts.ts";

const edges = (facts: Parameters<typeof batchOf>[1], latest: number, finalized: number) =>
  jobsFor(batchOf(["a"], facts), { latest, finalized }, 2).map((job) =>
    job.edge === "upload" ? `upload ${job.node}` : job.edge,
  );

describe("the jobs of an open batch", () => {
  it("has none before the chain has it: that is the sender's work", () => {
    expect(edges({}, 50, 40)).to.deep.equal([]);
  });
  it("uploads to every node and collects, up to the deadline", () => {
    expect(edges({ submitted: submittedAt(10) }, 130, 100)).to.deep.equal(["upload 0", "upload 1", "collect"]);
  });
  it("fails after the deadline", () => {
    expect(edges({ submitted: submittedAt(10) }, 131, 100)).to.deep.equal(["fail"]);
  });
  it("finalizes a confirmation from finalized height only", () => {
    expect(edges({ submitted: submittedAt(10), confirmed: confirmedAt(14) }, 200, 13)).to.deep.equal([]);
    expect(edges({ submitted: submittedAt(10), confirmed: confirmedAt(14) }, 200, 14)).to.deep.equal(["finalize"]);
  });
  it("decides about a failed batch from finalized height only", () => {
    expect(edges({ submitted: submittedAt(10), failed: minedAt(140) }, 200, 139)).to.deep.equal([]);
    expect(edges({ submitted: submittedAt(10), failed: minedAt(140) }, 200, 140)).to.deep.equal(["fail"]);
  });
});
