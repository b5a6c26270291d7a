/** Entries that a wish has already: what is found is not paid for. */
import type { Chain } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { entriesIn, entriesOf } from "../chain-entries.ts";
import type { Entry } from "../chain-entry.ts";
import type { Peers } from "../peers.ts";
import { type IntentFile, identityOfFile, type Place, type Plan } from "./intent.ts";

export type FoundPlaces = readonly (Place | undefined)[];
export type FindChain = Pick<Chain, "logs" | "logsOf" | "decode" | "addresses" | "flow">;

/** Public nodes answer some thousand blocks at once: an old entry is looked for where a storage node says it is. */
export const SCANNED_BLOCKS = 100_000;

/** Of several entries of one file the first one: its data was paid for longest. */
export const placesOf = (plan: Plan, entries: readonly Entry[]): FoundPlaces =>
  plan.files.map((file) => {
    const mine = entries.find((entry) => isOf(plan, file, entry));
    return mine && placeOf(mine);
  });

export const placeOf = ({ txSeq, start, block, transactionHash }: Entry): Place => ({
  ...{ txSeq, start, block: block.number, transactionHash },
});

/** Someone else's entry of the same file is another one: the author is part of it, and so are the tags. */
const isOf = ({ signer, tags, firstEntry }: Plan, file: IntentFile, entry: Entry): boolean =>
  entry.sender === signer &&
  entry.txSeq >= firstEntry &&
  entry.tags === tags &&
  entry.length === file.length &&
  entry.root === file.root &&
  entry.identity === identityOfFile(file);

const filterOf = ({ signer, files }: Plan) => ({ sender: signer, identities: [...new Set(files.map(identityOfFile))] });

/** In the blocks from the plan's on. */
export const findRecent = async (chain: FindChain, plan: Plan, to: number, signal: AbortSignal): Promise<FoundPlaces> =>
  placesOf(plan, await entriesIn(chain, { from: plan.fromBlock, to }, filterOf(plan), signal));

/** In the block of a receipt. */
export const findIn = async (chain: FindChain, plan: Plan, block: Hex, signal: AbortSignal): Promise<FoundPlaces> =>
  placesOf(plan, await entriesOf(chain, block, filterOf(plan), signal));

/** Where storage nodes say there is one; the chain decides whether it is. */
export const findClaimed = async (
  { chain, peers }: { readonly chain: FindChain; readonly peers: Pick<Peers, "files" | "entry"> },
  plan: Plan,
  signal: AbortSignal,
): Promise<FoundPlaces> => {
  const found: (Place | undefined)[] = [];
  for (const file of plan.files) {
    const views = await peers.files(file.root, file.length, signal);
    const claimed = new Set(views.flatMap(({ value }) => value.entries));
    let place: Place | undefined;
    for (const txSeq of [...claimed].sort((a, b) => a - b)) {
      const claim = await peers.entry(txSeq, signal);
      if (claim === undefined || claim.sender !== plan.signer || claim.tags !== plan.tags) continue;
      const entries = await entriesIn(chain, { from: claim.block, to: claim.block }, filterOf(plan), signal);
      [place] = placesOf({ ...plan, files: [file] }, entries);
      if (place !== undefined) break;
    }
    found.push(place);
  }
  return found;
};

/** The first of two that has one. */
export const merged = (a: FoundPlaces, b: FoundPlaces): FoundPlaces => a.map((place, index) => place ?? b[index]);
