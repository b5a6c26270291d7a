import {
  errorDeploymentResultToExceptionMessage,
  HardhatArtifactResolver,
} from "@nomicfoundation/hardhat-ignition/helpers";
import { DeploymentResultType, deploy } from "@nomicfoundation/ignition-core";
import hre, { network } from "hardhat";
import type { Contracts } from "../adapters/network.ts";
import { type Parameters, parametersOf } from "../ignition/parameters/index.ts";
import type { Hex } from "../protocol/hex.ts";
import { DEVNET_MNEMONIC } from "./mnemonic.ts";

export { DEVNET_MNEMONIC } from "./mnemonic.ts";

/**
 * Deploys everything through Ignition, from the mnemonic's account 0, with the devnet's parameters but for those
 * that are given. Ignition keeps its journal in `dir`: a start that was killed half-way goes on there, a finished one is
 * only read.
 */
export async function deployDevnet(
  chain: { url: string; chainId: number },
  dir: string,
  parameters: Parameters = {},
): Promise<Contracts> {
  await build();
  // It reads what the build has written.
  const { default: System } = await import("../ignition/modules/System.ts");
  const accounts = { mnemonic: DEVNET_MNEMONIC, count: 1 };
  const override = { url: chain.url, chainId: chain.chainId, accounts };
  const connection = await network.create({ network: "devnet", override });
  try {
    const result = await deploy({
      ignitionModule: System,
      provider: connection.provider,
      artifactResolver: new HardhatArtifactResolver(hre.artifacts),
      accounts: (await connection.provider.request({ method: "eth_accounts" })) as string[],
      deploymentDir: dir,
      deploymentParameters: { System: { ...parametersOf("devnet"), ...parameters } },
      // Every transaction is mined when it is sent: nothing to wait for.
      config: { requiredConfirmations: 1, blockPollingInterval: 20 },
    });
    if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
      throw new Error(errorDeploymentResultToExceptionMessage(result));
    }
    return deploymentOf(result.contracts);
  } finally {
    await connection.close();
  }
}

/** Ignition's names of the futures, as `deployed_addresses.json` of any network has them. */
export function deploymentOf(contracts: Readonly<Record<string, { readonly address: string }>>): Contracts {
  const addressOf = (name: string): Hex => {
    const found = contracts[`System#${name}`];
    if (found === undefined) throw new Error(`the deployment has no System#${name}`);
    return found.address as Hex;
  };
  return {
    Flow: addressOf("Flow"),
    FixedPrice: addressOf("FixedPrice"),
    ChunkLinearReward: addressOf("ChunkLinearReward"),
    PoraMine: addressOf("PoraMine"),
    DASigners: addressOf("DASigners"),
    DASampling: addressOf("DASampling"),
    DAChallenge: addressOf("DAChallenge"),
    DAEntrance: addressOf("DAEntrance"),
    CellVerifier: addressOf("CellVerifier"),
  };
}

/** Artifacts as the sources are now; workers read ABIs from them. Says nothing and takes a moment when they are. */
export async function build(): Promise<void> {
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
}
