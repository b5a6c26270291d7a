import { expect } from "chai";
import type { Receipt } from "../../adapters/chain.ts";
import {
  decideSlot,
  LOSS_STEPS,
  REFUSAL_STEPS,
  RESEND_BLOCKS,
  type SlotFacts,
  STUCK_BLOCKS,
} from "../../adapters/outbox-decide.ts";
import { bumped, FEE_POLICY, feesFor, gasLimit, MAX_TX_GAS } from "../../adapters/outbox-fees.ts";
import type { Hex } from "../../protocol/hex.ts";

const hash = `0x${"01".repeat(32)}` as Hex;
const receipt = (blockNumber: number, status = 1): Receipt => ({
  transactionHash: hash,
  blockNumber,
  blockHash: hash,
  status,
  gasUsed: 21_000n,
});
const tx = { hash, maxFee: 100n, tip: 10n, filler: false };
const fees = { maxFee: 120n, tip: 12n };
const base: SlotFacts = {
  nonce: 5,
  txs: [],
  minedNonce: 5,
  finalNonce: 5,
  head: 100,
  finalized: 90,
  lowerOpen: false,
  fees,
  refusals: 0,
  missing: 0,
};
const decide = (facts: Partial<SlotFacts>) => decideSlot({ ...base, ...facts });
const sent = { txs: [tx], sentAt: 100, firstSentAt: 100 };

describe("outbox: what is to be done about a slot", () => {
  it("tries, signs and sends", () => {
    expect(decide({})).to.deep.equal({ do: "try" });
    expect(decide({ trial: { ok: true, gas: 7n } })).to.deep.equal({ do: "sign", gas: 7n, fees });
    expect(decide({ txs: [tx] })).to.deep.equal({ do: "send" });
    expect(decide(sent).do).to.equal("wait");
    expect(decide({ trial: { ok: true, gas: 7n }, fees: undefined }).do).to.equal("wait");
  });

  it("follows a receipt to finality", () => {
    expect(decide({ ...sent, receipt: receipt(95) })).to.include({ do: "mined", result: "success" });
    expect(decide({ ...sent, receipt: receipt(90) })).to.include({ do: "finish", result: "success" });
    expect(decide({ ...sent, receipt: receipt(90, 0) })).to.include({ do: "finish", result: "reverted" });
    expect(decide({ ...sent, receipt: receipt(90), receiptIsFiller: true })).to.include({
      do: "finish",
      result: "dropped",
    });
    expect(decide({ ...sent, receipt: receipt(91), receiptIsFiller: true })).to.include({
      do: "mined",
      result: "dropped",
    });
  });

  it("calls a slot lost only when that is final, and seen again and again", () => {
    expect(decide({ ...sent, minedNonce: 6 }).do).to.equal("wait");
    expect(decide({ ...sent, minedNonce: 6, finalNonce: 6 }).do).to.equal("suspect");
    expect(decide({ ...sent, minedNonce: 6, finalNonce: 6, missing: LOSS_STEPS }).do).to.equal("lose");
    expect(decide({ ...sent, minedNonce: 6, finalNonce: 6, missing: LOSS_STEPS, receipt: receipt(80) }).do).to.equal(
      "finish",
    );
    expect(decide({ minedNonce: 6, finalNonce: 6, missing: LOSS_STEPS }).do).to.equal("lose");
  });

  it("fills a slot whose plan is refused, when nothing below can still change that", () => {
    const trial = { ok: false, code: "WrongStatus", why: "…" } as const;
    expect(decide({ trial, refusals: REFUSAL_STEPS, lowerOpen: true }).do).to.equal("wait");
    expect(decide({ trial, refusals: REFUSAL_STEPS - 1 }).do).to.equal("wait");
    expect(decide({ trial, refusals: REFUSAL_STEPS })).to.deep.equal({
      do: "fill",
      code: "WrongStatus",
      why: "…",
      fees,
    });
  });

  it("sends again what a node may have dropped, and pays more only at the front of the queue", () => {
    expect(decide({ ...sent, head: 100 + RESEND_BLOCKS - 1 }).do).to.equal("wait");
    expect(decide({ ...sent, head: 100 + RESEND_BLOCKS }).do).to.equal("send");
    expect(decide({ ...sent, head: 100 + STUCK_BLOCKS })).to.deep.equal({
      do: "replace",
      fees: { maxFee: 126n, tip: 13n },
    });
    expect(decide({ ...sent, head: 100 + STUCK_BLOCKS, lowerOpen: true }).do).to.equal("send");
    expect(decide({ ...sent, head: 100 + STUCK_BLOCKS, fees: undefined }).do).to.equal("send");
  });

  it("does not outbid itself for ever", () => {
    let last: { maxFee: bigint; tip: bigint } | undefined = { maxFee: 100n, tip: 10n };
    let rounds = 0;
    while (last !== undefined && rounds < 100) {
      const next = bumped(last, fees);
      if (next !== undefined) {
        // Nodes ask for 10 % more of both.
        expect(next.maxFee * 10n).to.be.gte(last.maxFee * 11n);
        expect(next.tip * 10n).to.be.gte(last.tip * 11n);
        expect(next.tip).to.be.lte(next.maxFee);
      }
      last = next;
      rounds += 1;
    }
    expect(rounds).to.be.lessThan(15);
  });

  it("prices by the base fee, within the cap", () => {
    expect(feesFor(10n, 5_000_000n, FEE_POLICY)).to.deep.equal({ maxFee: 5_000_020n, tip: 5_000_000n });
    expect(feesFor(10n, 0n, FEE_POLICY)).to.deep.equal({ maxFee: 1_000_020n, tip: 1_000_000n });
    const capped = feesFor(10n ** 18n, 5n, FEE_POLICY);
    expect(capped.maxFee).to.equal(FEE_POLICY.maxFeeCap);
    expect(capped.tip).to.be.lte(capped.maxFee);
  });

  it("leaves room in the gas limit, under the cap of a transaction", () => {
    expect(gasLimit(200_000n)).to.equal(300_000n);
    expect(gasLimit(200_000n, 1_000_000n)).to.equal(1_000_000n);
    expect(gasLimit(16_000_000n)).to.equal(MAX_TX_GAS);
  });
});
