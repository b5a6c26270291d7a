/** A KV node over HTTP: 0G's JSON-RPC on the base URL, and what the node says of itself. */
import { createAnswers } from "../../adapters/answers.ts";
import { createBodies } from "../../adapters/body.ts";
import { createHttp, type Http } from "../../adapters/http.ts";
import { createRpc, type RpcMethods } from "../../adapters/jsonrpc.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { type RpcCall, serveRpc } from "../../adapters/rpc-http.ts";
import { MAX_KEY_BYTES } from "../../protocol/kv/limits.ts";

export interface KvHttpDeps {
  readonly log: Log;
  readonly methods: RpcMethods<RpcCall>;
  readonly state: () => Promise<Record<string, unknown>>;
  readonly metrics: Metrics;
}

/** A request with the longest key, in base64. */
const MAX_REQUEST_BYTES = Math.ceil(MAX_KEY_BYTES / 3) * 4 + 65_536;
/** Requests and answers in memory: a few of the longest, thousands of the usual ones. */
const [MAX_REQUESTS_BYTES, MAX_ANSWERS_BYTES] = [4 * MAX_REQUEST_BYTES, 64 << 20];
/** How long one waits for room, below the half minute after which 0G's client gives up a request. */
const WAIT_MS = 20_000;

export const createKvHttp = ({ log, methods, state, metrics }: KvHttpDeps): Http => {
  const app = createHttp({ name: "kv", log, bodyLimit: 4_096 });
  serveRpc(app, {
    rpc: createRpc(methods, { log }),
    bodies: createBodies(MAX_REQUESTS_BYTES, { waitMs: WAIT_MS }),
    answers: createAnswers(MAX_ANSWERS_BYTES, { waitMs: WAIT_MS }),
    limit: MAX_REQUEST_BYTES,
  });
  app.get("/status", state);
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  return app;
};
