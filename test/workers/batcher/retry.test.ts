import { expect } from "chai";
import { fatesOf, type Post } from "../../../workers/batcher/retry.ts";
import { answerOf, hashOf, planOf, voteOf } from "../facts.ts";

const { blobs } = planOf(["good", "bad"]);
const bad = hashOf("key of bad");
const post = (more: Partial<Post>): Post => ({
  blobs,
  attempt: 0,
  answers: [],
  nodes: 2,
  votes: [],
  validators: [0, 1, 2, 3].map((slot) => ({ slot, stake: 10n })),
  ...more,
});
const refusedBy = (node: string) => answerOf(node, { outcome: "refused", code: "CommitmentMismatch", blobKey: bad });
const vetoOf = (slot: number) => voteOf(slot, { outcome: "refused", code: "ColumnProofMismatch", blobKey: bad });

describe("fatesOf the blobs of a failed batch", () => {
  it("packs them again after the first and the second failure, and ends them after the third", () => {
    expect(fatesOf(post({})).map(({ kind }) => kind)).to.deep.equal(["again", "again"]);
    expect(fatesOf(post({ attempt: 1 })).map(({ kind }) => kind)).to.deep.equal(["again", "again"]);
    expect(fatesOf(post({ attempt: 2 })).map(({ kind }) => kind)).to.deep.equal(["insufficient", "insufficient"]);
  });

  it("ends a blob that more than half of the nodes refused by name, and keeps the others", () => {
    const fates = fatesOf(post({ answers: [refusedBy("0"), refusedBy("1")] }));
    expect(fates).to.deep.equal([{ kind: "again" }, { kind: "failed", code: "CommitmentMismatch" }]);
  });

  it("ends a blob that a third of the stake refused by name", () => {
    const fates = fatesOf(post({ votes: [vetoOf(0), vetoOf(1)] }));
    expect(fates[1]).to.deep.equal({ kind: "failed", code: "ColumnProofMismatch" });
  });

  it("does not let one lying node or validator end a blob (A20)", () => {
    expect(fatesOf(post({ answers: [refusedBy("0")], votes: [vetoOf(0)] }))[1]).to.deep.equal({ kind: "again" });
  });

  it("blames nobody for a refusal that names no blob", () => {
    const answers = ["0", "1"].map((node) => answerOf(node, { outcome: "refused", code: "RowsRootMismatch" }));
    expect(fatesOf(post({ answers, attempt: 2 })).map(({ kind }) => kind)).to.deep.equal([
      "insufficient",
      "insufficient",
    ]);
  });

  it("does not give up a blob because of what was sent wrongly", () => {
    const blobKey = bad;
    const answers = ["0", "1"].map((node) =>
      answerOf(node, { outcome: "refused", code: "SegmentRootMismatch", blobKey }),
    );
    expect(fatesOf(post({ answers }))[1]).to.deep.equal({ kind: "again" });
  });
});
