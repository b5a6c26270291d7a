import { readFile } from "node:fs/promises";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Config } from "../../adapters/config.ts";
import { openRpc } from "../../adapters/rpc.ts";
import type { ExternalChain } from "../../devnet/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";

/** What each worker and validator is given for gas, fees and bonds: 0.1 ether, about 700 rows of bonds and storage. */
const ALLOWANCE = 10n ** 17n;

/**
 * The chain outside that `up` and `join` are to use, or undefined for the devnet's own: `RPC_URL` in the environment, or
 * a network of hardhat.config.ts by `--network`. Addresses come from the environment or from Ignition's record of the
 * deployment; the key that funds workers and validators from FUNDER_PRIVATE_KEY or from the network's first account.
 */
export async function externalChain(
  config: Config,
  hre: HardhatRuntimeEnvironment,
): Promise<ExternalChain | undefined> {
  const named = config.rpc === undefined ? await namedNetwork(hre) : undefined;
  const rpc = config.rpc ?? named?.url;
  if (rpc === undefined) return undefined;
  const chainId = await chainIdOf(rpc);
  const expected = config.chainId ?? named?.chainId;
  if (expected !== undefined && expected !== chainId) throw new ZgError("WrongChain", { expected, actual: chainId });
  const key = process.env.FUNDER_PRIVATE_KEY || named?.key;
  if (key === undefined) {
    throw new ZgError("BadConfig", { field: "FUNDER_PRIVATE_KEY", why: "the key that funds workers and validators" });
  }
  const recorded = config.contracts === undefined ? await recordedDeployment(hre.config.paths.ignition, chainId) : null;
  return {
    rpc,
    chainId,
    contracts: config.contracts ?? (recorded as Recorded).contracts,
    fromBlock: config.fromBlock ?? recorded?.fromBlock ?? 0,
    finality: config.finality ?? "finalized",
    funder: privateKey(key),
    allowance: ALLOWANCE,
  };
}

function privateKey(key: string): Hex {
  try {
    return normalHex(key.startsWith("0x") ? key : `0x${key}`, 32);
  } catch {
    // The error of normalHex shows the value; this one must not.
    throw new ZgError("BadConfig", { field: "private key", why: "not 32 bytes of hex" });
  }
}

async function namedNetwork({ globalOptions, config }: HardhatRuntimeEnvironment) {
  const name = globalOptions.network;
  const network = name === undefined ? undefined : config.networks[name];
  if (network === undefined || network.type !== "http") return undefined;
  const [first] = Array.isArray(network.accounts) ? network.accounts : [];
  return { url: await network.url.getUrl(), chainId: network.chainId, key: await first?.getHexString() };
}

async function chainIdOf(url: string): Promise<number> {
  const rpc = openRpc({ url });
  try {
    return Number(await rpc.call("eth_chainId", []));
  } finally {
    rpc.close();
  }
}

interface Recorded {
  readonly contracts: ExternalChain["contracts"];
  readonly fromBlock: number;
}

/** What `hardhat ignition deploy` wrote down, and the block of its first transaction. */
async function recordedDeployment(ignition: string, chainId: number): Promise<Recorded> {
  const folder = `${ignition}/deployments/chain-${chainId}`;
  const read = (name: string) =>
    readFile(`${folder}/${name}`, "utf8").catch((error: unknown) => {
      const why = "no deployment on record: deploy first, or give the addresses in the environment";
      throw new ZgError("BadConfig", { chainId, why }, { cause: error });
    });
  const addresses = JSON.parse(await read("deployed_addresses.json")) as Record<string, string>;
  const blocks = [...(await read("journal.jsonl")).matchAll(/"blockNumber":(\d+)/g)].map(([, block]) => Number(block));
  const { deploymentOf } = await import("../../devnet/deploy.ts");
  const named = Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, { address }]));
  return { contracts: deploymentOf(named), fromBlock: Math.min(...(blocks.length === 0 ? [0] : blocks)) };
}
