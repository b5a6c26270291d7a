/** What the outbox does about one slot, each effect after the record that makes it repeatable. */
import { Transaction, type Wallet } from "ethers";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import { type ObjectStore, putJson } from "./bucket.ts";
import type { Chain, Receipt } from "./chain.ts";
import { crashpoint } from "./crashpoint.ts";
import { asZgError, messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { decideSlot, type SlotAction, type SlotFacts } from "./outbox-decide.ts";
import { type FeePolicy, type Fees, feesFor, gasLimit } from "./outbox-fees.ts";
import type { OutboxKeys, Outcome, Signed } from "./outbox-record.ts";
import type { OutboxSlots, Slot } from "./outbox-slots.ts";

export interface SlotWorkerOptions {
  readonly bucket: ObjectStore;
  readonly chain: Chain;
  /** Absent for a planner, which never signs. */
  readonly wallet?: Wallet;
  readonly address: Hex;
  readonly policy: FeePolicy;
  readonly keys: OutboxKeys;
  readonly slots: OutboxSlots;
  readonly log: Log;
}

export type SlotWorker = (slot: Slot, lowerOpen: boolean, signal?: AbortSignal) => Promise<void>;

export const slotWorker = (options: SlotWorkerOptions): SlotWorker => {
  const { bucket, chain, wallet, address, policy, keys, slots, log } = options;

  /** Signs `what`, writes the bytes down, and only then lets anyone send them. */
  const sign = async (slot: Slot, what: Payload, fees: Fees): Promise<void> => {
    if (wallet === undefined) throw new ZgError("BadConfig", { what: "an outbox without a key cannot sign" });
    const raw = await wallet.signTransaction({
      type: 2,
      chainId: chain.chainId,
      nonce: slot.nonce,
      to: what.to,
      data: what.data,
      value: what.value,
      gasLimit: what.gas,
      maxFeePerGas: fees.maxFee,
      maxPriorityFeePerGas: fees.tip,
    });
    crashpoint("tx-signed");
    const signed: Signed = {
      raw: raw as Hex,
      hash: Transaction.from(raw).hash as Hex,
      maxFee: String(fees.maxFee),
      tip: String(fees.tip),
      gas: String(what.gas),
      dropped: what.dropped,
      time: Date.now(),
    };
    // Another process with this key may have been first: then its bytes are the slot's, and ours are forgotten.
    await putJson(bucket, keys.tx(slot.nonce, slot.txs.length), signed, { once: true });
    crashpoint("outbox-written");
    await slots.readTxs(slot);
    slot.sentAt = undefined;
  };

  const send = async (slot: Slot, head: number): Promise<void> => {
    const tx = slot.txs.at(-1);
    if (tx === undefined) return;
    try {
      await chain.send(tx.raw);
      log.debug({ nonce: slot.nonce, hash: tx.hash, intent: slot.intent.id }, "sent");
    } catch (error) {
      // "already known", "nonce too low", a revert under automine: the receipt decides, not this answer.
      log.debug({ nonce: slot.nonce, hash: tx.hash, error: messageOf(error) }, "send answered");
    }
    crashpoint("tx-sent");
    slot.sentAt = head;
    slot.firstSentAt ??= head;
  };

  const finish = async (slot: Slot, outcome: Omit<Outcome, "time">): Promise<void> => {
    await putJson(bucket, keys.outcome(slot.nonce), { ...outcome, time: Date.now() }, { once: true });
    slot.outcome = outcome;
    slot.state = "final";
    const level = outcome.result === "success" ? "debug" : "warn";
    log[level]({ nonce: slot.nonce, intent: slot.intent.id, ...outcome }, "slot is final");
  };

  const trialOf = async (slot: Slot): Promise<SlotFacts["trial"]> => {
    const { to, data, value, gas } = slot.intent;
    try {
      const estimate = await chain.estimate({ from: address, to, data, value: BigInt(value) });
      slot.refusals = 0;
      return { ok: true, gas: gasLimit(estimate, BigInt(gas ?? 0)) };
    } catch (error) {
      const named = asZgError(error);
      // The chain is away, or the key is out of money: no judgement of the plan.
      if (named.code !== "ChainReverted") throw named;
      slot.refusals += 1;
      return { ok: false, code: String(named.fields.error ?? named.code), why: named.message };
    }
  };

  /** Receipts of reorganised blocks are asked for anew each time: nothing of the chain is remembered. */
  const receiptOf = async (slot: Slot): Promise<{ receipt?: Receipt; filler?: boolean }> => {
    for (const tx of slot.txs.toReversed()) {
      const receipt = await chain.receipt(tx.hash);
      if (receipt !== null) return { receipt, filler: tx.dropped !== undefined };
    }
    return {};
  };

  const carryOut = async (slot: Slot, action: SlotAction, head: number): Promise<"again" | "done"> => {
    const { to, data, value } = slot.intent;
    switch (action.do) {
      case "sign":
        await sign(slot, { to, data, value: BigInt(value), gas: action.gas }, action.fees);
        return "again";
      case "fill": {
        log.warn({ nonce: slot.nonce, intent: slot.intent.id, code: action.code }, "plan refused, slot filled");
        const dropped = { code: action.code, why: action.why.slice(0, 500) };
        await sign(slot, { to: address, data: "0x", value: 0n, gas: 21_000n, dropped }, action.fees);
        return "again";
      }
      case "replace": {
        const last = slot.txs.at(-1) as Signed;
        log.warn({ nonce: slot.nonce, intent: slot.intent.id, maxFee: action.fees.maxFee }, "stuck, replaced");
        const { dropped } = last;
        const what =
          dropped === undefined ? { to, data, value: BigInt(value) } : { to: address, data: "0x" as Hex, value: 0n };
        await sign(slot, { ...what, gas: BigInt(last.gas), dropped }, action.fees);
        slot.firstSentAt = undefined;
        return "again";
      }
      case "send":
        await send(slot, head);
        return "again";
      case "mined":
      case "finish":
        if (slot.state !== "mined") crashpoint("receipt-seen");
        if (action.do === "finish") {
          await finish(slot, outcomeOf(action.receipt, action.result, slot));
          return "done";
        }
        slot.state = "mined";
        slot.outcome = outcomeOf(action.receipt, action.result, slot);
        return "done";
      case "suspect":
        // Bytes that another process wrote down meanwhile are ours, too.
        slot.missing += 1;
        await slots.readTxs(slot);
        return "done";
      case "lose":
        await finish(slot, { result: "lost", code: "NonceTaken" });
        return "done";
      default:
        return "done";
    }
  };

  /** A slot in which nothing is mined (any more) goes back to what its records say. */
  const factsOf = async (slot: Slot, common: CommonFacts): Promise<SlotFacts> => {
    const { receipt, filler } = await receiptOf(slot);
    if (receipt === undefined && slot.state === "mined") {
      log.warn({ nonce: slot.nonce, intent: slot.intent.id }, "a mined transaction was taken back");
      slot.state = "sent";
      slot.outcome = undefined;
      slot.sentAt = undefined;
    }
    if (receipt !== undefined || common.finalNonce <= slot.nonce) slot.missing = 0;
    return {
      ...common,
      nonce: slot.nonce,
      txs: slot.txs.map((tx) => ({
        hash: tx.hash,
        maxFee: BigInt(tx.maxFee),
        tip: BigInt(tx.tip),
        filler: tx.dropped !== undefined,
      })),
      sentAt: slot.sentAt,
      firstSentAt: slot.firstSentAt,
      receipt,
      receiptIsFiller: filler,
      refusals: slot.refusals,
      missing: slot.missing,
    };
  };

  const commonFacts = async (): Promise<Omit<CommonFacts, "lowerOpen">> => {
    const finalized = await chain.finalized();
    const finalNonce = await chain.nonce(address, finalized);
    const minedNonce = await chain.nonce(address, "latest");
    const latest = await chain.header("latest");
    if (latest === null) throw new ZgError("BadResponse", { what: "chain", why: "no head" });
    // A node without the method prices tips at nothing; the policy's least tip is paid then.
    const tip = await chain.priorityFee().catch(() => 0n);
    const fees = feesFor(latest.baseFeePerGas ?? 0n, tip, policy);
    return { minedNonce, finalNonce, head: latest.number, finalized, fees };
  };

  /** Works on one slot until it has to wait. Sign, send and receipt may follow in one step. */
  return async (slot: Slot, lowerOpen: boolean, signal?: AbortSignal): Promise<void> => {
    for (let round = 0; round < 4; round += 1) {
      signal?.throwIfAborted();
      const common = { ...(await commonFacts()), lowerOpen };
      let facts = await factsOf(slot, common);
      let action = decideSlot(facts);
      if (action.do === "try") {
        facts = { ...facts, trial: await trialOf(slot), refusals: slot.refusals };
        action = decideSlot(facts);
      }
      if ((await carryOut(slot, action, common.head)) === "done") return;
    }
  };
};

interface Payload {
  readonly to: Hex;
  readonly data: Hex;
  readonly value: bigint;
  readonly gas: bigint;
  readonly dropped?: Signed["dropped"];
}

type CommonFacts = Pick<SlotFacts, "minedNonce" | "finalNonce" | "head" | "finalized" | "fees" | "lowerOpen">;

const outcomeOf = (receipt: Receipt, result: Outcome["result"], slot: Slot): Omit<Outcome, "time"> => ({
  result,
  hash: receipt.transactionHash,
  block: receipt.blockNumber,
  gasUsed: String(receipt.gasUsed),
  code: result === "dropped" ? slot.txs.find((tx) => tx.dropped !== undefined)?.dropped?.code : undefined,
});
