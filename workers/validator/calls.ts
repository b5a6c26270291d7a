/** What a validator asks of the chain's contracts besides its own slot, in its own types, and its transactions. */
import { z } from "zod";
import { type G1, type G2, g1Struct, g2Struct } from "../../adapters/bls.ts";
import type { Chain } from "../../adapters/chain.ts";
import { plain } from "../../adapters/chain-events.ts";
import type { Intent } from "../../adapters/outbox.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex, normalHex } from "../../protocol/hex.ts";
import type { Bet } from "../../protocol/lottery.ts";
import type { RowsProof } from "../../protocol/rowsProof.ts";
import type { Certificate } from "../../protocol/sampling.ts";
import { costOf } from "../worth.ts";
import type { Windows } from "./record.ts";

const big = z.bigint();
const number = big.refine((value) => value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);
const address = z.custom<Hex>((value) => isHex(value, 20)).transform((value) => normalHex(value, 20));

const Terms = z.object({
  ...{ samples: number, auditBps: number, roundBlocks: number },
  ...{ claimWindow: number, auditWindow: number, slashWindow: number },
});
const Member = z.object({ slot: number, hint: number, stake: big, account: address });
const Signer = z.object({ account: address, stake: big, leaseEnd: number });

export interface Terms extends Windows {
  /** Columns of each draw that count on chain: the first ones. */
  readonly samples: number;
  readonly auditBps: number;
  /** Epochs of a lease. */
  readonly leaseEpochs: number;
  /** Of the stake that silence costs, and of that what its reporter gets, in 10,000. */
  readonly slashBps: bigint;
  readonly reporterBps: bigint;
}
export type Member = z.infer<typeof Member>;

/** A signature over a batch and what it takes to check it, as the contracts take it. */
export interface Attested {
  readonly batchId: Hex;
  readonly slot: number;
  readonly slotHint: number;
  readonly certificate: Certificate;
  readonly key: G1;
  readonly signature: G2;
}
export interface Shown {
  readonly cell: Uint8Array;
  readonly proof: RowsProof;
}
export interface Stakes {
  readonly bet: Bet;
  readonly setHint: number;
  readonly roundHint: number;
}

export interface Calls {
  terms(): Promise<Terms>;
  /** Slot and hint of a key in an epoch. */
  findKey(keyHash: Hex, epoch: number): Promise<{ readonly slot: number; readonly hint: number }>;
  membersAt(epoch: number): Promise<Member[]>;
  /** Slots whose audit is answered or punished, one bit each. */
  settled(batchId: Hex): Promise<bigint>;
  paidTickets(batchId: Hex): Promise<bigint>;
  /** What a batch's tickets are played for, from the slot's side. */
  stakes(batch: { epoch: number; block: number; rowCount: number }, slot: number, hint: number): Promise<Stakes>;
  lease(account: Hex): Promise<{ readonly slot: number; readonly leaseEnd: number } | null>;
  /** Who could be taken out by anyone: slots whose lease is over. */
  lapsed(epoch: number): Promise<number[]>;
  epoch(): Promise<number>;
  epochs(): Promise<{ readonly epochBlocks: number; readonly firstBlock: number }>;
  credit(account: Hex): Promise<bigint>;
  pool(): Promise<bigint>;
  /** Wei that a transaction costs now; throws what the contract refuses it with. */
  cost(from: Hex, intent: Intent): Promise<bigint>;
  answer(attested: Attested, shown: Shown): Intent;
  claim(attested: Attested, ticket: { index: number; setHint: number; roundHint: number }, shown: Shown): Intent;
  slash(batchId: Hex, certificate: Certificate, member: Pick<Member, "slot" | "hint">): Intent;
  renew(epoch: number): Intent;
  lapse(slot: number, epoch: number): Intent;
  withdraw(account: Hex, nonce: number): Intent;
  nonce(account: Hex): Promise<number>;
}

type CallsChain = Pick<
  Chain,
  "addresses" | "signers" | "sampling" | "entrance" | "errorOf" | "estimate" | "header" | "nonce" | "priorityFee"
>;

export const attestedOf = (
  about: Omit<Attested, "key" | "signature">,
  key: { readonly publicKey: Hex; readonly signature: Hex },
): Attested => ({ ...about, key: g1Struct(key.publicKey), signature: g2Struct(key.signature) });

