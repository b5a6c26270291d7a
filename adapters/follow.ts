/**
 * Follows the chain by a durable cursor: block, reorg, finalize. Effects first, then the cursor, so a crash repeats
 * effects (they are idempotent) and never skips them. That they have begun is written down before, so that they are
 * undone if the chain has changed above the cursor meanwhile. A node that lies, lags or contradicts itself moves nothing.
 */
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import type { Chain, ChainEvent, Header, RpcLog } from "./chain.ts";
import { crashpoint } from "./crashpoint.ts";
import { type Block, checkLinks, checkLogs, inconsistent, mayHoldLogs } from "./follow-check.ts";
import { advance, type Cursor, type CursorStore, rewind } from "./follow-cursor.ts";
import { grow, isTooMuch, LINKED_BLOCKS, nextStretch, shrink, WINDOW } from "./follow-window.ts";
import type { Log } from "./log.ts";
import { startLoop } from "./loop.ts";

export { bucketCursor, type Cursor, type CursorStore, storeCursor } from "./follow-cursor.ts";

export interface Blocks {
  readonly from: number;
  readonly to: number;
  /** Of block `to`. */
  readonly hash: Hex;
  /** In chain order; only events of our contracts. */
  readonly events: readonly ChainEvent[];
}

export interface Reorg {
  /** The last block both chains have: what came from higher blocks must be undone. */
  readonly ancestor: number;
  /** Where we had come to. */
  readonly from: number;
}

export interface Head {
  readonly latest: number;
  /** Never above what was handed over: whoever forgets something at this height has heard all that could keep it. */
  readonly finalized: number;
  /** Of the latest block, seconds. */
  readonly timestamp: number;
}

