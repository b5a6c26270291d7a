import { openChain } from "../adapters/chain.ts";
import { openCompute } from "../adapters/compute.ts";
import type { Log } from "../adapters/log.ts";
import type { NetworkJson } from "../adapters/network.ts";
import type { Context, Timing } from "../workers/context.ts";
import { devnetTiming } from "./timing.ts";

export interface ContextOptions {
  readonly network: NetworkJson;
  readonly log: Log;
  readonly timing?: Partial<Timing>;
  /** KZG threads for all workers of this process. */
  readonly threads?: number;
  /** False: the threads start with their first job (`computes`). */
  readonly warm?: boolean;
}

/** What the workers of one process share: one chain client, one pool of warm threads. */
export async function openContext(options: ContextOptions): Promise<Context & { close(): Promise<void> }> {
  const { network, log, threads = 2, warm = true } = options;
  const timing = { ...devnetTiming(network.validators.length), ...options.timing };
  const { rpc, chainId, contracts, finality } = network;
  const chain = await openChain({ rpc, chainId, contracts, finality, pollMs: timing.pollMs, log });
  try {
    const compute = await openCompute({ threads, warm });
    const close = async () => {
      await compute.close();
      await chain.close();
    };
    return { network, chain, compute, log, timing, close };
  } catch (error) {
    await chain.close();
    throw error;
  }
}
