import { expect } from "chai";
import type { Receipt } from "../../../adapters/chain.ts";
import { LOSS_STEPS, RESEND_BLOCKS, STUCK_BLOCKS } from "../../../adapters/outbox-decide.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { decideIntent, type IntentFacts } from "../../../workers/uploader/decide.ts";

const hash: Hex = `0x${"aa".repeat(32)}`;
const slot: NonNullable<IntentFacts["slot"]> = {
  nonce: 5,
  txs: [{ hash, maxFee: 100n, tip: 10n, filler: false }],
  sentAt: 50,
  firstSentAt: 50,
  minedNonce: 5,
  finalNonce: 5,
  head: 50,
  finalized: 46,
  lowerOpen: false,
  fees: { maxFee: 100n, tip: 10n },
  missing: 0,
};
const receipt = (status: number): Receipt => ({
  transactionHash: hash,
  blockNumber: 50,
  blockHash: hash,
  status,
  gasUsed: 1n,
});
const decide = (change: Partial<NonNullable<IntentFacts["slot"]>> = {}, missing = 1) =>
  decideIntent({ missing, slot: { ...slot, ...change } });

describe("an upload's transaction", () => {
  it("is not made while all entries are there, whoever paid for them", () => {
    expect(decideIntent({ missing: 0, slot: undefined })).to.deep.equal({ do: "settled" });
    expect(decide({}, 0)).to.deep.equal({ do: "settled" });
    expect(decide({ receipt: receipt(0) }, 0)).to.deep.equal({ do: "settled" });
  });

  it("is signed once, and then only sent: after a start, and when a node may have dropped it", () => {
    expect(decideIntent({ missing: 2, slot: undefined })).to.deep.equal({ do: "sign" });
    expect(decide({ sentAt: undefined, firstSentAt: undefined })).to.deep.equal({ do: "send" });
    expect(decide()).to.include({ do: "wait" });
    expect(decide({ head: 50 + RESEND_BLOCKS, firstSentAt: 50 + RESEND_BLOCKS })).to.deep.equal({ do: "send" });
  });

  it("is replaced at its own nonce when it is stuck at the front of the queue", () => {
    const head = 50 + STUCK_BLOCKS;
    expect(decide({ head })).to.deep.equal({ do: "replace", fees: { maxFee: 126n, tip: 13n } });
    expect(decide({ head, lowerOpen: true })).to.deep.equal({ do: "send" });
  });

  it("is signed anew only when another one has its nonce for good, seen more than once", () => {
    expect(decide({ minedNonce: 6 })).to.include({ do: "wait" });
    expect(decide({ minedNonce: 6, finalNonce: 6 })).to.deep.equal({ do: "suspect" });
    expect(decide({ minedNonce: 6, finalNonce: 6, missing: LOSS_STEPS })).to.deep.equal({ do: "forget" });
  });

  it("that ran without logs is waited for, one that reverted is named, and replaced when that is final", () => {
    expect(decide({ receipt: receipt(1) })).to.include({ do: "wait" });
    expect(decide({ receipt: receipt(0) })).to.deep.equal({ do: "reverted", hash });
    expect(decide({ receipt: receipt(0), finalized: 60 })).to.deep.equal({ do: "forget" });
  });
});
