import { expect } from "chai";
import { viewOf } from "../../../workers/disperser/present.ts";
import { type BlobFacts, statusOf } from "../../../workers/disperser/status.ts";
import { BlobView } from "../../../workers/disperser/view.ts";
import type { Verdict } from "../../../workers/records.ts";
import {
  acceptedOf,
  answerOf,
  batchOf,
  confirmedAt,
  encodedOf,
  hashOf,
  minedAt,
  planOf,
  submittedAt,
  voteOf,
} from "../facts.ts";

const facts = (more: Partial<BlobFacts> = {}): BlobFacts => ({
  accepted: acceptedOf("a"),
  encoded: encodedOf("a"),
  verdict: null,
  batches: [],
  copies: 2,
  ...more,
});
const submitted = submittedAt(10);
const verdict: Verdict = { status: "FINALIZED", charged: true, retry: false, time: 99, batchId: hashOf("batch of a") };

describe("statusOf a blob", () => {
  it("is PROCESSING until it is encoded", () => {
    expect(statusOf(facts({ encoded: null }))).to.equal("PROCESSING");
  });
  it("is ENCODED while its batch is only planned", () => {
    expect(statusOf(facts())).to.equal("ENCODED");
    expect(statusOf(facts({ batches: [batchOf(["a"])] }))).to.equal("ENCODED");
  });
  it("is SUBMITTED once the chain has the batch, STORED with two acknowledgements", () => {
    expect(statusOf(facts({ batches: [batchOf(["a"], { submitted, answers: [answerOf("0")] })] }))).to.equal(
      "SUBMITTED",
    );
    const answers = [answerOf("0"), answerOf("1")];
    expect(statusOf(facts({ batches: [batchOf(["a"], { submitted, answers })] }))).to.equal("STORED");
  });
  it("counts no refusal as a copy", () => {
    const answers = [answerOf("0"), answerOf("1", { outcome: "refused" })];
    expect(statusOf(facts({ batches: [batchOf(["a"], { submitted, answers })] }))).to.equal("SUBMITTED");
  });
  it("is CONFIRMED without acknowledgements: the certificate says more than they do", () => {
    expect(statusOf(facts({ batches: [batchOf(["a"], { submitted, confirmed: confirmedAt(14) })] }))).to.equal(
      "CONFIRMED",
    );
  });
  it("goes back when the chain takes a submission back", () => {
    const reorgs = [{ what: "submitted", ...minedAt(10) } as const];
    expect(statusOf(facts({ batches: [batchOf(["a"], { reorgs })] }))).to.equal("ENCODED");
  });
  it("is ENCODED again when its batch failed and it will be packed again", () => {
    const closed = { outcome: "unavailable", time: 50 } as const;
    expect(statusOf(facts({ batches: [batchOf(["a"], { submitted, failed: minedAt(140), closed })] }))).to.equal(
      "ENCODED",
    );
  });
  it("is what the verdict says, for ever", () => {
    for (const status of ["FINALIZED", "FAILED", "INSUFFICIENT_SIGNATURES"] as const) {
      expect(statusOf(facts({ verdict: { ...verdict, status }, batches: [batchOf(["a"])] }))).to.equal(status);
    }
  });
});

describe("viewOf a blob", () => {
  const votes = [
    voteOf(0),
    voteOf(1, { outcome: "garbage", code: "BadSignature" }),
    voteOf(2, { outcome: "slow" }),
    voteOf(3, { outcome: "down" }),
  ];
  const answers = [answerOf("0"), answerOf("1", { outcome: "refused", code: "RowsRootMismatch" })];
  const batch = batchOf(["b", "a"], { submitted, confirmed: confirmedAt(14), votes, answers });
  const view = viewOf(facts({ batches: [batch] }));

  it("is what the API promises", () => {
    expect(BlobView.safeParse(view).success).to.equal(true);
  });
  it("says why a blob is held while it is ENCODED, and of no other", () => {
    const held = { code: "InsufficientFunds", why: "have 1 want 5", since: 7 } as const;
    const waiting = viewOf(facts({ held, batches: [batchOf(["b", "a"])] }));
    expect(waiting).to.deep.include({ status: "ENCODED", held: { ...held, retry: true } });
    expect(BlobView.safeParse(waiting).success).to.equal(true);
    expect(viewOf(facts({ held, batches: [batch] })).held).to.equal(undefined);
    expect(viewOf(facts({ held, encoded: null })).held).to.equal(undefined);
    expect(viewOf(facts({})).held).to.equal(undefined);
  });
  it("says where in the batch the blob is", () => {
    expect(view.blobIndex).to.equal(1);
    expect(view.batchId).to.equal(planOf(["b", "a"]).batchId);
  });
  it("names who acknowledged, who signed, and everybody who did not", () => {
    expect(view.acks.map(({ url }) => url)).to.deep.equal(["http://node-0"]);
    expect(view.signatures.map(({ slot }) => slot)).to.deep.equal([0]);
    expect(view.refusals.map(({ who, outcome }) => `${who} ${outcome}`)).to.deep.equal([
      "http://node-1 refused",
      "http://validator-1 garbage",
      "http://validator-2 slow",
      "http://validator-3 down",
    ]);
  });
  it("shows what was proved against it, and nothing that was proved against its neighbours", () => {
    const { batchId } = planOf(["b", "a"]);
    const flag = { batchId, reporter: `0x${"fe".repeat(20)}`, block: 30, tx: hashOf("tx"), time: 99 } as const;
    const corrupt = (index: number) => ({ ...flag, what: "BlobCorrupt" as const, index });
    const flagged = viewOf(facts({ batches: [batch], flags: [corrupt(0), corrupt(1), { ...flag, what: "Withheld" }] }));
    expect(BlobView.safeParse(flagged).success).to.equal(true);
    expect(flagged.flags?.map(({ what }) => what)).to.deep.equal(["BlobCorrupt", "Withheld"]);
    expect(flagged.events.at(-1)).to.include({ stage: "flagged", why: "Withheld", who: flag.reporter, block: 30 });
    expect(view.flags).to.equal(undefined);
  });
  it("lists events in the order of time, with block, transaction and gas", () => {
    const stages = view.events.map(({ stage }) => stage);
    expect(stages).to.deep.equal(["accepted", "encoded", "planned", "submitted", "stored", "sampled", "confirmed"]);
    expect(view.events[3]).to.include({ block: 10, gas: 180_000 });
  });
});
