/**
 * Requests to peers that are slow, lying or gone. Every request has a deadline for the whole of it; an answer longer
 * than expected is refused by its declared length before anything is allocated, and cut off if it lied.
 */
import { lookup } from "node:dns";
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { z } from "zod";
import { type ErrorFields, isErrorCode, ZgError } from "../protocol/errors.ts";
import { errnoOf, messageOf } from "./errors.ts";
import { parseJson } from "./json.ts";

export interface RequestOptions {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly body?: Uint8Array;
  /** Told how many bytes of the body the connection has taken so far. */
  readonly onSent?: (bytes: number) => void;
  /** Told once for every attempt how many bytes the connection carried for it, both ways, headers and all. */
  readonly onTraffic?: (bytes: number) => void;
  /** Sent as JSON; excludes `body`. */
  readonly json?: unknown;
  readonly headers?: OutgoingHttpHeaders;
  /** Longest acceptable answer, bytes. */
  readonly maxBytes: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
}

export interface HttpClient {
  /** Any status. */
  request(url: string, options: RequestOptions): Promise<Answer>;
  /** The body of a 2xx answer; otherwise the peer's own named error, or `BadResponse`. */
  bytes(url: string, options: RequestOptions): Promise<Uint8Array>;
  json<S extends z.ZodType>(url: string, schema: S, options: RequestOptions): Promise<z.infer<S>>;
  close(): void;
}

export interface ClientOptions {
  readonly deadlineMs?: number;
  /** Connections kept per peer. */
  readonly maxSockets?: number;
  /** For URLs that strangers choose: which addresses may be connected to, also when a name leads there. */
  readonly mayReach?: (address: string) => boolean;
}

export const openClient = ({ deadlineMs = 10_000, maxSockets = 16, mayReach }: ClientOptions = {}): HttpClient => {
  const options = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets, timeout: 60_000 };
  const agents = { "http:": new Agent(options), "https:": new SecureAgent(options) };

  const once = (url: URL, { signal, ...rest }: RequestOptions): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const secure = url.protocol === "https:";
      const body = rest.json === undefined ? rest.body : Buffer.from(JSON.stringify(rest.json));
      const sent = (secure ? httpsRequest : httpRequest)(url, {
        method: rest.method ?? "GET",
        agent: agents[secure ? "https:" : "http:"],
        headers: { ...typeOf(rest), ...(body === undefined ? {} : { "content-length": body.length }), ...rest.headers },
        signal,
        lookup: mayReach && guardedLookup(mayReach),
      });
      if (rest.onTraffic !== undefined) countTraffic(sent, rest.onTraffic);
      sent.on("error", (error) =>
        reject(sent.reusedSocket && errnoOf(error) === "ECONNRESET" ? new StaleSocket(error) : error),
      );
      sent.on("response", (response) =>
        readBody(response, rest.maxBytes).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
          reject,
        ),
      );
      if (body === undefined || rest.onSent === undefined) sent.end(body);
      else sendInPieces(sent, body, rest.onSent);
    });

  const request = async (address: string, requestOptions: RequestOptions): Promise<Answer> => {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.protocol !== "http:" && url?.protocol !== "https:")
      throw new ZgError("BadRequest", { what: "URL", url: address.slice(0, 80) });
    // An address in the URL is not looked up.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (mayReach !== undefined && isIP(host) !== 0 && !mayReach(host)) throw unreachable(host);
    const limit = requestOptions.deadlineMs ?? deadlineMs;
    const deadline = AbortSignal.timeout(limit);
    const signal = requestOptions.signal === undefined ? deadline : AbortSignal.any([deadline, requestOptions.signal]);
    try {
      return await once(url, { ...requestOptions, signal }).catch((error: unknown) => {
        // The peer closed a kept connection just as we used it; nothing of the request was served.
        if (error instanceof StaleSocket && !signal.aborted) return once(url, { ...requestOptions, signal });
        throw error;
      });
    } catch (error) {
      if (error instanceof ZgError) throw error;
      if (requestOptions.signal?.aborted === true) throw new ZgError("Stopping", { url: url.origin });
      if (deadline.aborted) throw new ZgError("Timeout", { url: url.origin, deadlineMs: limit });
      throw new ZgError("NodeDown", { url: url.origin, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
    }
  };

  const bytes = async (url: string, requestOptions: RequestOptions): Promise<Uint8Array> => {
    const answer = await request(url, requestOptions);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw errorOf(url, answer);
  };

  return {
    request,
    bytes,
    json: async (url, schema, requestOptions) => {
      const value = parseJson(await bytes(url, requestOptions));
      if (value === undefined) throw new ZgError("BadResponse", { url, why: "not JSON" });
      const parsed = schema.safeParse(value);
      if (!parsed.success) throw new ZgError("BadResponse", { url, why: parsed.error.issues[0]?.message ?? "shape" });
      return parsed.data;
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
};

/** A kept connection has carried other requests before. */
const countTraffic = (sent: ClientRequest, onTraffic: (bytes: number) => void): void => {
  sent.on("socket", (socket) => {
    const carried = (): number => socket.bytesRead + socket.bytesWritten;
    const before = carried();
    sent.on("close", () => onTraffic(carried() - before));
  });
};

/** The addresses that are checked are the ones that are connected to: a name cannot change in between. */
const guardedLookup =
  (mayReach: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, found, family);
      if (typeof found === "string") return callback(mayReach(found) ? null : unreachable(hostname), found, family);
      const open = found.filter(({ address }) => mayReach(address));
      callback(open.length > 0 ? null : unreachable(hostname), open);
    });

