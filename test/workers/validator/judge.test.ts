import { expect } from "chai";
import { ERRORS, type ErrorCode } from "../../../protocol/errors.ts";
import { faultOf, isEvidence, pauseAfter, sentenceOf, worstOf } from "../../../workers/validator/judge.ts";

describe("who is to blame", () => {
  it("only what hashes to the recorded roots and is bad all the same speaks against the batch", () => {
    const evidence = (Object.keys(ERRORS) as ErrorCode[]).filter(isEvidence);
    expect(evidence).to.deep.equal(["BadPoint", "NonCanonicalElement", "ColumnProofMismatch"]);
  });

  it("a peer's fault is what it did, whatever name it gives", () => {
    const codes: ErrorCode[] = ["Timeout", "NodeDown", "UnknownBatch", "CellPathMismatch", "ColumnProofMismatch"];
    expect(codes.map(faultOf)).to.deep.equal(["slow", "down", "behind", "wrong", "withholding"]);
  });

  it("is told in one sentence, the worst first to be named", () => {
    const complaint = (who: string, code: ErrorCode) => ({ who, code, fault: faultOf(code), what: "column 1" });
    const complaints = [complaint("a", "NotFound"), complaint("b", "Timeout"), complaint("b", "Timeout")];
    expect(sentenceOf(complaints, { have: 3, need: 8 })).to.equal(
      "3 of 8 columns verified; a: 1 × withholding (NotFound); b: 2 × slow (Timeout)",
    );
    expect(worstOf(complaints)).to.equal("b");
    expect([sentenceOf([], { have: 0, need: 8 }), worstOf([])]).to.deep.equal(["0 of 8 columns verified", null]);
    const many = Array.from({ length: 100 }, (_, i) => complaint(`http://node-${i}.example`, "NotFound"));
    expect(sentenceOf(many, { have: 0, need: 8 }).length).to.be.at.most(1_000);
  });

  it("asks again soon at first, and never less than every two seconds", () => {
    expect([0, 1, 2, 3, 4, 1_000].map(pauseAfter)).to.deep.equal([200, 400, 800, 1_600, 2_000, 2_000]);
  });
});
