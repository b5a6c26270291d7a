import { expect } from "chai";
import type { SlotView } from "../../../adapters/outbox.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { floorOf, liveBatches, submitId } from "../../../workers/batcher/slots.ts";
import { hashOf, SUBMITTER } from "../facts.ts";

const a = hashOf("batch a");
const b = hashOf("batch b");
const slot = (nonce: number, id: string, more: Partial<SlotView> = {}): SlotView => ({
  nonce,
  intent: { id, kind: "submitBatch", to: SUBMITTER, data: "0x", value: "0" },
  txs: [],
  state: "planned",
  ...more,
});
const none = new Set<Hex>();

describe("the outbox as the batcher's fence", () => {
  it("holds the batch of a slot from its plan on", () => {
    expect([...liveBatches([slot(0, submitId(a))], none)]).to.deep.equal([a]);
    expect([
      ...liveBatches([slot(0, submitId(a), { state: "final", outcome: { result: "success" } })], none),
    ]).to.deep.equal([a]);
  });

  for (const result of ["lost", "dropped", "reverted"] as const) {
    it(`frees the blobs of a slot that is finally ${result}, and not a moment earlier`, () => {
      expect(liveBatches([slot(0, submitId(a), { state: "mined", outcome: { result } })], none).size).to.equal(1);
      expect(liveBatches([slot(0, submitId(a), { state: "final", outcome: { result } })], none).size).to.equal(0);
    });
  }

  it("holds a batch that lost one slot and was planned again for another", () => {
    const slots = [slot(0, submitId(a), { state: "final", outcome: { result: "lost" } }), slot(1, submitId(a))];
    expect([...liveBatches(slots, none)]).to.deep.equal([a]);
  });

  it("frees what is closed, and does not mind other intents", () => {
    const slots = [slot(0, submitId(a)), slot(1, `confirm-${a}-${hashOf("seed")}`), slot(2, submitId(b))];
    expect([...liveBatches(slots, new Set([a]))]).to.deep.equal([b]);
  });

  it("starts reading at the first slot that can still change", () => {
    const final = { state: "final", outcome: { result: "success" } } as const;
    const slots = [slot(5, submitId(a), final), slot(6, `fail-${a}`, final), slot(7, submitId(b), final)];
    expect(floorOf(slots, new Set([a]), 0)).to.equal(7);
    expect(floorOf(slots, new Set([a, b]), 0)).to.equal(8);
    expect(floorOf([], none, 3)).to.equal(3);
  });
});
