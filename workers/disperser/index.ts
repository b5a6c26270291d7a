import { openBucket } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { listenHttp } from "../../adapters/http.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { readHeld } from "../held.ts";
import { route } from "../route.ts";
import { createDisperserHttp } from "./http.ts";
import { createService } from "./service.ts";

export type DisperserOptions = PartyOptions & { readonly bucket: string };

/** Two copies make a batch STORED; a network of one node has one. */
const COPIES = 2;
/** Eight of the largest blobs; packed, each byte is 32/31. */
const MAX_HELD_BYTES = 8 * MAX_BLOB_BYTES;

export const startDisperser = async (context: Context, options: DisperserOptions): Promise<Running> => {
  const log = context.log.child({ worker: "disperser" });
  const shutdown = createShutdown({ log });
  try {
    const bucket = await openBucket(options.bucket);
    shutdown.add("bucket", () => bucket.close());
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const metrics = createMetrics(options.name);
    const service = createService({
      bucket,
      enqueue: (requestId) => queues.tryAdd(route.encode, { requestId }),
      now: Date.now,
      copies: Math.min(COPIES, Math.max(1, context.network.storageNodes.length)),
      maxHeld: MAX_HELD_BYTES,
    });
    const app = await createDisperserHttp({
      log,
      service,
      metrics,
      state: async () => ({
        worker: "disperser",
        chainId: context.network.chainId,
        entrance: context.network.contracts.DAEntrance,
        heldBytes: service.held(),
        // A bucket that does not answer is not the reason why this worker should not.
        held: await readHeld(bucket).catch(() => null),
        queues: await queues.counts().catch(() => null),
        failures: await queues.failureCounts().catch(() => null),
      }),
    });
    app.addHook("onSend", async (request, reply) => {
      if (request.method === "POST" && reply.statusCode === 202) crashpoint("accepted-not-replied");
    });
    shutdown.add("http", () => app.close());
    return { url: await listenHttp(app, { port: options.port }), stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};
