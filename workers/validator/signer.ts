/** Is this validator one of those who decide in an epoch? */
import type { Chain } from "../../adapters/chain.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { keccakHex } from "../../protocol/keccak.ts";

/** The slot in which the key has stake in the epoch; null: none. */
export type SlotIn = (epoch: number) => Promise<number | null>;

/** The set of an epoch is fixed before the epoch begins, so an answer never changes. */
export const createSlotIn = (chain: Pick<Chain, "signers" | "errorOf">, account: Hex, publicKey: Hex): SlotIn => {
  const ownHash = keccakHex(fromHex(publicKey, 128));
  const known = new Map<number, number | null>();
  const read = async (epoch: number): Promise<number | null> => {
    const call = (name: string, ...args: unknown[]) => chain.signers.getFunction(name).staticCall(...args);
    try {
      const slot = Number(await call("slotOf", account));
      const hint = await call("findSlot", slot, epoch);
      const [stake, keyHash] = await call("slotAt", slot, epoch, hint);
      return BigInt(stake) > 0n && String(keyHash).toLowerCase() === ownHash ? slot : null;
    } catch (error) {
      const named = error instanceof ZgError ? error : chain.errorOf(error);
      const nobody = named.fields.error === "NotRegistered" || named.fields.error === "BeforeHistory";
      if (named.code === "ChainReverted" && nobody) return null;
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
