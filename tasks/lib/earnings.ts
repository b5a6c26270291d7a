import type { ChainEvent } from "../../adapters/chain.ts";
import { type Cursor, follow } from "../../adapters/follow.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context } from "../../workers/context.ts";
import { gwei, integer, short } from "./format.ts";
import { EMPTY_LEDGER, ledgerWith } from "./rewards.ts";

/** A miner's first answer is news at once; then a line tells of all that came meanwhile. */
const QUIET_MS = 30_000;

export interface Earnings {
  stop(): Promise<void>;
}

/** Says who earned what by mining, as it happens, from the next block on. */
export async function watchEarnings(
  { chain, timing, log }: Pick<Context, "chain" | "timing" | "log">,
  say: (line: string) => void,
): Promise<Earnings> {
  const news = createNews(say);
  let cursor: Cursor | null = null;
  const follower = await follow({
    ...{ chain, confirmations: 1, fromBlock: (await chain.head()) + 1, pollMs: timing.pollMs, log },
    addresses: [chain.addresses.PoraMine, chain.addresses.ChunkLinearReward],
    // Nothing depends on it: a new start tells what is new then.
    cursor: {
      load: async () => cursor,
      save: async (next) => {
        cursor = next;
      },
    },
    onBlocks: async ({ events }) => news.take(events, Date.now()),
    onReorg: async () => undefined,
    onHead: async () => news.tell(Date.now()),
  });
  // The workers end by themselves where the chain changes so deep; this only stops telling.
  follower.done.catch(() => undefined);
  return {
    stop: async () => {
      await follower.stop();
      news.tell(Number.POSITIVE_INFINITY);
    },
  };
}

/** What is said when. Its clock is its callers', in ms. */
export function createNews(say: (line: string) => void) {
  let waiting: ChainEvent[] = [];
  let told = Number.NEGATIVE_INFINITY;
  const known = new Set<Hex>();
  const tell = (now: number): void => {
    const { miners } = ledgerWith(EMPTY_LEDGER, waiting);
    const fresh = [...miners.keys()].some((id) => !known.has(id));
    if (miners.size === 0 || (!fresh && now - told < QUIET_MS)) return;
    for (const { minerId, answers, earned } of miners.values()) {
      known.add(minerId);
      const count = `${integer(answers)} ${answers === 1 ? "answer" : "answers"}`;
      say(`⛏ miner ${short(minerId)}  ${count} accepted, ${gwei(earned)} earned`);
    }
    waiting = [];
    told = now;
  };
  return {
    take: (events: readonly ChainEvent[], now: number): void => {
      waiting.push(...events.filter(({ name }) => name === "NewSubmission" || name === "DistributeReward"));
      tell(now);
    },
    tell,
  };
}
