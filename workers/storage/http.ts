/** A storage node over HTTP: parses, calls, answers. Refusals that can be made before a body is read are. */
import { Readable } from "node:stream";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { createBodies, streamBodies } from "../../adapters/body.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { createHttp, type Http } from "../../adapters/http.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { ZgError } from "../../protocol/errors.ts";
import { normalHex } from "../../protocol/hex.ts";
import { MAX_METADATA_BYTES, MAX_ROWS_PER_UPLOAD, UPLOAD_ROW_BYTES } from "../../protocol/params.ts";
import { metadataBytesOf } from "../chain-batch.ts";
import { type Intake, rowsIn } from "./intake.ts";
import { answerRpc, type RpcMethods } from "./rpc.ts";
import type { Serve } from "./serve.ts";
import type { BatchView } from "./view.ts";

export interface StorageHttpDeps {
  readonly log: Log;
  readonly intake: Intake;
  readonly serve: Serve;
  readonly view: (batchId: `0x${string}`) => BatchView;
  readonly state: () => Promise<Record<string, unknown>>;
  readonly rpc: RpcMethods;
  readonly metrics: Metrics;
  /** Uploads that are looked at, and batches that are staged, at once; the next is told to come back. */
  readonly maxInFlight: number;
  /** Bytes of uploads in memory, from their arrival until they have been looked at; default: `maxInFlight` full ones. */
  readonly maxHeld?: number;
}

const index = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);
const Id = z.object({ id: z.string() });
const IdFrom = Id.extend({ from: index });
const IdRow = Id.extend({ row: index });
const IdColumn = Id.extend({ column: index });
const Rows = z.object({
  rows: z
    .string()
    .regex(/^\d{1,4}-\d{1,4}$/)
    .transform((text) => text.split("-").map(Number))
    .transform(([first = 0, last = 0]) => ({ first, last }))
    .optional(),
});
const BYTES = "application/octet-stream";
const MAX_UPLOAD_BYTES = MAX_ROWS_PER_UPLOAD * UPLOAD_ROW_BYTES;

export const createStorageHttp = (deps: StorageHttpDeps): Http => {
  const { log, intake, serve, metrics } = deps;
  const app = createHttp({ name: "storage", log, bodyLimit: 65_536 });
  const served = metrics.counter("served_bytes_total", "Bytes of columns and rows given out", ["what"]);
  const refused = metrics.counter("upload_refused_total", "Uploads refused, by code", ["code"]);
  const taken = metrics.counter("taken_rows_total", "Rows taken, extended and verified");
  const bodies = createBodies(deps.maxHeld ?? deps.maxInFlight * MAX_UPLOAD_BYTES);
  let inFlight = 0;

  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inFlight >= deps.maxInFlight) throw new ZgError("Busy", { inFlight, limit: deps.maxInFlight });
    inFlight += 1;
    return work().finally(() => {
      inFlight -= 1;
    });
  };
  const refusals = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      refused.inc({ code: error instanceof ZgError ? error.code : "Internal" });
      throw error;
    });
  /** Who sends slowly takes no turn from those who have sent. */
  const upload = (body: unknown, limit: number, work: (bytes: Uint8Array) => Promise<void>): Promise<void> =>
    refusals(bodies.use(body, { limit }, (bytes) => counted(() => work(bytes))));

  // `onRequest` runs before the body is read: a batch that is not known, or bytes it has no place for, cost no memory.
  app.register(async (plain) => {
    streamBodies(plain);
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    scope.put(
      "/batches/:id/metadata",
      {
        schema: { params: Id },
        onRequest: async ({ params, headers }) => {
          const { batch } = intake.open(normalHex((params as { id: string }).id, 32));
          const [expected, actual] = [metadataBytesOf(batch.facts), lengthIn(headers)];
          if (actual !== expected) throw new ZgError("LengthMismatch", { expected, actual: nameOf(actual) });
        },
      },
      async ({ params, body }) => {
        const id = normalHex(params.id, 32);
        await upload(body, MAX_METADATA_BYTES, (bytes) => intake.putMetadata(id, bytes));
        return { batchId: id };
      },
    );
    scope.put(
      "/batches/:id/rows/:from",
      {
        schema: { params: IdFrom },
        onRequest: async ({ params, headers }) => {
          const { id, from } = IdFrom.parse(params);
          rowsIn(intake.open(normalHex(id, 32)), from, lengthIn(headers));
        },
      },
      async ({ params, body }) => {
        const id = normalHex(params.id, 32);
        let rows = 0;
        await upload(body, MAX_UPLOAD_BYTES, async (bytes) => {
          await intake.putRows(id, params.from, bytes);
          rows = bytes.length / UPLOAD_ROW_BYTES;
        });
        taken.inc(rows);
        return { batchId: id, from: params.from, rows };
      },
    );
  });
  app.post("/batches/:id/stage", { schema: { params: Id } }, async ({ params }) => {
    const id = normalHex(params.id, 32);
    await refusals(counted(() => intake.stage(id)));
    crashpoint("node-ack-not-sent");
    return { batchId: id, staged: true };
  });

  app.get("/batches/:id", { schema: { params: Id } }, async ({ params }) => deps.view(normalHex(params.id, 32)));
  app.get("/batches/:id/metadata", { schema: { params: Id } }, async ({ params }, reply) =>
    reply.type(BYTES).send(serve.metadata(normalHex(params.id, 32))),
  );
  app.get(
    "/batches/:id/columns/:column",
    { schema: { params: IdColumn, querystring: Rows } },
    async ({ params, query }, reply) => {
      const { length, pieces } = await serve.column(normalHex(params.id, 32), params.column, query.rows);
      served.inc({ what: "columns" }, length);
      return reply
        .type(BYTES)
        .header("content-length", length)
        .send(Readable.from(pieces, { objectMode: false }));
    },
  );
  app.get("/batches/:id/rows/:row", { schema: { params: IdRow } }, async ({ params }, reply) => {
    const bytes = serve.row(normalHex(params.id, 32), params.row);
    served.inc({ what: "rows" }, bytes.length);
    return reply.type(BYTES).send(bytes);
  });
  app.get("/blobs/:id", { schema: { params: Id } }, async ({ params }) => serve.blob(normalHex(params.id, 32)));
  app.get("/kv/:id", { schema: { params: Id } }, async ({ params }, reply) =>
    reply.type(BYTES).send(serve.kv(normalHex(params.id, 32))),
  );
  app.get("/status", deps.state);
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  app.post("/", async ({ body }) => answerRpc(deps.rpc, body));
  return app;
};

const lengthIn = (headers: Readonly<Record<string, unknown>>): number =>
  headers["content-length"] === undefined ? Number.NaN : Number(headers["content-length"]);

const nameOf = (length: number): number | string => (Number.isFinite(length) ? length : "unknown");
