/** Is a transaction worth its gas? What miners and validators ask before they send anything for their own good. */
import type { Chain } from "../adapters/chain.ts";
import type { Intent } from "../adapters/outbox.ts";
import type { Hex } from "../protocol/hex.ts";

const UNIT = 10_000;

/**
 * @param gain wei
 * @param cost wei
 * @param least gain for a wei of cost below which it is not worth it; 0: any gain is
 */
export const isWorth = (gain: bigint, cost: bigint, least: number): boolean =>
  gain > 0n && gain * BigInt(UNIT) >= cost * BigInt(Math.round(least * UNIT));

/** Wei that the transaction would cost in the next block; throws what the contract refuses it with. */
export const costOf = async (
  chain: Pick<Chain, "estimate" | "header" | "priorityFee">,
  from: Hex,
  { to, data }: Pick<Intent, "to" | "data">,
): Promise<bigint> => {
  const gas = await chain.estimate({ from, to, data, value: 0n });
  const head = await chain.header("latest");
  const tip = await chain.priorityFee().catch(() => 0n);
  return gas * ((head?.baseFeePerGas ?? 0n) + tip);
};
