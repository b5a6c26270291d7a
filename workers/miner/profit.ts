/** What an answer will earn. Pure. */

/** What the chain would pay from, at this moment. */
export interface Pools {
  /** Of the pricing chunk, released and not paid. */
  readonly claimable: bigint;
  /** Unix seconds at which the chunk's last stream ends; 0: it never had a fee. */
  readonly deadline: bigint;
  /** That a hit earns besides, as long as the base pool has it. */
  readonly baseReward: bigint;
  readonly basePool: bigint;
}

/**
 * What an answer will earn: half of what the chunk can pay then, and the base reward.
 *
 * @param ahead our own answers in this chunk that are on their way, each of which takes its half first
 * @param timestamp of the head, seconds
 */
export const expectedReward = (pools: Pools, ahead: number, timestamp: number): bigint => {
  if (pools.deadline <= BigInt(timestamp)) return 0n;
  let claimable = pools.claimable;
  // Below one wei there is nothing to halve.
  for (let i = 0; i < ahead && claimable > 1n; i++) claimable -= claimable / 2n;
  const before = pools.baseReward * BigInt(ahead);
  const base = pools.basePool > before ? pools.basePool - before : 0n;
  return claimable / 2n + (base < pools.baseReward ? base : pools.baseReward);
};
