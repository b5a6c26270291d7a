import { Wallet } from "ethers";
import { DEVNET_CHAIN_ID, type NetworkJson } from "../../adapters/network.ts";
import { fund } from "../../devnet/enrol.ts";
import { knownKeys, partyKeys } from "../../devnet/keys.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { dataFolder, runningNetwork } from "./folder.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { type Output, runTask } from "./output.ts";
import { openStorage, type StorageClient } from "./storage.ts";

export interface MinerArguments {
  readonly id: number;
  readonly data?: string;
  readonly json: boolean;
}

export interface MinerSession {
  /** "miner-0": of its keys, its folder and its worker. */
  readonly name: string;
  readonly data: string;
  readonly network: NetworkJson;
  readonly storage: StorageClient;
  readonly output: Output;
  readonly interrupt: Interrupt;
}

const MAX_ID = 63;

/** What all `miner` tasks begin and end with. */
export async function withMiner(given: MinerArguments, work: (session: MinerSession) => Promise<void>): Promise<void> {
  await runTask(given.json, async (output) => {
    const { id } = given;
    if (id < 0 || id > MAX_ID) throw new ZgError("BadConfig", { field: "--id", id, limit: MAX_ID });
    const data = dataFolder(given.data);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    try {
      await work({ name: `miner-${id}`, data, network, storage, output, interrupt });
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}

/** The key of a miner that this folder has already; `UnknownId` otherwise. */
export async function keyOfMiner({ data, name }: Pick<MinerSession, "data" | "name">): Promise<Hex> {
  const keys = await knownKeys(data, name);
  if (keys === null)
    throw new ZgError("UnknownId", { miner: name, why: "register it first: npx hardhat miner register" });
  return keys.wallet;
}

export const addressOfKey = (key: Hex): Hex => normalHex(new Wallet(key).address, 20);

/** Wei for gas: as much as `up` gives its workers. */
const ALLOWANCE = { devnet: 10n ** 20n, other: 10n ** 17n } as const;

/**
 * The miner's key, made if there is none, with ether for gas: from the key in FUNDER_PRIVATE_KEY, on the devnet from its
 * account 0. Without either the account must have some already.
 */
export async function fundedMiner({ data, name, network, storage }: MinerSession): Promise<Hex> {
  const { wallet: key } = await partyKeys(data, name);
  const account = addressOfKey(key);
  const devnet = network.chainId === DEVNET_CHAIN_ID;
  const funder = process.env.FUNDER_PRIVATE_KEY || (devnet ? Wallet.fromPhrase(DEVNET_MNEMONIC).privateKey : undefined);
  const { provider } = storage.chain;
  if (funder !== undefined) {
    const allowance = devnet ? ALLOWANCE.devnet : ALLOWANCE.other;
    await fund(provider, walletOf(funder).connect(provider), new Map([[account, allowance]]));
  } else if ((await provider.getBalance(account)) === 0n) {
    throw new ZgError("InsufficientFunds", { account, why: "send it ether for gas, or name a FUNDER_PRIVATE_KEY" });
  }
  return key;
}

function walletOf(key: string): Wallet {
  try {
    return new Wallet(key.startsWith("0x") ? key : `0x${key}`);
  } catch {
    // The error of ethers shows the value; this one must not.
    throw new ZgError("BadConfig", { field: "FUNDER_PRIVATE_KEY", why: "not a private key: 32 bytes of hex" });
  }
}
