import { type BaseWallet, NonceManager, type Provider, Wallet } from "ethers";
import { g1Struct, g2Struct, openKey } from "../adapters/bls.ts";
import type { Chain } from "../adapters/chain.ts";
import { possessionMessage } from "../protocol/attestation.ts";
import type { Hex } from "../protocol/hex.ts";
import type { PartyKeys } from "./keys.ts";

export interface Candidate {
  readonly keys: PartyKeys;
  /** Base URL under which it gives out signatures. */
  readonly socket: string;
}

export interface EnrolOptions {
  readonly chain: Chain;
  /** Private key of the account that pays for everything here. */
  readonly funder: Hex;
  /** Private keys of other workers that send transactions. */
  readonly workers: readonly Hex[];
  readonly validators: readonly Candidate[];
  /** Wei that each worker and validator shall have for gas, fees and bonds. */
  readonly allowance: bigint;
}

/**
 * One funded key funds all others and registers the validators, each from its own account. Repeating it sends only
 * what is missing: a party that has at least half of its allowance, a validator that is
 * registered under its socket and has more than half of its lease left.
 *
 * @returns how many validators are new; they count from the epoch after next
 */
export async function enrol(options: EnrolOptions): Promise<number> {
  const { chain, validators, allowance } = options;
  const wallet = (key: Hex): Wallet => new Wallet(key, chain.provider);
  const found = await Promise.all(
    validators.map((candidate) => registrationOf(chain, wallet(candidate.keys.wallet).address)),
  );
  const stake: bigint = await chain.signers.getFunction("minStake")();

  const wanted = new Map(options.workers.map((key) => [wallet(key).address, allowance]));
  for (const [index, { keys }] of validators.entries()) {
    wanted.set(wallet(keys.wallet).address, allowance + (found[index] === null ? stake : 0n));
  }
  await fund(chain.provider, wallet(options.funder), wanted);

  await Promise.all(
    validators.map(async (candidate, index) => {
      const account = wallet(candidate.keys.wallet);
      const registration = found[index] ?? null;
      if (registration === null) return register(chain, account, candidate, stake);
      const signers = chain.signers.connect(account);
      if (registration.socket !== candidate.socket) {
        await (await signers.getFunction("updateSocket")(candidate.socket)).wait();
      }
      if (registration.isOld) await (await signers.getFunction("renew")()).wait();
    }),
  );
  return found.filter((registration) => registration === null).length;
}

/** Brings each account that has less than half of what it shall have up to it. */
export async function fund(provider: Provider, funder: BaseWallet, wanted: ReadonlyMap<string, bigint>): Promise<void> {
  const sender = new NonceManager(funder);
  const pending = [];
  for (const [to, amount] of wanted) {
    const balance = await provider.getBalance(to);
    if (balance >= (amount + 1n) / 2n) continue;
    pending.push(await sender.sendTransaction({ to, value: amount - balance }));
  }
  for (const transaction of pending) await transaction.wait();
}

interface Registration {
  readonly socket: string;
  /** Half of the lease is over: anyone may lapse the validator once all of it is. */
  readonly isOld: boolean;
}

/** null: not registered. */
async function registrationOf(chain: Chain, account: string): Promise<Registration | null> {
  const read = (name: string, ...args: unknown[]) => chain.signers.getFunction(name)(...args);
  try {
    const slot: bigint = await read("slotOf", account);
    const [{ socket, leaseEnd }, epoch, leaseEpochs]: [{ socket: string; leaseEnd: bigint }, bigint, bigint] =
      await Promise.all([read("signer", slot), read("currentEpoch"), read("leaseEpochs")]);
    return { socket, isOld: (leaseEnd - epoch) * 2n < leaseEpochs };
  } catch (error) {
    if (chain.errorOf(error).fields.error === "NotRegistered") return null;
    throw error;
  }
}

async function register(chain: Chain, account: Wallet, { keys, socket }: Candidate, stake: bigint): Promise<void> {
  const key = openKey(keys.bls);
  const message = possessionMessage(
    BigInt(chain.chainId),
    chain.addresses.DASigners,
    account.address as Hex,
    key.publicKey,
  );
  const proof = g2Struct(key.provePossession(message));
  const signers = chain.signers.connect(account);
  const transaction = await signers.getFunction("register")(g1Struct(key.publicKey), proof, socket, { value: stake });
  await transaction.wait();
}
