import type { Chain } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";

/** How far the log advanced for one batch, in sectors: its two entries, their padding, and the gaps before them. */
export interface LogGrowth {
  readonly before: number;
  readonly after: number;
}

/** From the block of the confirmation; undefined where the chain does not tell (no state of past blocks). */
export async function logGrowth(chain: Chain, confirmation: Hex): Promise<LogGrowth | undefined> {
  const receipt = await chain.receipt(confirmation);
  if (receipt === null) return undefined;
  const logs = await chain.logsOf(receipt.blockHash, { addresses: [chain.addresses.Flow] });
  const ends = logs
    .map((log) => chain.decode(log))
    .filter((event) => event?.name === "Submit" && event.transactionHash === confirmation)
    .map((event) => Number(event?.args.startPos) + Number(event?.args.length));
  const blockTag = receipt.blockNumber - 1;
  const tree = await chain.flow
    .getFunction("tree")
    .staticCall({ blockTag })
    .catch(() => undefined);
  return tree === undefined || ends.length === 0 ? undefined : { before: Number(tree[0]), after: Math.max(...ends) };
}

/** "15 rows in 16.0 rows of log (0.93)": what is left of the log after padding, alignment and metadata. */
export function logUse(batchRows: number, { before, after }: LogGrowth): string {
  const grown = (after - before) / SECTORS_PER_SEGMENT;
  return `${batchRows} row${batchRows === 1 ? "" : "s"} in ${grown.toFixed(1)} rows of log (${(batchRows / grown).toFixed(2)})`;
}
