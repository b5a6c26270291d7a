/** The miner's edges, each with what it does, and the feeding of the one that never runs dry by itself. */
import type { Log } from "../../adapters/log.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import { route } from "../route.ts";
import type { Handlers } from "../subscribe.ts";
import type { Answered } from "./answer.ts";
import type { MinerTask } from "./mine.ts";
import type { Sealed } from "./seal.ts";

export interface EdgeDeps {
  readonly queues: Pick<Queues, "tryAdd">;
  readonly minerId: () => Hex | undefined;
  readonly seal: (load: number, signal: AbortSignal) => Promise<Sealed>;
  readonly task: Pick<MinerTask, "look">;
  readonly answer: (quality: Hex, signal: AbortSignal) => Promise<Answered | undefined>;
  readonly roll: () => Promise<unknown>;
  readonly claim: () => Promise<unknown>;
  /** Some loads that want sealing, others each time. */
  readonly scan: (limit: number) => number[];
  /** Loads whose data nobody has, and since when. */
  readonly waiting: Map<number, { readonly why: string; readonly since: number }>;
  readonly log: Log;
}

/** Loads that wait for a hand: enough that sealing never waits for the reconciler. */
const QUEUED = 32;
/** Until one of the answers on their way may be in a block. */
const WAIT_MS = 200;
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [200, 600_000];

/** The longer nobody had the data, the less often it is asked for: a tenth of the time it has been waited for. */
export const pauseAfter = (waitedMs: number): number =>
  Math.min(Math.max(waitedMs / 10, FIRST_PAUSE_MS), LAST_PAUSE_MS);

type MinerEdges = "roll" | "seal" | "mine" | "answer" | "claim";

export const createEdges = (deps: EdgeDeps) => {
  const { queues, minerId, waiting, log } = deps;
  const queued = new Set<number>();

  const feed = async (): Promise<void> => {
    if (minerId() === undefined || queued.size >= QUEUED) return;
    for (const load of deps.scan(QUEUED)) {
      if (waiting.has(load)) continue;
      queued.add(load);
      await queues.tryAdd(route.seal, { load });
    }
  };

  const handlers: Handlers<MinerEdges> = {
    roll: async () => {
      await deps.roll();
    },
    mine: () => deps.task.look(),
    claim: async () => {
      await deps.claim();
    },
    answer: async ({ quality }, { signal, later }) => {
      if ((await deps.answer(quality, signal)) === "wait") throw later(WAIT_MS);
    },
    seal: async ({ load }, { signal, later }) => {
      if (minerId() === undefined) return;
      const { sealed, why } = await deps.seal(load, signal);
      queued.delete(load);
      if (sealed > 0) await queues.tryAdd(route.mine, {});
      if (why !== undefined) {
        const since = waiting.get(load)?.since ?? performance.now();
        if (!waiting.has(load)) log.info({ load, why }, "waits for data");
        waiting.set(load, { why, since });
        throw later(pauseAfter(performance.now() - since));
      }
      waiting.delete(load);
      if (queued.size < QUEUED / 2) await feed();
    },
  };

  return {
    handlers,
    feed,
    /** Jobs for all that the records ask for: what Redis forgot comes again. */
    reconcile: async (openHits: readonly Hex[]): Promise<void> => {
      queued.clear();
      for (const quality of openHits) await queues.tryAdd(route.answer, { quality });
      for (const load of waiting.keys()) await queues.tryAdd(route.seal, { load });
      await feed();
      await queues.tryAdd(route.mine, {});
      await queues.tryAdd(route.roll, {});
      await queues.tryAdd(route.claim, {});
    },
  };
};
