/** The edge `lease`: what a validator does for its place and its money, on a timer. */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { PartyWallet } from "../wallet.ts";
import { isWorth } from "../worth.ts";
import type { Calls, Terms } from "./calls.ts";
import { turnOf } from "./turn.ts";

export interface LeaseDeps {
  readonly calls: Pick<
    Calls,
    "epoch" | "lease" | "lapsed" | "renew" | "lapse" | "credit" | "withdraw" | "nonce" | "cost"
  >;
  readonly wallet: Pick<PartyWallet, "address" | "plan" | "isWaiting">;
  readonly terms: Pick<Terms, "leaseEpochs">;
  /** Blocks of an epoch and the first of all. */
  readonly epochs: { readonly epochBlocks: number; readonly firstBlock: number };
  readonly head: () => { readonly latest: number };
  /** Wei of credit for a wei of gas from which on it is withdrawn; 0: always. */
  readonly leastGain: number;
}

/** Half of a lease is left to everything that may go wrong. */
export const mustRenew = (epoch: number, leaseEnd: number, leaseEpochs: number): boolean =>
  leaseEnd - epoch < Math.ceil(leaseEpochs / 2);

export const tendLease = async (deps: LeaseDeps): Promise<void> => {
  const { calls, wallet } = deps;
  const epoch = await calls.epoch();
  const own = await calls.lease(wallet.address);
  if (own !== null && mustRenew(epoch, own.leaseEnd, deps.terms.leaseEpochs)) {
    // Of everything on its way only a renewal stands for this one: a claim that is stuck must not cost the place.
    if (wallet.isWaiting("renew")) return;
    await wallet.plan(calls.renew(epoch));
    crashpoint("renew-planned");
    return;
  }
  if (own !== null && !wallet.isWaiting("lapse")) await lapseDead(deps, own.slot, epoch);
  if (!wallet.isWaiting("credit")) await withdrawCredit(deps);
};

/** The dead count in the total and sign nothing: who is left can confirm again when they are out. */
const lapseDead = async ({ calls, wallet, epochs, head }: LeaseDeps, own: number, epoch: number): Promise<void> => {
  const { epochBlocks, firstBlock } = epochs;
  const inEpoch = head().latest - (firstBlock + epoch * epochBlocks);
  for (const slot of await calls.lapsed(epoch)) {
    if (slot === own || inEpoch < turnOf(own, slot, epochBlocks)) continue;
    await wallet.plan(calls.lapse(slot, epoch));
    crashpoint("lapse-planned");
  }
};

const withdrawCredit = async ({ calls, wallet, leastGain }: LeaseDeps): Promise<void> => {
  const credit = await calls.credit(wallet.address);
  if (credit === 0n) return;
  const intent = calls.withdraw(wallet.address, await calls.nonce(wallet.address));
  try {
    if (!isWorth(credit, await calls.cost(wallet.address, intent), leastGain)) return;
  } catch (error) {
    if (asZgError(error).code === "ChainReverted") return;
    throw error;
  }
  await wallet.plan(intent);
  crashpoint("credit-planned");
};
