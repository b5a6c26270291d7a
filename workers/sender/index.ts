/**
 * The only worker with the batcher's key in hand: signs, sends, sees receipts, replaces what is stuck. What it is to send
 * it reads from the outbox in the bucket; jobs and the timer only say when to look.
 */
import { Wallet } from "ethers";
import { openBucket } from "../../adapters/bucket.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openOutbox } from "../../adapters/outbox.ts";
import { openQueues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { route } from "../route.ts";
import { subscribe } from "../subscribe.ts";
import { sendOnce } from "./process.ts";

export interface SenderOptions extends PartyOptions {
  /** The disperser party's bucket URL. */
  readonly bucket: string;
  /** The key, or its private key in hex. */
  readonly wallet: Wallet | Hex;
}

export const startSender = async (context: Context, options: SenderOptions): Promise<Running> => {
  const log = context.log.child({ party: options.name, worker: "sender" });
  const wallet = typeof options.wallet === "string" ? new Wallet(options.wallet) : options.wallet;
  const metrics = createMetrics(options.name);
  const moved = metrics.counter("sender_slots_total", "outbox slots that changed their state", ["state", "result"]);

  const bucket = await openBucket(options.bucket);
  const outbox = await openOutbox({ bucket, chain: context.chain, wallet, log });
  const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });

  const loop = startLoop({
    name: "sender",
    everyMs: context.timing.pollMs,
    log,
    run: (signal) =>
      sendOnce(
        {
          outbox,
          log,
          // The outcome is in the bucket, where the planner's own reconciler finds it, too.
          replan: async () => {
            await queues.tryAdd(route.batch, {});
          },
          onMoved: ({ state, outcome }) => moved.inc({ state, result: outcome?.result ?? "none" }),
        },
        signal,
      ),
  });
  subscribe(queues, "sender", { send: () => loop.poke() });

  return {
    stop: async () => {
      await loop.stop();
      await queues.close();
      await bucket.close();
    },
  };
};
