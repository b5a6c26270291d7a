import { expect } from "chai";
import { STAGES, stageOf, stagesUntil } from "../../tasks/lib/stages.ts";
import { finalizedView, id } from "./views.ts";

const PARTIES = { storageNodes: 2, validators: 4 };
const doneIn = (view: ReturnType<typeof finalizedView>) => STAGES.filter((stage) => stageOf(stage, view, PARTIES).done);

describe("the stages a user watches", () => {
  it("end one after the other", () => {
    const fresh = finalizedView({ status: "PROCESSING", blobKey: undefined, acks: [], signatures: [] });
    expect(doneIn(fresh)).to.deep.equal(["accepted"]);
    expect(doneIn({ ...fresh, status: "ENCODED", blobKey: id("02") })).to.deep.equal(["accepted", "encoded"]);
    const submitted = finalizedView({ status: "SUBMITTED", acks: [], signatures: [] });
    expect(doneIn(submitted)).to.deep.equal(["accepted", "encoded", "submitted"]);
    expect(doneIn(finalizedView({ status: "STORED" }))).to.deep.equal(["accepted", "encoded", "submitted", "stored"]);
    expect(doneIn(finalizedView())).to.deep.equal([...STAGES]);
  });

  it("sampled ends with fewer than all when the quorum was enough", () => {
    expect(stageOf("sampled", finalizedView({ status: "STORED" }), PARTIES)).to.include({ done: false });
    const { done, text } = stageOf("sampled", finalizedView({ status: "CONFIRMED" }), PARTIES);
    expect(done).to.equal(true);
    expect(text).to.contain("3 of 4");
  });

  it("say when, in which block and transaction, and what it cost", () => {
    const { text } = stageOf("submitted", finalizedView(), PARTIES);
    expect(text).to.equal("submitted  +1.0 s  block 1,234  tx 0xaaaaaaaa…aaaa  190,000 gas  batch 0xbabababa…baba");
  });

  it("a blob that failed has reached nothing that has to do with the chain", () => {
    const failed = finalizedView({ status: "INSUFFICIENT_SIGNATURES", signatures: [] });
    expect(doneIn(failed)).to.deep.equal(["accepted", "encoded"]);
  });

  it("--wait ends where it says", () => {
    expect(stagesUntil("stored")).to.deep.equal(["accepted", "encoded", "submitted", "stored"]);
    expect(stagesUntil("finalized")).to.deep.equal([...STAGES]);
  });
});
