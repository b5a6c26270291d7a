import { openBucket } from "../../adapters/bucket.ts";
import { startLoop } from "../../adapters/loop.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { route } from "../route.ts";
import { subscribe } from "../subscribe.ts";
import { encode } from "./process.ts";
import { unencoded } from "./scan.ts";

export type EncoderOptions = PartyOptions & { readonly bucket: string };

/** Any number of encoders may run: equal ids are one job, and the work is idempotent. */
export const startEncoder = async (context: Context, options: EncoderOptions): Promise<Running> => {
  const log = context.log.child({ worker: "encoder" });
  const shutdown = createShutdown({ log });
  const bucket = await openBucket(options.bucket);
  shutdown.add("bucket", () => bucket.close());
  try {
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const pokeBatch = () => queues.tryAdd(route.batch, {});
    subscribe(queues, "encoder", {
      encode: ({ requestId }) => encode({ bucket, compute: context.compute, pokeBatch, now: Date.now }, requestId),
    });
    const known = new Set<Hex>();
    const loop = startLoop({
      name: "encoder reconcile",
      everyMs: context.timing.reconcileMs,
      log,
      run: async () => {
        for (const requestId of await unencoded(bucket, known)) await queues.tryAdd(route.encode, { requestId });
      },
    });
    shutdown.add("reconcile", () => loop.stop());
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
  return {
    stop: async () => {
      await shutdown.stop();
    },
  };
};