const unreachable = (host: string): ZgError => new ZgError("NodeDown", { host, why: "an address that is not public" });

const PIECE_BYTES = 1 << 18;

/** The next piece when the connection has taken the last one; an error ends the request, and with it the pieces. */
const sendInPieces = (sent: ClientRequest, body: Uint8Array, onSent: (bytes: number) => void): void => {
  let at = 0;
  const next = (error?: Error | null): void => {
    if (error) return;
    onSent(at);
    if (at === body.length) {
      sent.end();
      return;
    }
    const piece = body.subarray(at, at + PIECE_BYTES);
    at += piece.length;
    sent.write(piece, next);
  };
  next();
};

/** A kept-alive connection that the peer had already given up. */
class StaleSocket extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

const typeOf = ({ json, body }: Pick<RequestOptions, "json" | "body">): OutgoingHttpHeaders => {
  if (json !== undefined) return { "content-type": "application/json" };
  return body === undefined ? {} : { "content-type": "application/octet-stream" };
};

const readBody = async (response: IncomingMessage, maxBytes: number): Promise<Uint8Array> => {
  const declared = response.headers["content-length"];
  const refuse = (length: number | string): ZgError => {
    response.destroy();
    return new ZgError("BadResponse", { why: "longer than expected", length, maxBytes });
  };
  // Errors may be longer than the cell that was asked for.
  const limit = (response.statusCode ?? 0) < 300 ? maxBytes : Math.max(maxBytes, MAX_ERROR_BYTES);
  if (declared !== undefined && Number(declared) > limit) throw refuse(declared);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > limit) throw refuse(length);
    chunks.push(chunk as Buffer);
  }
  if (!response.complete) throw new ZgError("BadResponse", { why: "cut short", length });
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
};

const MAX_ERROR_BYTES = 16_384;

/** A peer's named error is passed on by name, so that "not yet" and "never" stay apart; anything else is a bad answer. */
const errorOf = (url: string, { status, body }: Answer): ZgError => {
  const parsed = parseJson(body);
  if (typeof parsed === "object" && parsed !== null && "code" in parsed && isErrorCode(parsed.code)) {
    return new ZgError(parsed.code, "fields" in parsed ? fieldsOf(parsed.fields) : {});
  }
  return new ZgError("BadResponse", { url, status });
};

const fieldsOf = (fields: unknown): ErrorFields => {
  if (typeof fields !== "object" || fields === null) return {};
  const plain = Object.entries(fields).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(plain.slice(0, 16)) as ErrorFields;
};
