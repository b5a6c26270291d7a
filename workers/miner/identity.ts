/**
 * The id that a miner seals for. An id is made of the hash of the block before it, so one that a reorg could take back is
 * worth nothing: it is looked for below the finalized height, and requested only when none of ours is there.
 */
import { z } from "zod";
import type { Chain } from "../../adapters/chain.ts";
import { logsIn } from "../../adapters/logs.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex, normalHex } from "../../protocol/hex.ts";
import { minerIdOf } from "../../protocol/pora.ts";
import type { PartyWallet } from "../wallet.ts";
import type { Calls } from "./calls.ts";
import type { MinerDb } from "./db.ts";

/** A key has one id. */
export const SEED = 0n;

export type IdentityChain = Pick<Chain, "logs" | "decode" | "header" | "addresses" | "mine">;

const NewMinerId = z.object({ minerId: z.custom<Hex>((value) => isHex(value, 32)) });

/**
 * The first id that `account` requested for `beneficiary` in these blocks. Anyone may request ids that pay somebody
 * else: only one that is made of our account is ours.
 */
export const findMinerId = async (
  chain: IdentityChain,
  { account, beneficiary }: { readonly account: Hex; readonly beneficiary: Hex },
  range: { readonly from: number; readonly to: number },
): Promise<Hex | undefined> => {
  const topic = chain.mine.interface.getEvent("NewMinerId")?.topicHash as Hex;
  const pays = `0x${beneficiary.slice(2).toLowerCase().padStart(64, "0")}` as Hex;
  const filter = { ...range, addresses: [chain.addresses.PoraMine], topics: [topic, null, pays] };
  for await (const { logs } of logsIn(chain, filter)) {
    for (const log of logs) {
      const parsed = NewMinerId.safeParse(chain.decode(log)?.args);
      const block = parsed.success ? await chain.header(log.blockNumber) : null;
      if (!parsed.success || block === null) throw new ZgError("BadResponse", { what: "NewMinerId" });
      if (block.hash !== log.blockHash) throw new ZgError("BadResponse", { what: "NewMinerId", why: "another block" });
      const minerId = normalHex(parsed.data.minerId, 32);
      if (minerIdOf(block.parentHash, account, SEED) === minerId) return minerId;
    }
  }
  return undefined;
};

export interface IdentityDeps {
  readonly db: Pick<MinerDb, "minerId" | "setMinerId">;
  readonly chain: IdentityChain & Pick<Chain, "finalized">;
  readonly calls: Pick<Calls, "requestId">;
  readonly wallet: Pick<PartyWallet, "address" | "plan">;
  readonly beneficiary: Hex;
  readonly fromBlock: number;
}

/** One look for the id; repeated until there is one. */
export const createIdentity = ({ db, chain, calls, wallet, beneficiary, fromBlock }: IdentityDeps) => {
  let from = fromBlock;
  return async (): Promise<Hex | undefined> => {
    const known = db.minerId();
    if (known !== undefined) return known;
    const to = await chain.finalized();
    const found = await findMinerId(chain, { account: wallet.address, beneficiary }, { from, to });
    if (found !== undefined) {
      await db.setMinerId(found);
      return found;
    }
    from = Math.max(from, to + 1);
    // The same intent as long as it has not failed for good: one transaction, however often we ask.
    await wallet.plan(calls.requestId(beneficiary, SEED));
    return undefined;
  };
};
