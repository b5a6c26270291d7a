/**
 * An HTTP server with every limit written down. Node's own defaults wait five minutes for a slow body and accept any
 * number of connections; here a slow or huge request costs its sender, not us.
 */
import { randomUUID } from "node:crypto";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { ERRORS, ZgError } from "../protocol/errors.ts";
import { asZgError } from "./errors.ts";
import type { Log } from "./log.ts";

export interface HttpOptions {
  readonly name: string;
  readonly log: Log;
  /** Longest body of a route that does not say otherwise, bytes. */
  readonly bodyLimit: number;
  /** From the first byte of a request to its last, ms. */
  readonly requestTimeoutMs?: number;
  readonly maxConnections?: number;
}

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;
const TIMEOUT_CHECK_MS = 1_000;
const MAX_CONNECTIONS = 1_024;
const MAX_REQUESTS_PER_SOCKET = 10_000;
const MAX_PARAM_LENGTH = 200;

export const createHttp = (options: HttpOptions) => {
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const app = fastify({
    bodyLimit: options.bodyLimit,
    requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: 0,
    maxRequestsPerSocket: MAX_REQUESTS_PER_SOCKET,
    // Node looks for late requests every 30 s by default: a limit of 5 s would be 35 s.
    http: {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      maxHeaderSize: 16_384,
    },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    return503OnClosing: true,
    forceCloseConnections: "idle",
    logger: false,
    frameworkErrors: (error, request, reply) => answer(options.log, error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();

  app.server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  // A body is what its length says. Compressed ones are refused before a byte is read: no bombs.
  app.addHook("onRequest", async (request) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") throw new ZgError("UnsupportedEncoding", { encoding });
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
  });
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });

  app.setErrorHandler((error, request, reply) => answer(options.log, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    answer(options.log, new ZgError("NotFound", { method: request.method, path: pathOf(request) }), request, reply),
  );
  return app;
};

export type Http = ReturnType<typeof createHttp>;

/** Listens on loopback unless told otherwise; port 0 takes any free one. Returns the base URL. */
export const listenHttp = async (app: Http, at: { host?: string; port: number }): Promise<string> => {
  const host = at.host ?? "127.0.0.1";
  await app.listen({ host, port: at.port });
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : at.port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

/** One shape for every error: `{code, message, fields}`. */
const answer = (log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const named = nameOf(error, request);
  const status = ERRORS[named.code].http;
  const about = { request: request.id, method: request.method, path: pathOf(request), code: named.code, status };
  if (named.code === "Internal") {
    // What went wrong inside is for the log; the caller gets the id to ask about.
    log.error({ ...about, error }, "request failed");
    return reply.code(500).send({ code: named.code, message: "internal error", fields: { request: request.id } });
  }
  log.debug({ ...about, fields: named.fields }, "request refused");
  return reply.code(status).send(named.toJSON());
};

const nameOf = (error: unknown, request: FastifyRequest): ZgError => {
  if (error instanceof ZgError) return error;
  const { code, statusCode, message } = partsOf(error);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ZgError("BlobTooLarge", { limit: request.routeOptions?.bodyLimit ?? "default" });
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new ZgError("Timeout", { what: "request" });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ZgError("BadRequest", { why: message.slice(0, 500) });
  }
  return asZgError(error);
};

const partsOf = (error: unknown): { code?: string; statusCode?: number; message: string } => {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const statusCode = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  return { code, statusCode, message: error.message };
};

const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0]?.slice(0, 200) ?? "";
