/** What other wishes of the account have signed: a folder that got a file more is another wish, and its files are the same. */
import { type IntentFile, intentIdOf, type Signed, type Wish } from "./intent.ts";
import { type SubmitDeps, settleSigned } from "./submit.ts";

/**
 * Waits for what may yet be mined and has one of these files, so that none is paid for twice. What has nothing to do
 * with them is left alone, unless its nonce must be used first.
 *
 * @returns was there any?
 */
export const settleOthers = async (deps: SubmitDeps, wish: Wish, missing: readonly IntentFile[]): Promise<boolean> => {
  const mine = intentIdOf(wish);
  // The name of a wish has the chain in it: what was signed for another one is not sent to this.
  const isHere = ({ id, tags, files }: Signed): boolean => id !== mine && id === intentIdOf({ ...wish, tags, files });
  const open = (await deps.store.signed(wish.signer)).filter(isHere).sort((a, b) => nonceOf(a) - nonceOf(b));
  const wanted = new Set(missing.map(keyOf));
  const last = open.findLastIndex(
    ({ tags, files }) => tags === wish.tags && files.some((file) => wanted.has(keyOf(file))),
  );
  for (const other of open.slice(0, last + 1)) await settleSigned(deps, other);
  return last >= 0;
};

const keyOf = ({ root, length }: IntentFile): string => `${root}/${length}`;
const nonceOf = ({ txs }: Signed): number => txs[0]?.nonce ?? 0;
