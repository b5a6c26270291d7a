/** The indexer over HTTP: `indexer_` as 0G's client calls it, and how the nodes are. */
import { createAnswers } from "../../adapters/answers.ts";
import { createBodies } from "../../adapters/body.ts";
import { createHttp, type Http } from "../../adapters/http.ts";
import { createRpc, rpc, rpcMethod } from "../../adapters/jsonrpc.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { type RpcCall, serveRpc } from "../../adapters/rpc-http.ts";
import type { Locations } from "./locations.ts";
import type { Nodes } from "./nodes.ts";

export interface IndexerHttpDeps {
  readonly log: Log;
  readonly nodes: Nodes;
  readonly locations: Locations;
  readonly state: () => Record<string, unknown>;
  readonly metrics: Metrics;
}

const MAX_BODY = 65_536;
const WAIT_MS = 5_000;

export const createIndexerHttp = ({ log, nodes, locations, state, metrics }: IndexerHttpDeps): Http => {
  const app = createHttp({ name: "indexer", log, bodyLimit: MAX_BODY });
  const asked = metrics.counter("indexer_calls_total", "Questions to the indexer, by method", ["method"]);
  const counted = <T>(method: string, run: () => T): T => {
    asked.inc({ method });
    return run();
  };
  const server = createRpc<RpcCall>(
    {
      // All of them are configured: none was found by hearsay.
      indexer_getShardedNodes: rpcMethod({}, () =>
        counted("getShardedNodes", () => ({ trusted: nodes.list(), discovered: [] })),
      ),
      // Places of IP addresses by the books of others: there is no such book here.
      indexer_getNodeLocations: rpcMethod({}, () => counted("getNodeLocations", () => ({}))),
      indexer_getFileLocations: rpcMethod({ root: rpc.hash }, ({ root }) =>
        counted("getFileLocations", async () => {
          const found = await locations.of(root);
          return found.length === 0 ? null : found;
        }),
      ),
    },
    { log },
  );
  serveRpc(app, {
    rpc: server,
    bodies: createBodies(64 * MAX_BODY, { waitMs: WAIT_MS }),
    answers: createAnswers(64 * MAX_BODY, { waitMs: WAIT_MS }),
    limit: MAX_BODY,
  });
  app.get("/status", async () => state());
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  return app;
};
