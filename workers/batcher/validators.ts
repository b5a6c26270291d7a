/** The validators of an epoch: who counts, with what stake, under which key, and where to ask. */

import { aggregateKeys, type G1, g1Bytes } from "../../adapters/bls.ts";
import type { Chain } from "../../adapters/chain.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { keccakHex } from "../../protocol/keccak.ts";
import { SLOTS } from "../../protocol/params.ts";
import type { Validator } from "./quorum.ts";

export interface EpochValidator extends Validator {
  /** Checkpoint of the slot that counts in the epoch. */
  readonly hint: number;
  readonly key: Hex;
  /** Of the account whose key it is: also of one that has left its slot and still counts. */
  readonly socket: string;
}

export interface ValidatorSet {
  readonly validators: readonly EpochValidator[];
  readonly totalStake: bigint;
  readonly hint: number;
  /** Sum of all keys: the chain has its hash only. */
  readonly aggregateKey: Hex;
}

/** `membersAt` as ethers gives it. */
interface Member {
  readonly slot: bigint;
  readonly hint: bigint;
  readonly stake: bigint;
  readonly key: G1;
  readonly socket: string;
}

/** Sockets may change at any time; the rest of a running or past epoch never does. */
const SOCKETS_FOR_MS = 10_000;
/** Slots in one call: about 1.5 million gas and 40 KiB, which every node grants. */
const PAGE = 50;

export const createValidators = (chain: Pick<Chain, "signers" | "errorOf">) => {
  const sets = new Map<number, { readonly set: Promise<ValidatorSet>; readonly time: number }>();
  const call = (name: string, ...args: readonly unknown[]) => chain.signers.getFunction(name).staticCall(...args);

  const membersAt = async (epoch: number): Promise<EpochValidator[]> => {
    const pages = Array.from({ length: SLOTS / PAGE }, (_, page) =>
      call("membersAt", epoch, page * PAGE, (page + 1) * PAGE),
    );
    return (await Promise.all(pages)).flat().map(({ slot, hint, stake, key, socket }: Member) => ({
      slot: Number(slot),
      hint: Number(hint),
      stake,
      key: g1Bytes(key),
      socket,
    }));
  };

  const read = async (epoch: number): Promise<ValidatorSet> => {
    try {
      const [hint, validators] = await Promise.all([call("findSet", epoch), membersAt(epoch)]);
      if (validators.length === 0) throw new ZgError("NotFound", { what: "validators", epoch });
      const [totalStake, recorded] = await call("setAt", epoch, hint);
      const aggregateKey = aggregateKeys(validators.map(({ key }) => key));
      const actual = keccakHex(fromHex(aggregateKey));
      if (actual !== recorded) throw new ZgError("BadResponse", { what: "aggregate key", actual, recorded });
      return { validators, totalStake: BigInt(totalStake), hint: Number(hint), aggregateKey };
    } catch (error) {
      throw error instanceof ZgError ? error : chain.errorOf(error);
    }
  };

  return {
    of: (epoch: number): Promise<ValidatorSet> => {
      const known = sets.get(epoch);
      if (known !== undefined && Date.now() - known.time < SOCKETS_FOR_MS) return known.set;
      const set = read(epoch);
      sets.clear();
      sets.set(epoch, { set, time: Date.now() });
      set.catch(() => sets.delete(epoch));
      return set;
    },
  };
};

export type Validators = ReturnType<typeof createValidators>;
