import hre, { network } from "hardhat";
import type { Contracts } from "../adapters/network.ts";
import System from "../ignition/modules/System.ts";
import { parametersOf } from "../ignition/parameters/index.ts";
import type { Hex } from "../protocol/hex.ts";

/** Hardhat's well-known mnemonic: its accounts are funded on every devnet and belong to the user, not to a worker. */
export const DEVNET_MNEMONIC = "test test test test test test test test test test test junk";

export interface Deployment {
  readonly contracts: Contracts;
  /** Followers begin here. */
  readonly fromBlock: number;
}

/** Deploys everything through Ignition, from the mnemonic's account 0, with the devnet's parameters. */
export async function deployDevnet(chain: { url: string; chainId: number }): Promise<Deployment> {
  await build();
  const connection = await network.create({
    network: "devnet",
    override: {
      url: chain.url,
      chainId: chain.chainId,
      accounts: { mnemonic: DEVNET_MNEMONIC, count: 1 },
    },
  });
  try {
    const fromBlock = Number(await connection.provider.request({ method: "eth_blockNumber" }));
    const parameters = { System: parametersOf("devnet") };
    // Every transaction is mined when it is sent: nothing to wait for.
    const config = { requiredConfirmations: 1, blockPollingInterval: 20 };
    const deployed = await connection.ignition.deploy(System, { parameters, config });
    const addressOf = async (contract: { getAddress(): Promise<string> }) => (await contract.getAddress()) as Hex;
    return {
      contracts: {
        Flow: await addressOf(deployed.flow),
        FixedPrice: await addressOf(deployed.market),
        ChunkLinearReward: await addressOf(deployed.reward),
        DASigners: await addressOf(deployed.signers),
        DAEntrance: await addressOf(deployed.entrance),
      },
      fromBlock,
    };
  } finally {
    await connection.close();
  }
}

/** Artifacts as the sources are now; workers read ABIs from them. Says nothing and takes a moment when they are. */
export async function build(): Promise<void> {
  await hre.tasks.getTask("build").run({ quiet: true });
}
