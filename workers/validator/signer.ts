/** Is this validator one of those who decide in an epoch? */
import type { Chain } from "../../adapters/chain.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { keccakHex } from "../../protocol/keccak.ts";

/** The slot in which the key has stake in the epoch; null: none. */
export type SlotIn = (epoch: number) => Promise<number | null>;

/**
 * The set of an epoch is fixed before the epoch begins, so an answer never changes. Looked for by the key, not by the
 * account's slot of now: who has left its slot still counts in this epoch and the next.
 */
export const createSlotIn = (chain: Pick<Chain, "signers" | "errorOf">, publicKey: Hex): SlotIn => {
  const ownHash = keccakHex(fromHex(publicKey, 128));
  const known = new Map<number, number | null>();
  const read = async (epoch: number): Promise<number | null> => {
    try {
      const [slot] = await chain.signers.getFunction("findKey").staticCall(ownHash, epoch);
      return Number(slot);
    } catch (error) {
      const named = error instanceof ZgError ? error : chain.errorOf(error);
      if (named.code === "ChainReverted" && named.fields.error === "NotInSet") return null;
      throw named;
    }
  };
  return async (epoch) => {
    let slot = known.get(epoch);
    if (slot === undefined) {
      slot = await read(epoch);
      known.set(epoch, slot);
      for (const oldest of known.keys()) if (known.size > 8) known.delete(oldest);
    }
    return slot;
  };
};
