/** From what is wanted to entries on the chain: the record of it, what is there already, and one transaction for the rest. */
import type { Wallet } from "ethers";
import type { Chain } from "../../adapters/chain.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Log } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import type { Peers } from "../peers.ts";
import { type FoundPlaces, findClaimed, findRecent, merged, SCANNED_BLOCKS } from "./find.ts";
import {
  type Intent,
  type IntentFile,
  intentIdOf,
  type Mined,
  type Place,
  planOf,
  reopened,
  type Wish,
  withEntries,
} from "./intent.ts";
import { settleOthers } from "./others.ts";
import type { IntentStore } from "./store.ts";
import { settle } from "./submit.ts";

export interface WishOptions {
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly peers: Pick<Peers, "files" | "entry">;
  readonly store: IntentStore;
  readonly tags: Hex;
  readonly fromBlock: number;
  readonly again?: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  readonly onSent?: (hash: Hex) => void;
}

/** Files of one transaction; resolves when the chain has an entry of this account with these tags for each of them. */
export const enter = async (options: WishOptions, files: readonly IntentFile[]): Promise<Mined> => {
  const { wallet, store, signal } = options;
  const signer = normalHex(wallet.address, 20);
  // Held from looking to mined: two runs of one command must not both find nothing.
  return store.locked(signer, signal, async () => {
    const { intent, head, wish } = await planned(options, signer, files);
    let found = await findAll(options, intent, head);
    if ("entries" in intent && intent.entries.every((entry, index) => entry.txSeq === found[index]?.txSeq)) {
      return { ...withEntries(intent, found as Place[]) };
    }
    const missing = intent.files.filter((_, index) => found[index] === undefined);
    if (missing.length > 0 && (await settleOthers(options, wish, missing))) {
      found = merged(found, await findRecent(options.chain, planOf(intent), await options.chain.head(), signal));
    }
    // What was mined, and is not there any more, was taken back by a reorg: its bytes are still the ones to send.
    return settle(options, reopened(intent), found);
  });
};

const planned = async (
  { chain, store, tags, fromBlock, again = false }: WishOptions,
  signer: Hex,
  files: readonly IntentFile[],
): Promise<{ readonly intent: Intent; readonly head: number; readonly wish: Wish }> => {
  const genesis = await chain.header(fromBlock);
  const head = await chain.head();
  if (genesis === null) throw new ZgError("BadResponse", { what: "chain", why: "no first block", block: fromBlock });
  const { chainId, addresses } = chain;
  const wish = { chainId, genesis: genesis.hash, flow: addresses.Flow, signer, tags, files };
  const id = intentIdOf(wish);
  const known = await store.get(id);
  if (known !== undefined && !(again && known.state === "done")) return { intent: known, head, wish };
  const from = again
    ? { fromBlock: head, firstEntry: Number(await chain.flow.numSubmissions({ blockTag: head })) }
    : { fromBlock: Math.max(fromBlock, head - SCANNED_BLOCKS), firstEntry: 0 };
  const intent: Intent = { version: 1, id, signer, tags, files: [...files], ...from, state: "planned" };
  await store.put(intent);
  crashpoint("upload-planned");
  return { intent, head, wish };
};

/** Recent ones by the chain, and older ones where nodes say they are. */
const findAll = async (options: WishOptions, intent: Intent, head: number): Promise<FoundPlaces> => {
  const { chain, signal, fromBlock } = options;
  const recent = await findRecent(chain, planOf(intent), head, signal);
  const complete = recent.every((place) => place !== undefined);
  if (complete || intent.fromBlock <= fromBlock || intent.firstEntry > 0) return recent;
  return merged(recent, await findClaimed(options, planOf(intent), signal));
};