export const createCalls = (chain: CallsChain): Calls => {
  const { signers, sampling, entrance, addresses } = chain;
  type Contract = CallsChain["signers"];
  const read = async <S extends z.ZodType>(of: Contract, name: string, shape: S, ...args: unknown[]) => {
    let answer: unknown;
    try {
      answer = plain(await of.getFunction(name).staticCall(...args));
    } catch (error) {
      throw chain.errorOf(error);
    }
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new ZgError("BadResponse", { what: name, why: parsed.error.issues[0]?.message ?? "" });
  };
  const TO = { signers: "DASigners", sampling: "DASampling", entrance: "DAEntrance" } as const;
  const intent = (kind: string, id: string, of: keyof typeof TO, name: string, args: unknown[]): Intent => ({
    ...{ id: `${kind}-${id}`, kind, to: normalHex(addresses[TO[of]], 20), value: "0" },
    data: chain[of].interface.encodeFunctionData(name, args) as Hex,
  });
  /** A bit of the seed: after a reorg of the confirmation the audit is another one. */
  const about = (batchId: Hex, { auditSeed }: Certificate): string => `${batchId}-${auditSeed.slice(2, 18)}`;

  return {
    terms: async () => ({
      ...(await read(sampling, "terms", Terms)),
      leaseEpochs: await read(signers, "leaseEpochs", number),
      slashBps: await read(signers, "slashBps", big),
      reporterBps: await read(signers, "reporterBps", big),
    }),
    findKey: (keyHash, epoch) => read(signers, "findKey", z.object({ slot: number, hint: number }), keyHash, epoch),
    membersAt: (epoch) => read(signers, "membersAt", z.array(Member), epoch, 0, 200),
    settled: (batchId) => read(sampling, "settledOf", big, batchId),
    paidTickets: (batchId) => read(sampling, "paidTickets", big, batchId),
    stakes: async ({ epoch, block, rowCount }, slot, hint) => {
      const { samples } = await read(sampling, "terms", Terms);
      const setHint = await read(signers, "findSet", number, epoch);
      const { totalStake } = await read(signers, "setAt", z.object({ totalStake: big }), epoch, setHint);
      const { stake } = await read(signers, "slotAt", z.object({ stake: big }), slot, epoch, hint);
      const roundHint = await read(sampling, "findRound", number, block);
      const round = await read(sampling, "roundOf", big, block);
      const prize = await read(sampling, "prizeAt", big, round);
      const fee = (await read(entrance, "daFeePerRow", big)) * BigInt(rowCount);
      return { bet: { fee, stake, totalStake, samples: BigInt(samples), prize }, setHint, roundHint };
    },
    lease: async (account) => {
      try {
        const slot = await read(signers, "slotOf", number, account);
        return { slot, leaseEnd: (await read(signers, "signer", Signer, slot)).leaseEnd };
      } catch (error) {
        if (error instanceof ZgError && error.fields.error === "NotRegistered") return null;
        throw error;
      }
    },
    lapsed: async (epoch) => {
      const taken = await read(signers, "takenSlots", big);
      const slots = Array.from({ length: 200 }, (_, slot) => slot).filter((slot) => (taken >> BigInt(slot)) & 1n);
      const seats = await Promise.all(slots.map((slot) => read(signers, "signer", Signer, slot)));
      return slots.filter((_, i) => (seats[i] as z.infer<typeof Signer>).leaseEnd < epoch);
    },
    epoch: () => read(signers, "currentEpoch", number),
    epochs: async () => ({
      epochBlocks: await read(signers, "epochBlocks", number),
      firstBlock: await read(signers, "firstBlock", number),
    }),
    credit: (account) => read(entrance, "credit", big, account),
    pool: () => read(entrance, "samplingPool", big),
    cost: (from, intent) => costOf(chain, from, intent),
    answer: (attested, shown) =>
      intent("audit", about(attested.batchId, attested.certificate), "sampling", "answerAudit", [attested, shown]),
    claim: (attested, ticket, shown) =>
      intent("ticket", `${about(attested.batchId, attested.certificate)}-${ticket.index}`, "sampling", "claimSample", [
        ...[attested, ticket, shown],
      ]),
    slash: (batchId, certificate, { slot, hint }) =>
      intent("accuse", `${about(batchId, certificate)}-${slot}`, "sampling", "slashSilent", [
        ...[batchId, certificate, slot, hint],
      ]),
    renew: (epoch) => intent("renew", String(epoch), "signers", "renew", []),
    lapse: (slot, epoch) => intent("lapse", `${slot}-${epoch}`, "signers", "lapse", [slot]),
    // What is planned again after a crash, before it was mined, is the same transaction.
    withdraw: (account, nonce) => intent("credit", String(nonce), "entrance", "withdraw", [account]),
    nonce: (account) => chain.nonce(account, "latest"),
  };
};
