import type { Chain } from "../../adapters/chain.ts";
import { each } from "../../adapters/each.ts";
import { logsIn } from "../../adapters/logs.ts";
import type { Hex } from "../../protocol/hex.ts";
import { gwei, integer, short } from "./format.ts";
import { EMPTY_LEDGER, type Ledger, ledgerWith } from "./rewards.ts";
import { drawRows, drawTable } from "./table.ts";

/** A pricing chunk's pool at the report's block; wei as decimal strings, times in Unix seconds. */
export interface ChunkReport {
  readonly chunk: number;
  readonly received: string;
  /** Not released yet. */
  readonly locked: string;
  /** Released and not paid: half of it is what the next hit gets. */
  readonly claimable: string;
  readonly distributed: string;
  readonly swept: string;
  readonly startTime: number;
  readonly deadline: number;
}

export interface MinerReport {
  readonly minerId: Hex;
  readonly beneficiary: Hex;
  readonly answers: number;
  readonly earned: string;
}

export interface RewardReport {
  readonly block: number;
  readonly chunks: readonly ChunkReport[];
  /** What base rewards are paid from. */
  readonly baseRewardPool: string;
  readonly donated: string;
  readonly serviceFees: string;
  readonly withdrawn: string;
  readonly miners: readonly MinerReport[];
}

/** Calls at once to one node. */
const CALLS = 8;

/** Everything at one block, so that the sums agree: the head when it began. */
export async function readRewards(
  chain: Pick<Chain, "head" | "logs" | "decode" | "reward" | "addresses">,
  fromBlock: number,
  signal: AbortSignal,
): Promise<RewardReport> {
  const block = await chain.head();
  const addresses = [chain.addresses.PoraMine, chain.addresses.ChunkLinearReward];
  let ledger: Ledger = EMPTY_LEDGER;
  for await (const { logs } of logsIn(chain, { from: fromBlock, to: block, addresses })) {
    signal.throwIfAborted();
    ledger = ledgerWith(
      ledger,
      logs.flatMap((log) => chain.decode(log) ?? []),
    );
  }
  const at = { blockTag: block };
  const chunks: ChunkReport[] = [];
  await each(ledger.chunks, CALLS, signal, async ([chunk, { received, swept }]) => {
    const [pool, deadline] = await Promise.all([
      chain.reward.getFunction("rewards")(chunk, at),
      chain.reward.getFunction("rewardDeadline")(chunk, at),
    ]);
    chunks.push({
      ...{ chunk, received: String(received), swept: String(swept) },
      ...{ locked: String(pool.lockedReward), claimable: String(pool.claimableReward) },
      ...{ distributed: String(pool.distributedReward), startTime: Number(pool.startTime), deadline: Number(deadline) },
    });
  });
  const baseRewardPool: bigint = await chain.reward.getFunction("totalBaseReward")(at);
  const miners = [...ledger.miners.values()].sort((a, b) => (a.earned === b.earned ? 0 : a.earned < b.earned ? 1 : -1));
  return {
    block,
    chunks: chunks.sort((a, b) => a.chunk - b.chunk),
    baseRewardPool: String(baseRewardPool),
    donated: String(ledger.donated),
    serviceFees: String(ledger.serviceFees),
    withdrawn: String(ledger.withdrawn),
    miners: miners.map((miner) => ({ ...miner, earned: String(miner.earned) })),
  };
}

/** More lines than a screen help nobody; `--json` has them all. */
const LINES = 20;

export function drawRewards(report: RewardReport): string {
  const chunks = report.chunks.slice(-LINES);
  const miners = report.miners.slice(0, LINES);
  const older = report.chunks.length - chunks.length;
  const others = report.miners.length - miners.length;
  return [
    drawRows(
      ["chunk", "received", "locked", "claimable", "paid", "swept", "pays until"],
      chunks.map(({ chunk, received, locked, claimable, distributed, swept, deadline }) => [
        integer(chunk),
        ...[received, locked, claimable, distributed, swept].map((wei) => gwei(BigInt(wei))),
        new Date(deadline * 1000).toISOString().slice(0, 19),
      ]),
    ),
    ...(older > 0 ? [`and ${integer(older)} older chunks`] : []),
    drawRows(
      ["miner", "pays", "answers", "earned"],
      miners.map(({ minerId, beneficiary, answers, earned }) => [
        short(minerId),
        beneficiary,
        integer(answers),
        gwei(BigInt(earned)),
      ]),
    ),
    ...(others > 0 ? [`and ${integer(others)} that earned less`] : []),
    drawTable([
      ["block", integer(report.block)],
      ["base rewards", gwei(BigInt(report.baseRewardPool))],
      ["service fees", gwei(BigInt(report.serviceFees))],
      ["withdrawn", gwei(BigInt(report.withdrawn))],
    ]),
  ].join("\n");
}
