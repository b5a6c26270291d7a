/** A miner over HTTP: what it says of itself. */
import { createHttp, type Http } from "../../adapters/http.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";

export interface MinerHttpDeps {
  readonly log: Log;
  readonly state: () => Promise<Record<string, unknown>>;
  readonly metrics: Metrics;
}

export const createMinerHttp = ({ log, state, metrics }: MinerHttpDeps): Http => {
  const app = createHttp({ name: "miner", log, bodyLimit: 1_024 });
  app.get("/status", state);
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  return app;
};
