import { DEVNET_CHAIN_ID, type NetworkJson } from "../../adapters/network.ts";
import { samplesFor } from "../../protocol/quorum.ts";
import type { Timing } from "../../workers/context.ts";

/** The bound of docs/encoding.md 5 asks for less than this from 25 validators on; the margin costs little. */
const LEAST_SAMPLES = 16;

/** Off-chain parameters of a chain that others use, too; undefined for the devnet, which has its own. */
export function timingOf({ chainId }: Pick<NetworkJson, "chainId">, validators: number): Timing | undefined {
  if (chainId === DEVNET_CHAIN_ID) return undefined;
  return {
    confirmations: 2,
    samples: Math.max(LEAST_SAMPLES, samplesFor(validators)),
    pollMs: 1_000,
    batchMs: 5_000,
    graceMs: 3_000,
    reconcileMs: 30_000,
  };
}
