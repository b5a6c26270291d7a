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
  withEntries,
} from "./intent.ts";
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
    const { intent, head } = await planned(options, signer, files);
    const found = await findAll(options, intent, head);
    if ("entries" in intent && intent.entries.every((entry, index) => entry.txSeq === found[index]?.txSeq)) {
      return { ...withEntries(intent, found as Place[]) };
    }
    // What was mined, and is not there any more, was taken back by a reorg: its bytes are still the ones to send.
    return settle(options, reopened(intent), found);
  });
};

const planned = async (
  { chain, store, tags, fromBlock, again = false }: WishOptions,
  signer: Hex,
  files: readonly IntentFile[],
): Promise<{ readonly intent: Intent; readonly head: number }> => {
  const genesis = await chain.header(fromBlock);
  const head = await chain.head();
  if (genesis === null) throw new ZgError("BadResponse", { what: "chain", why: "no first block", block: fromBlock });
  const { chainId, addresses } = chain;
  const wish = { chainId, genesis: genesis.hash, flow: addresses.Flow, signer, tags, files };
  const id = intentIdOf(wish);
  const known = await store.get(id);
  if (known !== undefined && !(again && known.state === "done")) return { intent: known, head };
  const from = again
    ? { fromBlock: head, firstEntry: Number(await chain.flow.numSubmissions({ blockTag: head })) }
    : { fromBlock: Math.max(fromBlock, head - SCANNED_BLOCKS), firstEntry: 0 };
  const intent: Intent = { version: 1, id, signer, tags, files: [...files], ...from, state: "planned" };
  await store.put(intent);
  crashpoint("upload-planned");
  return { intent, head };
};

/** Recent ones by the chain, and older ones where nodes say they are. */
const findAll = async (options: WishOptions, intent: Intent, head: number): Promise<FoundPlaces> => {
  const { chain, signal, fromBlock } = options;
  const recent = await findRecent(chain, planOf(intent), head, signal);
  const complete = recent.every((place) => place !== undefined);
  if (complete || intent.fromBlock <= fromBlock || intent.firstEntry > 0) return recent;
  return merged(recent, await findClaimed(options, planOf(intent), signal));
};
