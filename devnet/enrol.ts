import { type BaseWallet, NonceManager, type Provider, Wallet } from "ethers";
import type { Chain } from "../adapters/chain.ts";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import { type Candidate, dueOf, missingOf } from "./registration.ts";

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

export interface Enrolled {
  /** Validators that are new: they count from the epoch after next. */
  readonly added: number;
  /** Validators that cannot register yet, and why. */
  readonly jailed: readonly ZgError[];
}

/**
 * One funded key funds all others and registers the validators, each from its own account. Repeating it sends only
 * what is missing: a party that has at least half of its allowance, a validator that is registered as it shall be.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { chain, validators, allowance } = options;
  const wallet = (key: Hex): Wallet => new Wallet(key, chain.provider);
  const found = await Promise.all(validators.map((candidate) => missingOrJailed(chain, candidate)));

  const wanted = new Map<string, Need>(options.workers.map((key) => [wallet(key).address, { allowance }]));
  for (const [index, { keys }] of validators.entries()) {
    const missing = found[index];
    const due = missing === undefined || missing instanceof ZgError ? 0n : dueOf(missing);
    wanted.set(wallet(keys.wallet).address, { allowance, due });
  }
  await fund(chain.provider, wallet(options.funder), wanted);

  let added = 0;
  await Promise.all(
    validators.map(async ({ keys }, index) => {
      const missing = found[index];
      if (missing === undefined || missing instanceof ZgError) return;
      for (const { kind, to, data, value } of missing) {
        await (await wallet(keys.wallet).sendTransaction({ to, data, value: BigInt(value) })).wait();
        if (kind === "register") added += 1;
      }
    }),
  );
  return { added, jailed: found.filter((one) => one instanceof ZgError) };
}

async function missingOrJailed(chain: Chain, candidate: Candidate) {
  return missingOf(chain, candidate).catch((error: unknown) => {
    // A network whose other validators are fine goes on without it.
    if (error instanceof ZgError && error.code === "Jailed") return error;
    throw error;
  });
}

/** Wei that an account shall have. */
export interface Need {
  /** For what comes. */
  readonly allowance: bigint;
  /** And for what it sends now. */
  readonly due?: bigint;
}

/** Brings each account that has less than what is due and half of its allowance up to the whole. */
export async function fund(provider: Provider, funder: BaseWallet, wanted: ReadonlyMap<string, Need>): Promise<void> {
  const sender = new NonceManager(funder);
  const pending = [];
  for (const [to, { allowance, due = 0n }] of wanted) {
    const balance = await provider.getBalance(to);
    if (balance >= due + (allowance + 1n) / 2n) continue;
    pending.push(await sender.sendTransaction({ to, value: due + allowance - balance }));
  }
  for (const transaction of pending) await transaction.wait();
}
