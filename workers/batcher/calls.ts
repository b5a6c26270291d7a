/** The batcher's calls of DAEntrance and DAChallenge: what goes into the outbox, and what is asked before. */

import type { Chain } from "../../adapters/chain.ts";
import type { Intent } from "../../adapters/outbox.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { ShownCell } from "../../protocol/rowsProof.ts";
import type { BatchPlan, Challenge } from "../records.ts";
import type { Attestation } from "./attest.ts";
import type { OnChain } from "./candidates.ts";
import { submitId } from "./slots.ts";

const STATUS: readonly OnChain[] = ["None", "Submitted", "Available", "Unavailable"];

export interface Calls {
  submit(plan: BatchPlan): Promise<Intent>;
  confirm(plan: BatchPlan, seed: Hex, attestation: Attestation): Promise<Intent>;
  fail(batchId: Hex): Promise<Intent>;
  releaseBond(batchId: Hex): Promise<Intent>;
  /** Takes the credit of the submitter out; `after` names what put it there. */
  withdraw(after: Hex): Promise<Intent>;
  /** Shows the cell that a challenge asks for. */
  answer(id: string, challenge: Challenge, shown: ShownCell): Promise<Intent>;
  /** What answers have earned and is not taken out. */
  earned(): Promise<bigint>;
  withdrawEarned(after: string): Promise<Intent>;
  statusOf(batchId: Hex): Promise<OnChain>;
  submitBlock(batchId: Hex): Promise<number>;
  credit(): Promise<bigint>;
}

/**
 * Each intent has been estimated against the present state: what would revert is refused here, by the contract's error,
 * and costs nothing.
 */
export const createCalls = (chain: Chain, submitter: Hex): Calls => {
  const { entrance, challenges } = chain;
  const addressOf = new Map([
    [entrance, chain.addresses.DAEntrance],
    [challenges, chain.addresses.DAChallenge],
  ]);

  const intent = async (
    id: string,
    kind: string,
    method: string,
    args: readonly unknown[],
    { value = 0n, contract = entrance } = {},
  ): Promise<Intent> => {
    const to = addressOf.get(contract) as Hex;
    const data = contract.interface.encodeFunctionData(method, args) as Hex;
    const gas = await chain.estimate({ from: submitter, to, data, value });
    return { id, kind, to, data, value: value.toString(), gas: (gas + gas / 5n + MARGIN).toString() };
  };
  /** Not every node asks for the money when it estimates; in the outbox the plan would stand in the way until it comes. */
  const mustAfford = async (value: bigint, gas: bigint): Promise<void> => {
    const [have, head] = await Promise.all([balance(), chain.header("latest")]);
    const need = value + gas * (head?.baseFeePerGas ?? 0n);
    if (have >= need) return;
    const fields = { account: submitter, have: String(have), need: String(need) };
    throw new ZgError("InsufficientFunds", { ...fields, why: `${submitter} has ${have} wei, ${need} are needed` });
  };
  const balance = async (): Promise<bigint> => {
    try {
      return await chain.provider.getBalance(submitter);
    } catch (error) {
      throw chain.errorOf(error);
    }
  };
  const read = async (method: string, args: readonly unknown[] = [], contract = entrance): Promise<unknown> => {
    try {
      return await contract.getFunction(method).staticCall(...args);
    } catch (error) {
      throw chain.errorOf(error);
    }
  };

  return {
    submit: async (plan) => {
      const fees = (await read("quoteBatch", [plan.rowCount, plan.metadataLength])) as readonly bigint[];
      const value = fees.reduce((sum, fee) => sum + fee, 0n);
      const planned = await intent(submitId(plan.batchId), "submitBatch", "submitBatch", [commitmentOf(plan)], {
        value,
      });
      await mustAfford(value, BigInt(planned.gas ?? 0));
      return planned;
    },
    confirm: ({ batchId, rowNodes, metadataNodes }, seed, attestation) =>
      intent(`confirm-${batchId}-${seed}`, "confirmBatch", "confirmBatch", [
        batchId,
        rowNodes,
        metadataNodes,
        attestation,
      ]),
    fail: (batchId) => intent(`fail-${batchId}`, "failBatch", "failBatch", [batchId]),
    releaseBond: (batchId) => intent(`bond-${batchId}`, "withdrawBond", "withdrawBond", [batchId]),
    withdraw: (after) => intent(`withdraw-${after}`, "withdraw", "withdraw", [submitter]),
    answer: (id, { batchId, row, column }, { cell, proof }) =>
      intent(`answer-${id}`, "answerChallenge", "answer", [{ batchId, row, column }, cell, proof], {
        contract: challenges,
      }),
    earned: async () => BigInt((await read("credit", [submitter], challenges)) as bigint),
    withdrawEarned: (after) =>
      intent(`earned-${after}`, "withdrawEarned", "withdraw", [submitter], { contract: challenges }),
    statusOf: async (batchId) => STATUS[Number(await read("statusOf", [batchId]))] ?? "None",
    submitBlock: async (batchId) => Number(((await read("record", [batchId])) as { submitBlock: bigint }).submitBlock),
    credit: async () => BigInt((await read("credit", [submitter])) as bigint),
  };
};

/** An epoch roll or new levels of the log may come between estimate and block: 200,000 and 22,100 a level. */
const MARGIN = 500_000n;

const commitmentOf = (plan: BatchPlan) => ({
  batchRoot: plan.batchRoot,
  rowsRoot: plan.rowsRoot,
  metadataRoot: plan.metadataRoot,
  blobCount: plan.blobs.length,
  rowCount: plan.rowCount,
  metadataLength: plan.metadataLength,
  attempt: plan.attempt,
});

/** The contract's own error, if it is one: `{error: "WrongStatus", …}`. */
export const revertOf = (error: unknown): string | undefined =>
  error instanceof ZgError && error.code === "ChainReverted" ? String(error.fields.error) : undefined;
