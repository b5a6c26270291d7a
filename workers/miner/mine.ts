/**
 * The edge `mine`: asks the chain what is to be mined at the head and has the threads at it, and at nothing else: outside
 * the miner's window, in an epoch that is full, and after a reorg that took the context back they rest.
 */
import type { Log } from "../../adapters/log.ts";
import type { Mining } from "../../adapters/mining.types.ts";
import type { Hex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { type RecallRange, recallRangeOf, scaledTarget } from "../../protocol/recallRange.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Calls, Rules, WorkerContext } from "./calls.ts";
import type { MinerDb } from "./db.ts";
import { windowOf } from "./epoch.ts";
import { type HitOf, keepHit } from "./hits.ts";
import type { Vault } from "./vault.ts";

/** What the threads are at. */
export interface MineWish {
  readonly of: HitOf;
  readonly target: bigint;
}

const NOTHING: Hex = `0x${"00".repeat(32)}`;

/** What there is to mine in a context; undefined: nothing, or not now. Pure. */
export const wishOf = (
  { context, poraTarget, subtaskDigest }: WorkerContext,
  minerId: Hex,
  shard: Shard,
  rules: Rules,
  startPosition = 0,
): MineWish | undefined => {
  if (subtaskDigest === NOTHING || poraTarget === 0n) return undefined;
  const range = recallRangeOf(shard, context.flowLength, rules, startPosition);
  if (range === undefined || !hasLoad(range, shard)) return undefined;
  const { epoch, digest: contextDigest, flowRoot, flowLength } = context;
  const { last } = windowOf(context, minerId, rules);
  const of: HitOf = { epoch, contextDigest, flowRoot, flowLength, subtaskDigest, last, range };
  return { of, target: scaledTarget(poraTarget, range, flowLength, rules.maxMiningLength) };
};

/** A short log may have no load of the shard yet: then every trial is lost. */
const hasLoad = ({ mineLength }: RecallRange, { shardId }: Shard): boolean =>
  Math.floor(mineLength / SECTORS_PER_SEGMENT) > shardId;

export interface MinerTask {
  /** Looks at the chain, and starts, goes on with or ends what the threads do. One look at a time. */
  look(): Promise<void>;
  current(): MineWish | undefined;
  stop(): Promise<void>;
}

export interface MineDeps {
  readonly db: MinerDb;
  readonly vault: Pick<Vault, "index" | "path">;
  readonly mining: Pick<Mining, "mine">;
  readonly calls: Pick<Calls, "work">;
  readonly minerId: () => Hex | undefined;
  readonly shard: Shard;
  readonly rules: Rules;
  readonly startPosition?: number;
  /** A hit is written down. */
  readonly onHit: (quality: Hex) => Promise<void>;
  readonly log: Log;
}

interface Running {
  readonly wish: MineWish;
  readonly key: string;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

export const createMinerTask = (deps: MineDeps): MinerTask => {
  const { db, vault, mining, calls, shard, rules, log } = deps;
  let running: Running | undefined;
  /** The task that found as many hits as the epoch could ever take. */
  let spent: string | undefined;
  let keeping: Promise<void> = Promise.resolve();
  let stopped = false;

  const end = async (): Promise<void> => {
    const task = running;
    running = undefined;
    task?.controller.abort();
    await task?.ended;
    await keeping;
  };

  const begin = (wish: MineWish, minerId: Hex, key: string): void => {
    const controller = new AbortController();
    const { subtaskDigest, range, epoch } = wish.of;
    const work = { minerId, subtaskDigest, range };
    log.info({ epoch, loads: vault.index.size(), last: wish.of.last }, "mining");
    let found = 0;
    const ended = mining
      .mine(
        { work, target: wish.target, path: vault.path, loads: vault.index },
        (hit) => {
          found += 1;
          if (found > rules.maxAnswers) return;
          if (found === rules.maxAnswers) {
            spent = key;
            controller.abort();
          }
          keeping = keeping
            .then(() => keepHit(db, hit, wish.of))
            .then((quality) => deps.onHit(quality))
            .catch((error: unknown) => log.error({ error }, "a hit is lost"));
        },
        controller.signal,
      )
      .catch((error: unknown) => log.error({ error }, "mining failed"))
      .finally(() => {
        // What ended by itself begins again at the next look.
        if (running?.controller === controller) running = undefined;
      });
    running = { wish, key, controller, ended };
  };

  const lookOnce = async (): Promise<void> => {
    const minerId = deps.minerId();
    if (stopped || minerId === undefined || vault.index.size() === 0) return end();
    const wish = wishOf(await calls.work(minerId), minerId, shard, rules, deps.startPosition);
    const key = wish === undefined ? undefined : keyOf(wish);
    if (key !== undefined && (running?.key === key || spent === key)) return;
    await end();
    if (wish !== undefined && key !== undefined && !stopped) begin(wish, minerId, key);
  };

  let looking: Promise<void> = Promise.resolve();
  return {
    look: () => {
      looking = looking.catch(() => undefined).then(lookOnce);
      return looking;
    },
    current: () => running?.wish,
    stop: async () => {
      stopped = true;
      await looking.catch(() => undefined);
      await end();
    },
  };
};

const keyOf = ({ of, target }: MineWish): string => `${of.contextDigest}/${of.subtaskDigest}/${target}`;
