import { network } from "hardhat";
import type { Genesis } from "./journal.ts";
import type { Request } from "./rpc.ts";

export interface Engine {
  request: Request;
  close(): Promise<void>;
}

/** Hardhat's EVM with Hardhat's funded accounts. It mines when a transaction comes and has no clock of its own. */
export async function openEngine({ chainId, time }: Genesis): Promise<Engine> {
  const connection = await network.create({
    network: "default",
    override: {
      chainId,
      initialDate: new Date(time * 1000),
      // Without it every block adds at least a second: 100 transactions put the chain's clock 99 s ahead.
      allowBlocksWithSameTimestamp: true,
      // A public node returns the hash of a transaction that will revert; so does this one.
      throwOnTransactionFailures: false,
      // Order of arrival: a block replayed from the journal must hold its transactions in the order it had.
      mining: { auto: true, interval: 0, mempool: { order: "fifo" } },
    },
  });
  return {
    request: (method, params) => connection.provider.request({ method, params: [...params] }),
    close: () => connection.close(),
  };
}
