/** Entries of the log, asked of the chain itself: what nodes only claim is decided here. */
import type { Chain, RpcLog } from "../adapters/chain.ts";
import { logsIn } from "../adapters/logs.ts";
import type { Hex } from "../protocol/hex.ts";
import { type Entry, entryOf } from "./chain-entry.ts";

export type EntryChain = Pick<Chain, "logs" | "logsOf" | "decode" | "addresses" | "flow">;

export interface EntryFilter {
  readonly sender?: Hex;
  readonly identities?: readonly Hex[];
}

/** Matching entries of a range of blocks, ascending. */
export const entriesIn = async (
  chain: EntryChain,
  range: { readonly from: number; readonly to: number },
  filter: EntryFilter,
  signal?: AbortSignal,
): Promise<Entry[]> => {
  const found: Entry[] = [];
  for await (const { logs } of logsIn(chain, { ...range, ...logFilter(chain, filter) })) {
    signal?.throwIfAborted();
    found.push(...decoded(chain, logs));
  }
  return found;
};

/** Of one block, by its hash. */
export const entriesOf = async (
  chain: EntryChain,
  block: Hex,
  filter: EntryFilter,
  signal?: AbortSignal,
): Promise<Entry[]> => decoded(chain, await chain.logsOf(block, logFilter(chain, filter), signal));

const logFilter = ({ addresses, flow }: EntryChain, { sender, identities }: EntryFilter) => {
  const topic = flow.interface.getEvent("Submit")?.topicHash as Hex;
  const wanted = sender === undefined ? null : (`0x${sender.slice(2).padStart(64, "0")}` as Hex);
  return { addresses: [addresses.Flow], topics: [topic, wanted, ...(identities === undefined ? [] : [identities])] };
};

const decoded = ({ decode }: EntryChain, logs: readonly RpcLog[]): Entry[] =>
  logs.flatMap((log) => {
    const event = decode(log);
    return event?.contract === "Flow" && event.name === "Submit" ? [entryOf(event)] : [];
  });