export interface FollowOptions {
  readonly chain: Chain;
  /** Default: all of our contracts. */
  readonly addresses?: readonly Hex[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
  readonly cursor: CursorStore;
  readonly fromBlock: number;
  /** 1: act on a block as soon as it is the head; 2: when another is on top of it. */
  readonly confirmations: number;
  readonly onBlocks: (blocks: Blocks) => Promise<void>;
  readonly onReorg: (reorg: Reorg) => Promise<void>;
  /** After the blocks below it have been handed over. */
  readonly onHead?: (head: Head) => Promise<void>;
  readonly pollMs: number;
  readonly log: Log;
}

export interface Follower {
  /** Asks now; resolves when everything up to the head (minus confirmations) has had its effects. */
  poke(): Promise<void>;
  position(): Block | undefined;
  /** Rejects when the chain changed below its finalized height (`DeepReorg`); resolves after `stop`. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

interface Stretch {
  /** At least the last one; all of them where the chain may still change. */
  readonly blocks: readonly Block[];
  readonly eventful: boolean;
}

/** Empty stretches repeat without harm, so their cursor is written only now and then. */
const SAVE_EVERY_BLOCKS = 32;

export const follow = async (options: FollowOptions): Promise<Follower> => {
  const { chain, log, confirmations } = options;
  const addresses = (options.addresses ?? Object.values(chain.addresses)).map((at) => at.toLowerCase() as Hex);
  const filter = { addresses, topics: options.topics };
  const firstTopics = [options.topics?.[0] ?? []].flat();

  let cursor = await options.cursor.load();
  let saved = cursor?.number ?? -1;
  let begun = cursor?.begun;
  let head: Head | undefined;
  let window = WINDOW;
  /** The head when all was done; while it stays, there is nothing to ask. */
  let settled: Hex | undefined;
  let stopped = false;
  const { promise: done, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  // Whoever does not await `done` must not crash on it; the log has the error.
  done.catch(() => undefined);

  const save = async (next: Cursor): Promise<void> => {
    await options.cursor.save(next);
    saved = next.number;
  };

  const headerAt = async (id: number | "latest", signal: AbortSignal): Promise<Header> => {
    const header = await chain.header(id, signal);
    if (header === null) throw inconsistent("no such block", { block: id });
    if (typeof id === "number" && header.number !== id) throw inconsistent("another block", { block: id });
    return header;
  };

  const headersOf = (from: number, to: number, signal: AbortSignal): Promise<Header[]> =>
    Promise.all(Array.from({ length: to - from + 1 }, (_, i) => headerAt(from + i, signal)));

  /** Steps back to the last common block if ours is no longer on the chain. False: the node is behind, wait. */
  const settleReorg = async (latest: Header, signal: AbortSignal): Promise<boolean> => {
    if (cursor === null) return true;
    const reached = cursor.recent.filter(({ number }) => number <= latest.number);
    const top = reached.at(-1);
    if (top === undefined || (await headerAt(top.number, signal)).hash === top.hash) {
      if (top?.number === cursor.number) return true;
      log.warn({ latest: latest.number, cursor: cursor.number }, "the node is behind");
      return false;
    }

    let ancestor: Block | undefined;
    for (const block of reached.toReversed()) {
      if ((await headerAt(block.number, signal)).hash !== block.hash) continue;
      ancestor = block;
      break;
    }
    if (ancestor === undefined || ancestor.number < cursor.finalized) {
      throw new ZgError("DeepReorg", { finalized: cursor.finalized, ancestor: ancestor?.number ?? -1 });
    }
    // One false answer looks like a reorg: believe it only if the other chain hangs together, beyond where we stood.
    const other = await headersOf(ancestor.number + 1, Math.min(top.number + 1, latest.number), signal);
    checkLinks(ancestor, other);
    const end = other.at(-1);
    if (end?.number === latest.number && end.hash !== latest.hash)
      throw inconsistent("two heads", { number: end.number });
    log.warn({ from: cursor.number, ancestor: ancestor.number }, "reorg");
    await options.onReorg({ ancestor: ancestor.number, from: cursor.number });
    const next = rewind(cursor, ancestor);
    await save(next);
    cursor = next;
    begun = undefined;
    return true;
  };

  /** Effects above the cursor: repeated if their chain is still there, undone if it is another. False: the node is behind. */
  const settleBegun = async (latest: Header, signal: AbortSignal): Promise<boolean> => {
    const ancestor = cursor?.number ?? options.fromBlock - 1;
    if (begun !== undefined && begun.number > ancestor) {
      if (begun.number > latest.number) return false;
      if ((await headerAt(begun.number, signal)).hash !== begun.hash) {
        log.warn({ from: begun.number, ancestor }, "reorg above the cursor");
        await options.onReorg({ ancestor, from: begun.number });
      }
    }
    begun = undefined;
    return true;
  };

  const logsOf = async (from: number, to: number, signal: AbortSignal): Promise<RpcLog[] | undefined> => {
    try {
      const logs = await chain.logs({ ...filter, from, to }, signal);
      window = grow(window);
      return logs;
    } catch (error) {
      if (!isTooMuch(error) || from === to) throw error;
      window = shrink({ ...window, size: Math.min(window.size, to - from + 1) });
      log.debug({ window: window.size, error: String(error) }, "smaller window");
      return undefined;
    }
  };

  /** A header's bloom filter says when logs are being kept from us; then the block is asked for by its hash. */
  const checkMissing = async (
    headers: readonly Header[],
    logs: readonly RpcLog[],
    signal: AbortSignal,
  ): Promise<void> => {
    const with_ = new Set(logs.map(({ blockNumber }) => blockNumber));
    for (const { number, hash, logsBloom } of headers) {
      if (with_.has(number) || logsBloom === undefined || !mayHoldLogs(logsBloom, addresses, firstTopics)) continue;
      if ((await chain.logsOf(hash, filter, signal)).length > 0) throw inconsistent("missing logs", { number });
    }
  };

  /** Reads, checks and hands over one stretch; undefined: try again with a smaller window. */
  const readStretch = async (from: number, to: number, signal: AbortSignal): Promise<Stretch | undefined> => {
    const dense = to - from < LINKED_BLOCKS;
    const ends = from === to ? [from] : [from, to];
    const headers = dense ? await headersOf(from, to, signal) : await Promise.all(ends.map((n) => headerAt(n, signal)));
    checkLinks(cursor ?? undefined, dense ? headers : headers.slice(0, 1));

    const raw = await logsOf(from, to, signal);
    if (raw === undefined) return undefined;
    const hashes = new Map(headers.map(({ number, hash }) => [number, hash]));
    for (const number of new Set(raw.map(({ blockNumber }) => blockNumber))) {
      if (!hashes.has(number) && number > from && number < to)
        hashes.set(number, (await headerAt(number, signal)).hash);
    }
    const logs = checkLogs(raw, { from, to, addresses }, (number) => hashes.get(number));
    await checkMissing(headers, logs, signal);
    // Unchanged after the logs were read: headers and logs are of one chain.
    const last = headers.at(-1) as Header;
    if ((await headerAt(to, signal)).hash !== last.hash) throw inconsistent("the chain moved", { number: to });

    const events = logs.map((entry) => chain.decode(entry)).filter((event) => event !== null);
    signal.throwIfAborted();
    if (events.length > 0) {
      begun = { number: to, hash: last.hash };
      if (cursor !== null) await save({ ...cursor, begun });
    }
    await options.onBlocks({ from, to, hash: last.hash, events });
    if (events.length > 0) crashpoint("effects-done-cursor-not");
    return { blocks: headers, eventful: events.length > 0 };
  };

  const turn = async (signal: AbortSignal): Promise<void> => {
    const latest = await headerAt("latest", signal);
    if (latest.hash === settled) return;
    const finalized = Math.max(head?.finalized ?? 0, Math.min(await chain.finalized(), latest.number));
    if (!(await settleReorg(latest, signal)) || !(await settleBegun(latest, signal))) return;
    const target = latest.number - (confirmations - 1);
    for (;;) {
      const stretch = nextStretch(cursor === null ? options.fromBlock : cursor.number + 1, target, finalized, window);
      if (stretch === undefined) break;
      const read = await readStretch(stretch.from, stretch.to, signal);
      if (read === undefined) continue;
      cursor = advance(cursor, read.blocks, finalized);
      if (read.eventful || cursor.number - saved >= SAVE_EVERY_BLOCKS) await save(cursor);
    }
    const heard = Math.min(finalized, cursor?.number ?? 0);
    const now: Head = { latest: latest.number, finalized: heard, timestamp: latest.timestamp };
    if (head === undefined || head.latest !== now.latest || head.finalized !== now.finalized)
      await options.onHead?.(now);
    head = now;
    settled = latest.hash;
  };

  const loop = startLoop({
    name: "follow",
    everyMs: options.pollMs,
    log,
    run: async (signal) => {
      if (stopped) return;
      try {
        await turn(signal);
      } catch (error) {
        if (error instanceof ZgError && error.code === "DeepReorg") {
          stopped = true;
          log.fatal({ error: error.message, ...error.fields }, "the chain changed below its finalized height: stopped");
          fail(error);
        }
        throw error;
      }
    },
  });

  return {
    done,
    position: () => (cursor === null ? undefined : { number: cursor.number, hash: cursor.hash }),
    poke: () => (stopped ? done : loop.poke()),
    stop: async () => {
      stopped = true;
      await loop.stop();
      finish();
    },
  };
};
