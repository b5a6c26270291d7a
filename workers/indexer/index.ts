import { listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { createAsk } from "./ask.ts";
import { createIndexerHttp } from "./http.ts";
import { createLocations } from "./locations.ts";
import { createNodes } from "./nodes.ts";

/** How often every node is asked whether it is there, ms. */
const POLL_MS = 2_000;
const DEADLINE_MS = 2_000;

/** Tells 0G's clients which storage nodes there are and which have a file. It keeps nothing: all of it can be asked again. */
export const startIndexer = async ({ network, ...context }: Context, options: PartyOptions): Promise<Running> => {
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    const client = openClient({ deadlineMs: DEADLINE_MS });
    shutdown.add("client", () => client.close());
    const ask = createAsk(client, DEADLINE_MS);
    const nodes = createNodes({
      ...{ ask, log, now: Date.now, urls: network.storageNodes },
      ...{ chainId: network.chainId, flow: network.contracts.Flow },
    });
    const loop = startLoop({ name: "indexer poll", everyMs: POLL_MS, log, run: (signal) => nodes.poll(signal) });
    shutdown.add("poll", () => loop.stop());
    // Who asks right after the start is not told that there are no nodes.
    await loop.poke();
    const app = createIndexerHttp({
      ...{ log, nodes, locations: createLocations({ ask, nodes, now: Date.now }) },
      metrics: createMetrics(options.name),
      state: () => ({ worker: "indexer", name: options.name, chainId: network.chainId, nodes: nodes.report() }),
    });
    shutdown.add("http", () => app.close());
    const url = await listenHttp(app, { port: options.port });
    return { url, stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};
