/** How a worker ends that can not go on: it stops, and says why to whoever runs it. */
import type { Follower } from "../adapters/follow.ts";
import type { Shutdown } from "../adapters/shutdown.ts";
import type { Running } from "./context.ts";

/** Below finality nothing that a worker keeps can be trusted any more: it stops, then `DeepReorg` comes out. */
export const endWith = (follower: Pick<Follower, "done">, shutdown: Pick<Shutdown, "stop">): Promise<void> => {
  const done = follower.done.catch(async (error: unknown) => {
    await shutdown.stop("the chain changed below its finalized height");
    throw error;
  });
  // Whoever runs the worker awaits it; who does not, as in some tests, must not crash on it.
  done.catch(() => undefined);
  return done;
};

/** Rejects when one of the workers ends by itself, or resolves when `signal` aborts: what a process waits for. */
export const untilEnd = (workers: Iterable<Running>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    for (const { done } of workers) done?.catch(reject);
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
