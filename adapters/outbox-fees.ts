/** Fees of EIP-1559, wei per gas. Pure. */
export interface Fees {
  readonly maxFee: bigint;
  readonly tip: bigint;
}

export interface FeePolicy {
  /** Never more than this per gas: a runaway market waits instead of emptying the key. */
  readonly maxFeeCap: bigint;
  readonly minTip: bigint;
}

export const FEE_POLICY: FeePolicy = { maxFeeCap: 1_000n * 10n ** 9n, minTip: 10n ** 6n };

/** Twice the base fee: enough for six full blocks in a row (1.125^6 = 2.03). */
export const feesFor = (base: bigint, tip: bigint, { maxFeeCap, minTip }: FeePolicy): Fees => {
  const paid = tip > minTip ? tip : minTip;
  const maxFee = 2n * base + paid;
  return maxFee <= maxFeeCap ? { maxFee, tip: paid } : { maxFee: maxFeeCap, tip: paid < maxFeeCap ? paid : maxFeeCap };
};

/**
 * Nodes take a replacement only if both fees rise by 10 %; ours rise by 25 %, or to the market where that is more.
 * undefined: not without going over twice the market's price, so waiting is all that is left.
 */
export const bumped = (last: Fees, market: Fees): Fees | undefined => {
  const up = (value: bigint): bigint => value + value / 4n + 1n;
  const maxFee = max(up(last.maxFee), market.maxFee);
  const tip = max(up(last.tip), market.tip);
  if (maxFee > 4n * market.maxFee) return undefined;
  return { maxFee, tip: tip < maxFee ? tip : maxFee };
};

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** A quarter and a rest on top of the estimate (an epoch may roll in between), under the cap of EIP-7825. */
export const gasLimit = (estimate: bigint, least = 0n): bigint => {
  const wanted = max(estimate + estimate / 4n + 50_000n, least);
  return wanted < MAX_TX_GAS ? wanted : MAX_TX_GAS;
};

/** 2^24, the most a transaction may ask for since osaka (EIP-7825). */
export const MAX_TX_GAS = 1n << 24n;
