/** The disperser over HTTP: parses, calls the service, answers. The OpenAPI page at /docs is made from these schemas. */
import type { Readable } from "node:stream";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { createHttp, type Http } from "../../adapters/http.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import type { DisperserService } from "./service.ts";
import { BlobView } from "./view.ts";

export interface DisperserHttpDeps {
  readonly log: Log;
  readonly service: DisperserService;
  readonly metrics: Metrics;
  readonly state: () => Promise<Record<string, unknown>>;
}

/** A blob of 32 MB over 3 Mbit/s. */
const REQUEST_TIMEOUT_MS = 90_000;
const ZERO_ACCOUNT: Hex = `0x${"00".repeat(20)}`;
const ZERO_SALT: Hex = `0x${"00".repeat(32)}`;

const ErrorBody = z.object({ code: z.string(), message: z.string(), fields: z.record(z.string(), z.unknown()) });
const Receipt = z.object({ requestId: z.string(), status: z.literal("PROCESSING") });
const Query = z.object({
  account: z.string().optional().describe("20 bytes hex; recorded, not authenticated"),
  salt: z.string().optional().describe("32 bytes hex; the same payload, account and salt are the same request"),
});
const Id = z.object({ id: z.string().describe("requestId or blobKey, 32 bytes hex") });

export const createDisperserHttp = async ({ log, service, metrics, state }: DisperserHttpDeps): Promise<Http> => {
  const app = createHttp({ name: "disperser", log, bodyLimit: MAX_BLOB_BYTES, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const seconds = metrics.histogram("disperse_seconds", "Body read to record durable");
  const refused = metrics.counter("disperse_refused_total", "Requests refused, by code", ["code"]);
  const bytes = metrics.counter("disperse_bytes_total", "Payload bytes accepted");

  await app.register(swagger, {
    openapi: { info: { title: "0G DA disperser", version: "1" } },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });

  await app.register(async (scope) => {
    // The body goes to the service as a stream: limits are checked while it comes in.
    scope.removeContentTypeParser("application/octet-stream");
    scope.addContentTypeParser("application/octet-stream", (_request, body, done) => done(null, body));
    scope.withTypeProvider<ZodTypeProvider>().post(
      "/blobs",
      {
        schema: {
          description: `Takes 1 to ${MAX_BLOB_BYTES} bytes as application/octet-stream. 202: rows and record are durable.`,
          querystring: Query,
          response: { 202: Receipt, "4xx": ErrorBody, "5xx": ErrorBody },
        },
      },
      async (request, reply) => {
        const account = normalHex(request.query.account ?? ZERO_ACCOUNT, 20);
        const salt = normalHex(request.query.salt ?? ZERO_SALT, 32);
        const stop = seconds.startTimer();
        try {
          const body = request.body as Readable | undefined;
          if (body === undefined) throw new ZgError("EmptyBlob", { length: 0 });
          const contentLength = lengthOf(request.headers["content-length"]);
          const { requestId, length } = await service.disperse({ body, contentLength, account, salt });
          stop();
          bytes.inc(length);
          return reply.code(202).send({ requestId, status: "PROCESSING" });
        } catch (error) {
          refused.inc({ code: error instanceof ZgError ? error.code : "Internal" });
          throw error;
        }
      },
    );
  });

  app.get(
    "/blobs/:id",
    { schema: { params: Id, response: { 200: BlobView, "4xx": ErrorBody, "5xx": ErrorBody } } },
    async (request) => service.blob(normalHex(request.params.id, 32)),
  );
  app.get("/status", { schema: { response: { 200: z.record(z.string(), z.unknown()) } } }, state);
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) =>
    reply.header("content-type", metrics.registry.contentType).send(await metrics.text()),
  );
  return app;
};

const lengthOf = (header: string | undefined): number | undefined =>
  header === undefined ? undefined : Number(header);
