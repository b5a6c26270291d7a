import { type Contract, parseUnits } from "ethers";
import type { Intent, Outcome } from "../../adapters/outbox.ts";
import type { PartyKeys } from "../../devnet/keys.ts";
import { accountOf } from "../../devnet/registration.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { SLOTS } from "../../protocol/params.ts";
import { type PartyArguments, type PartySession, withParty } from "./party.ts";
import { perform } from "./perform.ts";

export type ValidatorArguments = PartyArguments;
export type ValidatorSession = PartySession;

const VALIDATOR = { kind: "validator", maxId: SLOTS - 1 } as const;

/** What all `validator` tasks begin and end with. */
export const withValidator = (
  given: ValidatorArguments,
  work: (session: ValidatorSession) => Promise<void>,
): Promise<void> => withParty(VALIDATOR, given, work);

/**
 * A transaction of the validator, through the outbox that its worker has, too. What the chain would refuse is refused
 * before it is planned, with the contract's own error: a plan that fails costs a nonce.
 */
export async function send(session: ValidatorSession, keys: PartyKeys, intent: Intent): Promise<Omit<Outcome, "time">> {
  const { data, name, storage, interrupt } = session;
  const { chain, log } = storage;
  const { to, data: call, value } = intent;
  await chain.estimate({ from: accountOf(keys), to, data: call, value: BigInt(value) });
  return perform({ data, party: name, key: keys.wallet, chain, log, intent, signal: interrupt.signal });
}

/** What a withdrawal sent, by its event; `known` if the transaction is an earlier one that the chain no longer shows. */
export async function sentIn(contract: Contract, hash: Hex | undefined, known: bigint): Promise<bigint> {
  const receipt = hash === undefined ? null : await contract.runner?.provider?.getTransactionReceipt(hash);
  const events = receipt?.logs.map((entry) => contract.interface.parseLog(entry)) ?? [];
  return events.find((event) => event?.name === "Withdrawn")?.args.amount ?? known;
}

const MOST_STAKE = 2n ** 96n;

/** Ether as a person writes it, in wei. */
export function etherOf(option: string, value: string): bigint {
  let wei = -1n;
  // parseUnits takes "-1" and "" as well.
  if (/^\d+(\.\d{1,18})?$/.test(value)) wei = parseUnits(value, 18);
  if (wei >= 0n && wei < MOST_STAKE) return wei;
  throw new ZgError("BadConfig", { field: option, value, why: "ether, in decimals: 0.5" });
}

export const addressIn = (option: string, value: string): Hex => {
  try {
    return normalHex(value, 20);
  } catch (error) {
    throw new ZgError("MalformedHex", { field: option, value, why: "an address: 20 bytes of hex" }, { cause: error });
  }
};
