/** Which entry a root names: nodes say where it might be, the chain says what it is. */
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type EntryChain, entriesIn } from "../chain-entries.ts";
import type { Entry } from "../chain-entry.ts";
import type { PeerReport, Peers } from "../peers.ts";

export interface Located {
  readonly entry: Entry;
  /** Nodes that named an entry which the chain does not have. */
  readonly liars: readonly string[];
}

/**
 * The lowest entry of that root. A root does not say where its file ends within the last sectors: who cares gives the
 * length, else the first who paid for it decides.
 *
 * @throws UnknownFile; NodeDown if that can not be said, because nodes did not answer
 */
export const locate = async (
  { peers, chain }: { readonly peers: Pick<Peers, "files" | "report">; readonly chain: EntryChain },
  root: Hex,
  length: number | undefined,
  signal: AbortSignal,
): Promise<Located> => {
  const views = await peers.files(root, length, signal);
  const liars: string[] = [];
  const entries = new Map<number, Entry>();
  for (const { url, value } of views) {
    const { txSeq, block } = value;
    if (txSeq === null || block === null) continue;
    const entry =
      entries.get(txSeq) ??
      (await entriesIn(chain, { from: block, to: block }, {}, signal)).find((found) => found.txSeq === txSeq);
    if (entry === undefined || entry.root !== root || entry.length !== value.length) liars.push(url);
    else entries.set(txSeq, entry);
  }
  const [first] = [...entries.values()].sort((a, b) => a.txSeq - b.txSeq);
  if (first === undefined) {
    const silent = peers.report().filter(({ codes }) => Object.keys(codes).some((code) => code !== "UnknownFile"));
    if (views.length === 0 && silent.length > 0) throw unheard(silent);
    const lied = liars.length > 0 && { liars: liars.join(", ") };
    throw new ZgError("UnknownFile", { root, ...(length !== undefined && { length }), ...lied });
  }
  return { entry: first, liars };
};

const unheard = (peers: readonly PeerReport[]): ZgError =>
  new ZgError("NodeDown", {
    nodes: peers
      .map(({ url, codes }) => `${url} ${Object.keys(codes).join(" ")}`)
      .join("; ")
      .slice(0, 400),
  });
