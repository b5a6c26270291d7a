import type { Chain } from "../adapters/chain.ts";
import type { DevChain } from "./chain/index.ts";

/** A registration counts from the epoch after next; on a chain of our own that is no reason to wait. */
export async function mineUntilCounted(chain: Chain, devChain: DevChain): Promise<void> {
  const [epoch, epochBlocks, firstBlock, head] = await Promise.all([
    read(chain, "currentEpoch"),
    read(chain, "epochBlocks"),
    read(chain, "firstBlock"),
    chain.head(),
  ]);
  await devChain.mine(firstBlock + (epoch + 2) * epochBlocks - head);
}

async function read(chain: Chain, name: string): Promise<number> {
  return Number(await chain.signers.getFunction(name)());
}
