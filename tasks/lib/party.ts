/** What all tasks about one party of a folder begin and end with: a miner's, a validator's. */
import { Wallet } from "ethers";
import { DEVNET_CHAIN_ID, type NetworkJson } from "../../adapters/network.ts";
import { fund } from "../../devnet/enrol.ts";
import { knownKeys, type PartyKeys, partyKeys } from "../../devnet/keys.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { dataFolder, runningNetwork } from "./folder.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { type Output, runTask } from "./output.ts";
import { openStorage, type StorageClient } from "./storage.ts";

export interface PartyArguments {
  readonly id: number;
  readonly data?: string;
  readonly json: boolean;
}

export interface PartySession {
  /** "miner-0": of its keys, its folder and its worker. */
  readonly name: string;
  readonly data: string;
  readonly network: NetworkJson;
  readonly storage: StorageClient;
  readonly output: Output;
  readonly interrupt: Interrupt;
}

export interface Kind {
  readonly kind: "miner" | "validator";
  readonly maxId: number;
}

export async function withParty(
  { kind, maxId }: Kind,
  given: PartyArguments,
  work: (session: PartySession) => Promise<void>,
): Promise<void> {
  await runTask(given.json, async (output) => {
    const { id } = given;
    if (id < 0 || id > maxId) throw new ZgError("BadConfig", { field: "--id", id, limit: maxId });
    const data = dataFolder(given.data);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    try {
      await work({ name: `${kind}-${id}`, data, network, storage, output, interrupt });
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}

/** The keys of a party that this folder has already; `UnknownId` otherwise. */
export async function keysOfParty({ data, name }: Pick<PartySession, "data" | "name">): Promise<PartyKeys> {
  const keys = await knownKeys(data, name);
  if (keys !== null) return keys;
  const [kind] = name.split("-") as [string];
  throw new ZgError("UnknownId", { [kind]: name, why: `register it first: npx hardhat ${kind} register` });
}

export const addressOfKey = (key: Hex): Hex => normalHex(new Wallet(key).address, 20);

/** Wei for gas: as much as `up` gives its workers. */
const ALLOWANCE = { devnet: 10n ** 20n, other: 10n ** 17n } as const;

/** The party's keys, made if there are none. */
export const ownKeys = ({ data, name }: PartySession): Promise<PartyKeys> => partyKeys(data, name);

/**
 * Sees to it that an account has ether for gas and what is due: from the key in FUNDER_PRIVATE_KEY, on the devnet from
 * its account 0. Without either it must have some already.
 */
export async function fundAccount({ network, storage }: PartySession, account: Hex, due = 0n): Promise<void> {
  const devnet = network.chainId === DEVNET_CHAIN_ID;
  const funder = process.env.FUNDER_PRIVATE_KEY || (devnet ? Wallet.fromPhrase(DEVNET_MNEMONIC).privateKey : undefined);
  const { provider } = storage.chain;
  if (funder !== undefined) {
    const allowance = devnet ? ALLOWANCE.devnet : ALLOWANCE.other;
    await fund(provider, walletOf(funder).connect(provider), new Map([[account, { allowance, due }]]));
    return;
  }
  const balance = await provider.getBalance(account);
  if (balance > due) return;
  const why = "send it ether for gas and what is due, or name a FUNDER_PRIVATE_KEY";
  throw new ZgError("InsufficientFunds", { account, balance: String(balance), due: String(due), why });
}

function walletOf(key: string): Wallet {
  try {
    return new Wallet(key.startsWith("0x") ? key : `0x${key}`);
  } catch {
    // The error of ethers shows the value; this one must not.
    throw new ZgError("BadConfig", { field: "FUNDER_PRIVATE_KEY", why: "not a private key: 32 bytes of hex" });
  }
}
