/** Who earned what by mining, from the events of PoraMine and ChunkLinearReward alone. Pure. */
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";

export interface Earner {
  readonly minerId: Hex;
  /** Whom the id pays now; what it earned before a transfer is the former one's. */
  readonly beneficiary: Hex;
  readonly answers: number;
  /** Wei. */
  readonly earned: bigint;
}

export interface ChunkIncome {
  /** Wei of fees and extensions, less the service fee. */
  readonly received: bigint;
  /** Wei that were left at the deadline and went to the base-reward pool. */
  readonly swept: bigint;
}

export interface Ledger {
  readonly miners: ReadonlyMap<Hex, Earner>;
  readonly chunks: ReadonlyMap<number, ChunkIncome>;
  readonly donated: bigint;
  readonly serviceFees: bigint;
  readonly withdrawn: bigint;
}

export const EMPTY_LEDGER: Ledger = {
  miners: new Map(),
  chunks: new Map(),
  donated: 0n,
  serviceFees: 0n,
  withdrawn: 0n,
};

/** The ledger after these events, which are in the order of the chain. */
export function ledgerWith(ledger: Ledger, events: Iterable<ChainEvent>): Ledger {
  const miners = new Map(ledger.miners);
  const chunks = new Map(ledger.chunks);
  let { donated, serviceFees, withdrawn } = ledger;
  const miner = (minerId: unknown, change: (old: Earner) => Partial<Earner>): void => {
    const id = String(minerId).toLowerCase() as Hex;
    const old = miners.get(id) ?? { minerId: id, beneficiary: `0x${"00".repeat(20)}` as Hex, answers: 0, earned: 0n };
    miners.set(id, { ...old, ...change(old) });
  };
  const chunk = (index: unknown, change: (old: ChunkIncome) => Partial<ChunkIncome>): void => {
    const old = chunks.get(Number(index)) ?? { received: 0n, swept: 0n };
    chunks.set(Number(index), { ...old, ...change(old) });
  };
  for (const { name, args } of events) {
    const amount = typeof args.amount === "bigint" ? args.amount : 0n;
    if (name === "NewMinerId") miner(args.minerId, () => ({ beneficiary: args.beneficiary as Hex }));
    if (name === "UpdateMinerId") miner(args.minerId, () => ({ beneficiary: args.to as Hex }));
    if (name === "NewSubmission") miner(args.minerId, ({ answers }) => ({ answers: answers + 1 }));
    if (name === "DistributeReward") miner(args.minerId, ({ earned }) => ({ earned: earned + amount }));
    if (name === "RewardFilled") chunk(args.pricingIndex, ({ received }) => ({ received: received + amount }));
    if (name === "Swept") chunk(args.pricingIndex, ({ swept }) => ({ swept: swept + amount }));
    if (name === "Donated") donated += amount;
    if (name === "ServiceFee") serviceFees += amount;
    if (name === "Withdrawn") withdrawn += amount;
  }
  return { miners, chunks, donated, serviceFees, withdrawn };
}
