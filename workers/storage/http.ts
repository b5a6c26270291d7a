/** A storage node over HTTP: parses, calls, answers. Refusals that can be made before a body is read are. */
import { createAnswers } from "../../adapters/answers.ts";
import { createBodies } from "../../adapters/body.ts";
import { createHttp, type Http } from "../../adapters/http.ts";
import { createRpc, type RpcMethods } from "../../adapters/jsonrpc.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { type RpcCall, serveRpc } from "../../adapters/rpc-http.ts";
import { createTurns } from "../../adapters/turns.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { BlobProofs } from "./batches/blobProofs.ts";
import type { Intake } from "./batches/intake.ts";
import type { Serve } from "./batches/serve.ts";
import type { BatchView } from "./batches/view.ts";
import { serveBatches } from "./http/batches.ts";
import { serveEntries } from "./http/entries.ts";
import { serveFiles } from "./http/files.ts";
import type { LogStore } from "./log/types.ts";
import { createZgs } from "./rpc/index.ts";

export interface StorageHttpDeps {
  readonly log: Log;
  readonly store: LogStore;
  readonly intake: Intake;
  readonly serve: Serve;
  readonly blobProofs: BlobProofs;
  readonly view: (batchId: Hex) => BatchView;
  readonly state: () => Promise<Record<string, unknown>>;
  readonly chain: { readonly chainId: number; readonly flow: Hex };
  /** The last block that has been followed. */
  readonly position: () => { readonly number: number; readonly hash: string } | undefined;
  readonly metrics: Metrics;
  /** Uploads of batches that are looked at, and batches that are staged, at once; the next is told to come back. */
  readonly maxInFlight: number;
  /** Bytes of uploads in memory, from their arrival until they have been looked at; what comes on top waits. */
  readonly maxHeld?: number;
  /** How long it waits, ms. */
  readonly waitMs?: number;
}

/** A hundred segments, as bytes or as base64; what more comes waits without loss of speed. */
const MAX_HELD = 32 * 2 ** 20;
/** Below the half minute after which 0G's client gives up a request. */
const WAIT_MS = 20_000;
/** A client that sends many segments in one request sends ten. */
const MAX_RPC_BYTES = 32 * 2 ** 20;
/** Answers that have been read from the disk and not yet been taken. */
const MAX_ANSWERS = 48 * 2 ** 20;
/** 0G's client opens a connection for each segment of a file, all at once. */
const MAX_CONNECTIONS = 4_096;

export const createStorageHttp = (deps: StorageHttpDeps): Http => {
  const { log, store, metrics, waitMs = WAIT_MS } = deps;
  const app = createHttp({ name: "storage", log, bodyLimit: 65_536, maxConnections: MAX_CONNECTIONS });
  const served = metrics.counter("served_bytes_total", "Bytes of columns, rows and segments given out", ["what"]);
  const refused = metrics.counter("upload_refused_total", "Uploads refused, by code", ["code"]);
  const takenRows = metrics.counter("taken_rows_total", "Rows taken, extended and verified");
  const takenBytes = metrics.counter("taken_segment_bytes_total", "Bytes of segments taken and verified");
  const bodies = createBodies(deps.maxHeld ?? MAX_HELD, { waitMs });
  const answers = createAnswers(MAX_ANSWERS, { waitMs });
  const turns = createTurns();

  const refusals = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      refused.inc({ code: error instanceof ZgError ? error.code : "Internal" });
      throw error;
    });
  const taken = (bytes: number): void => takenBytes.inc(bytes);
  const servedSegments = (bytes: number): void => served.inc({ what: "segments" }, bytes);

  serveBatches(app, {
    ...{ intake: deps.intake, serve: deps.serve, view: deps.view, maxInFlight: deps.maxInFlight },
    ...{ blobProofs: deps.blobProofs, bodies, answers, refusals },
    taken: (rows) => takenRows.inc(rows),
    served: (what, bytes) => served.inc({ what }, bytes),
  });
  serveFiles(app, { store, bodies, answers, turns, refusals, taken, served: servedSegments });
  serveEntries(app, store, answers);
  const methods: RpcMethods<RpcCall> = createZgs({
    ...{ store, chainId: deps.chain.chainId, flow: deps.chain.flow, position: deps.position },
    ...{ turns, taken, served: servedSegments },
  });
  serveRpc(app, { rpc: createRpc(methods, { log }), bodies, answers, turns, limit: MAX_RPC_BYTES });
  app.get("/status", deps.state);
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  return app;
};
