/** The edges `roll` and `claim`: what the miner does for its own good besides answering, if it is worth the gas. */
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { PartyWallet } from "../wallet.ts";
import { isWorth } from "../worth.ts";
import type { Calls } from "./calls.ts";
import { type EpochRules, epochToRoll } from "./epoch.ts";

export interface RollDeps {
  readonly calls: Pick<Calls, "madeEpoch" | "roll">;
  readonly wallet: Pick<PartyWallet, "plan">;
  readonly minerId: Hex;
  readonly rules: EpochRules;
}

/**
 * Begins an epoch that nobody has begun: without its context nothing new is sealed, and where the chain forgets block
 * hashes early nothing is mined. Returns the epoch, if it was this miner's turn.
 *
 * @param worth there is something to be sealed or mined in it
 */
export const rollEpoch = async (deps: RollDeps, latest: number, worth: boolean): Promise<number | undefined> => {
  if (!worth) return undefined;
  const epoch = epochToRoll(latest, await deps.calls.madeEpoch(), deps.minerId, deps.rules);
  if (epoch === undefined) return undefined;
  await deps.wallet.plan(deps.calls.roll(epoch));
  crashpoint("miner-roll-planned");
  return epoch;
};

export interface ClaimDeps {
  readonly calls: Pick<Calls, "beneficiaryOf" | "owed" | "cost" | "claim" | "nonce">;
  readonly wallet: Pick<PartyWallet, "address" | "plan" | "isWaiting">;
  readonly minerId: Hex;
  /** Wei owed for a wei of gas below which nothing is withdrawn. */
  readonly leastGain: number;
}

/** Withdraws what the beneficiary is owed. One withdrawal at a time: a second one would find nothing. */
export const claimOwed = async ({ calls, wallet, minerId, leastGain }: ClaimDeps): Promise<bigint> => {
  if (wallet.isWaiting("claim")) return 0n;
  const beneficiary = await calls.beneficiaryOf(minerId);
  const owed = await calls.owed(beneficiary);
  if (owed === 0n) return 0n;
  const intent = calls.claim(beneficiary, owed, await calls.nonce(wallet.address));
  if (!isWorth(owed, await calls.cost(wallet.address, intent), leastGain)) return 0n;
  await wallet.plan(intent);
  crashpoint("miner-claim-planned");
  return owed;
};
