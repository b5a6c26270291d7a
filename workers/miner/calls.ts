/** What the miner asks of the chain's contracts, in its own types, and the transactions it has for them. */
import { z } from "zod";
import type { Chain } from "../../adapters/chain.ts";
import { plain } from "../../adapters/chain-events.ts";
import type { Intent } from "../../adapters/outbox.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex, normalHex } from "../../protocol/hex.ts";
import type { PoraAnswer } from "../../protocol/pora.ts";
import type { RangeRules } from "../../protocol/recallRange.ts";
import { costOf } from "../worth.ts";
import type { EpochRules } from "./epoch.ts";
import type { Pools } from "./profit.ts";

const hash = z.custom<Hex>((value) => isHex(value, 32)).transform((value) => normalHex(value, 32));
const count = z
  .bigint()
  .refine((value) => value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number);

const WorkerContext = z.object({
  context: z.object({ epoch: count, mineStart: count, flowRoot: hash, flowLength: count, digest: hash }),
  poraTarget: z.bigint(),
  /** Zero outside the miner's window. */
  subtaskDigest: hash,
});
export type WorkerContext = z.infer<typeof WorkerContext>;

export interface Rules extends EpochRules, RangeRules {
  readonly maxShards: number;
  /** Answers that an epoch takes from all miners together. */
  readonly maxAnswers: number;
}

export interface Calls {
  rules(): Promise<Rules>;
  /** What is to be mined at the head, as if the epoch had been begun. */
  work(minerId: Hex): Promise<WorkerContext>;
  /** Epoch of the context made last. */
  madeEpoch(): Promise<number>;
  pools(chunk: number): Promise<Pools>;
  /** Below this chunk nothing is paid any more, for good. */
  firstRewardableChunk(): Promise<number>;
  beneficiaryOf(minerId: Hex): Promise<Hex>;
  owed(account: Hex): Promise<bigint>;
  /** Gas of a transaction, and wei for a unit of it. Throws what the contract refuses it with. */
  cost(from: Hex, intent: Intent): Promise<bigint>;
  answer(quality: Hex, answer: PoraAnswer): Intent;
  roll(epoch: number): Intent;
  /** @param nonce of the key that sends it */
  claim(account: Hex, amount: bigint, nonce: number): Intent;
  nonce(account: Hex): Promise<number>;
  requestId(beneficiary: Hex, seed: bigint): Intent;
}

type CallsChain = Pick<
  Chain,
  "addresses" | "mine" | "flow" | "reward" | "errorOf" | "estimate" | "header" | "nonce" | "priorityFee"
>;

export const createCalls = (chain: CallsChain): Calls => {
  const { mine, flow, reward, addresses } = chain;
  const read = async (contract: CallsChain["mine"], name: string, ...args: unknown[]): Promise<unknown> => {
    try {
      return plain(await contract.getFunction(name).staticCall(...args));
    } catch (error) {
      throw chain.errorOf(error);
    }
  };
  const number = async (contract: CallsChain["mine"], name: string): Promise<number> =>
    Number(await read(contract, name));
  const big = async (contract: CallsChain["mine"], name: string, ...args: unknown[]): Promise<bigint> =>
    BigInt(String(await read(contract, name, ...args)));
  const intent = (id: string, kind: string, contract: "mine" | "flow" | "reward", name: string, args: unknown[]) => {
    const to = { mine: addresses.PoraMine, flow: addresses.Flow, reward: addresses.ChunkLinearReward }[contract];
    const data = chain[contract].interface.encodeFunctionData(name, args) as Hex;
    return { id, kind, to: normalHex(to, 20), data, value: "0" };
  };

  return {
    rules: async () => ({
      firstBlock: await number(flow, "firstBlock"),
      blocksPerEpoch: await number(flow, "blocksPerEpoch"),
      subtasks: await number(mine, "nSubtasks"),
      subtaskInterval: await number(mine, "subtaskInterval"),
      window: await number(mine, "targetMineBlocks"),
      sectorsPerPrice: await number(mine, "sectorsPerPrice"),
      maxMiningLength: await number(mine, "maxMiningLength"),
      maxShards: await number(mine, "maxShards"),
      maxAnswers: 2 * (await number(mine, "targetSubmissions")),
    }),
    work: async (minerId) => {
      const parsed = WorkerContext.safeParse(await read(mine, "computeWorkerContext", minerId));
      if (parsed.success) return parsed.data;
      throw new ZgError("BadResponse", { what: "computeWorkerContext", why: parsed.error.issues[0]?.message ?? "" });
    },
    madeEpoch: () => number(flow, "epoch"),
    pools: async (chunk) => {
      const pool = z.object({ claimableReward: z.bigint() }).parse(await read(reward, "rewards", chunk));
      return {
        claimable: pool.claimableReward,
        deadline: await big(reward, "rewardDeadline", chunk),
        baseReward: await big(reward, "baseReward"),
        basePool: await big(reward, "totalBaseReward"),
      };
    },
    firstRewardableChunk: async () => {
      const found = z.object({ chunk: count }).parse(await read(reward, "firstRewardableChunk"));
      return found.chunk;
    },
    beneficiaryOf: async (minerId) => normalHex(String(await read(mine, "beneficiaries", minerId)), 20),
    owed: (account) => big(reward, "payments", account),
    cost: (from, intent) => costOf(chain, from, intent),
    answer: (quality, answer) => intent(`answer-${quality}`, "answer", "mine", "submit", [answer]),
    roll: (epoch) => intent(`roll-${epoch}`, "roll", "flow", "makeContext", []),
    // What is planned again after a crash, before it was mined, is the same transaction.
    claim: (account, amount, nonce) =>
      intent(`claim-${nonce}-${amount}`, "claim", "reward", "withdrawPayments", [account]),
    nonce: (account) => chain.nonce(account, "latest"),
    // An id pays whom it was requested for: another beneficiary needs another one.
    requestId: (beneficiary, seed) =>
      intent(`miner-id-${beneficiary.toLowerCase()}`, "id", "mine", "requestMinerId", [beneficiary, seed]),
  };
};
