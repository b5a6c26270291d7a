import type { Hex } from "../../protocol/hex.ts";
import {
  addressOfKey,
  fundAccount,
  keysOfParty,
  ownKeys,
  type PartyArguments,
  type PartySession,
  withParty,
} from "./party.ts";

export type MinerArguments = PartyArguments;
export type MinerSession = PartySession;

const MINER = { kind: "miner", maxId: 63 } as const;

/** What all `miner` tasks begin and end with. */
export const withMiner = (given: MinerArguments, work: (session: MinerSession) => Promise<void>): Promise<void> =>
  withParty(MINER, given, work);

/** The key of a miner that this folder has already; `UnknownId` otherwise. */
export const keyOfMiner = async (session: Pick<MinerSession, "data" | "name">): Promise<Hex> =>
  (await keysOfParty(session)).wallet;

/** The miner's key, made if there is none, with ether for gas. */
export async function fundedMiner(session: MinerSession): Promise<Hex> {
  const { wallet } = await ownKeys(session);
  await fundAccount(session, addressOfKey(wallet));
  return wallet;
}
