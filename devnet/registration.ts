/** A validator's registration as the chain has it, and the transactions that make it what it shall be. */
import { computeAddress } from "ethers";
import { g1Struct, g2Struct, openKey } from "../adapters/bls.ts";
import type { Chain } from "../adapters/chain.ts";
import type { Intent } from "../adapters/outbox.ts";
import { possessionMessage } from "../protocol/attestation.ts";
import { ZgError } from "../protocol/errors.ts";
import { fromHex, type Hex, normalHex } from "../protocol/hex.ts";
import { keccakHex } from "../protocol/keccak.ts";
import type { PartyKeys } from "./keys.ts";

type SignersChain = Pick<Chain, "chainId" | "addresses" | "signers" | "errorOf" | "nonce" | "head">;

export interface Candidate {
  readonly keys: PartyKeys;
  /** Base URL under which it gives out signatures. */
  readonly socket: string;
  /** Also where a socket on another machine is registered: somebody chose that one. */
  readonly insists?: boolean;
  /** Gives its slot this key if it has another. What that one signed nobody can show any more: audits are lost. */
  readonly rotates?: boolean;
  /** Wei that it shall have in its slot at least; default: the least that a slot takes. */
  readonly stake?: bigint;
}

export interface Registration {
  readonly slot: number;
  readonly keyHash: Hex;
  readonly stake: bigint;
  readonly socket: string;
  /** Last epoch in which nobody can lapse it. */
  readonly leaseEnd: number;
}

/** null: the account has no slot. */
export async function registrationOf(chain: SignersChain, account: string): Promise<Registration | null> {
  try {
    const slot: bigint = await chain.signers.getFunction("slotOf")(account);
    const { keyHash, stake, socket, leaseEnd } = await chain.signers.getFunction("signer")(slot);
    return { slot: Number(slot), keyHash, stake, socket, leaseEnd: Number(leaseEnd) };
  } catch (error) {
    const named = chain.errorOf(error);
    // The slot may have been taken by a larger stake between the two questions.
    if (["NotRegistered", "UnknownSlot"].includes(String(named.fields.error))) return null;
    throw named;
  }
}

/**
 * What is missing on chain, in order: a slot; or, of a slot, this key, this socket, this stake, and more than half of a
 * lease. Nothing takes stake out. Refuses what is jailed, and a key that is not the registered one, by name.
 */
export async function missingOf(chain: SignersChain, candidate: Candidate): Promise<readonly Intent[]> {
  const account = accountOf(candidate.keys);
  const read = async (name: string): Promise<bigint> => chain.signers.getFunction(name)();
  const [registration, least] = await Promise.all([registrationOf(chain, account), read("minStake")]);
  const wanted = candidate.stake === undefined || candidate.stake < least ? least : candidate.stake;
  // Planned again before it is mined, it is the same transaction; afterwards it would be another one.
  const nonce = await chain.nonce(account, "latest");
  const { interface: abi } = chain.signers;
  const intent = (kind: string, id: string | number, args: readonly unknown[], value = 0n): Intent => ({
    ...{ id: `${kind}-${id}`, kind, to: normalHex(chain.addresses.DASigners, 20) },
    ...{ data: abi.encodeFunctionData(kind, args) as Hex, value: String(value) },
  });
  const [key, proof] = possessionOf(chain, candidate.keys);
  if (registration === null) {
    await refuseJailed(chain, account);
    return [intent("register", nonce, [key, proof, candidate.socket], wanted)];
  }
  const [epoch, leaseEpochs] = (await Promise.all([read("currentEpoch"), read("leaseEpochs")])).map(Number);
  const { keyHash, socket, stake, leaseEnd } = registration;
  const isOld = (leaseEnd - (epoch as number)) * 2 < (leaseEpochs as number);
  const isRotated = keyHash !== keyHashOf(candidate.keys);
  if (isRotated && candidate.rotates !== true) {
    const why = "its slot has another BLS key: bring that one back, or rotate (validator register --rotate)";
    throw new ZgError("BadConfig", { account, slot: registration.slot, keyHash, why });
  }
  return [
    ...(!isRotated ? [] : [intent("rotateKey", nonce, [key, proof])]),
    ...(socket === candidate.socket || (candidate.insists !== true && !isLocal(socket))
      ? []
      : [intent("updateSocket", nonce, [candidate.socket])]),
    ...(stake >= wanted ? [] : [intent("deposit", nonce, [account], wanted - stake)]),
    // The worker's own name for it: of two who renew in one epoch one is enough.
    ...(isOld ? [intent("renew", epoch as number, [])] : []),
  ];
}

export const accountOf = (keys: PartyKeys): Hex => normalHex(computeAddress(keys.wallet), 20);

/** What stands for its BLS key on chain. */
export const keyHashOf = (keys: PartyKeys): Hex => keccakHex(fromHex(openKey(keys.bls).publicKey, 128));

/** Wei that they send. */
export const dueOf = (intents: readonly Intent[]): bigint =>
  intents.reduce((sum, { value }) => sum + BigInt(value), 0n);

/** Of this machine only: nobody elsewhere can ask it. */
export function isLocal(socket: string): boolean {
  return URL.canParse(socket) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(socket).hostname);
}

/** Its key, and the proof that it is its own. */
function possessionOf({ chainId, addresses }: SignersChain, keys: PartyKeys) {
  const key = openKey(keys.bls);
  const message = possessionMessage(BigInt(chainId), addresses.DASigners, accountOf(keys), key.publicKey);
  return [g1Struct(key.publicKey), g2Struct(key.provePossession(message))] as const;
}

async function refuseJailed(chain: SignersChain, account: Hex): Promise<void> {
  const [{ jailedUntil }, head] = await Promise.all([chain.signers.getFunction("bondOf")(account), chain.head()]);
  if (BigInt(head) + 1n < jailedUntil) throw new ZgError("Jailed", { account, head, until: Number(jailedUntil) });
}
