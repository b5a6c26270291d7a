/**
 * JSON-RPC 2.0 as 0G's nodes speak it: positional parameters, and their three kinds of failure. A method is a name, its
 * parameters by name and in order, and what it does; every parameter of a stranger goes through a schema.
 */
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import { decodeBase64 } from "./base64.ts";
import { messageOf } from "./errors.ts";
import { LongText, parseLongJson } from "./json-long.ts";
import type { Log } from "./log.ts";

/** What a caller gets to read of a failure; anything else that is thrown is told to nobody but the log. */
export class RpcFailure extends Error {
  override readonly name = "RpcFailure";
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const [PARSE, REQUEST, METHOD, PARAMS, INTERNAL, FAILED] = [-32_700, -32_600, -32_601, -32_602, -32_603, -32_000];
/** Of the library that 0G's nodes use. */
const [TOO_BIG, TOO_LONG] = [-32_007, -32_011];

/** The request is at fault: `Invalid params: <param>`, with the reason as data. */
export const rpcError = (param: string, why: string): RpcFailure =>
  new RpcFailure(PARAMS, `Invalid params: ${param}`, why);
/** What the request asks for contradicts what the node knows: `Internal error`, with the reason as data. */
export const rpcInternal = (why: string): RpcFailure => new RpcFailure(INTERNAL, "Internal error", why);
/** The call was tried and did not succeed: the reason is the message. */
export const rpcFailed = (why: string, data?: string): RpcFailure => new RpcFailure(FAILED, why, data);
/** The words that 0G's client looks for before it tries again. */
export const rpcBusy = (error: ZgError): RpcFailure => rpcFailed(`too many data writing: ${error.message}`, error.code);
export const rpcTooBig = (limit: number): RpcFailure =>
  new RpcFailure(TOO_BIG, "Request is too big", `Exceeded max limit of ${limit}`);
const rpcTooLong = (limit: number): RpcFailure =>
  new RpcFailure(TOO_LONG, "The batch response was too large", `Exceeded max limit of ${limit}`);

type Shape = Readonly<Record<string, z.ZodType>>;
type Values<S extends Shape> = { readonly [K in keyof S]: z.output<S[K]> };

/** `C` is what a server passes to all of its methods with each request. */
export interface RpcMethod<C> {
  readonly params: Shape;
  readonly run: (values: never, context: C) => unknown;
}

/** A method, its parameters typed by their schemas; the order of the keys is the order of the call. */
export const rpcMethod = <C, S extends Shape>(
  params: S,
  run: (values: Values<S>, context: C) => unknown,
): RpcMethod<C> => ({ params, run });

export type RpcMethods<C> = Readonly<Record<string, RpcMethod<C>>>;

export interface Rpc<C> {
  /**
   * The answer to a body, one request or a batch of them; throws only what `made` does.
   *
   * @param made waits for room for so many bytes of the answer, as soon as they are there
   */
  answer(body: Uint8Array, context: C, made?: Made): Promise<Buffer>;
}

export interface RpcOptions {
  readonly log: Log;
  /** Requests of a batch, which are answered one after the other. */
  readonly maxBatch?: number;
  /** Bytes of the answers to a batch; what has not begun by then is refused. */
  readonly maxBatchBytes?: number;
}

const MAX_BATCH_BYTES = 16 << 20;

const Id = z.union([z.string().max(200), z.number(), z.null()]).default(null);
const Request = z.object({
  jsonrpc: z.literal("2.0"),
  id: Id,
  method: z.string().max(100),
  params: z.array(z.unknown()).max(16).nullish(),
});

type Made = (bytes: number) => Promise<void>;
type Answer = { readonly jsonrpc: "2.0"; readonly id: z.output<typeof Id> } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: string } }
);

export const createRpc = <C>(methods: RpcMethods<C>, options: RpcOptions): Rpc<C> => {
  const { log, maxBatch = 32, maxBatchBytes = MAX_BATCH_BYTES } = options;
  const one = async (request: unknown, context: C): Promise<Answer> => {
    const parsed = Request.safeParse(request);
    if (!parsed.success) return refusalOf(idIn(request), new RpcFailure(REQUEST, "Invalid request"));
    const { id, method, params } = parsed.data;
    const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (known === undefined) return refusalOf(id, new RpcFailure(METHOD, "Method not found"));
    try {
      const values = valuesOf(known.params, params ?? []);
      return { jsonrpc: "2.0", id, result: (await known.run(values as never, context)) ?? null };
    } catch (error) {
      return refusalOf(
        id,
        failureOf(error, (cause) => log.error({ method, error: cause }, "rpc call failed")),
      );
    }
  };
  const batch = async (requests: readonly unknown[], context: C, made: Made): Promise<Buffer> => {
    const parts: Buffer[] = [];
    let length = 0;
    for (const each of requests) {
      const full = length > maxBatchBytes;
      const text = textOf(full ? refusalOf(idIn(each), rpcTooLong(maxBatchBytes)) : await one(each, context));
      await made(text.length);
      length += text.length;
      parts.push(Buffer.from(parts.length === 0 ? "[" : ","), text);
      // Methods that wait for nothing would keep everybody else waiting for the whole batch.
      await setImmediate();
    }
    return Buffer.concat([...parts.splice(0), Buffer.from("]")]);
  };
  return {
    answer: async (body, context, made = async () => undefined) => {
      const request = parseLongJson(body);
      if (request === undefined) return textOf(refusalOf(null, new RpcFailure(PARSE, "Parse error")));
      if (!Array.isArray(request)) {
        const text = textOf(await one(request, context));
        await made(text.length);
        return text;
      }
      if (request.length === 0 || request.length > maxBatch) {
        const why = `a batch has 1 to ${maxBatch} requests`;
        return textOf(refusalOf(null, new RpcFailure(REQUEST, "Invalid request", why)));
      }
      return batch(request, context, made);
    },
  };
};

/** The answer to a request that was refused before it was read. */
export const rpcRefusal = (failure: RpcFailure): Buffer => textOf(refusalOf(null, failure));

const valuesOf = (shape: Shape, given: readonly unknown[]): Record<string, unknown> => {
  const names = Object.keys(shape);
  if (given.length > names.length) throw rpcError("params", `${names.length} expected, ${given.length} given`);
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema], index) => {
      const parsed = schema.safeParse(given[index]);
      if (parsed.success) return [name, parsed.data];
      const [issue] = parsed.error.issues;
      const at = [name, ...(issue?.path ?? [])].join(".").slice(0, 200);
      throw rpcError(at, index < given.length ? (issue?.message ?? "invalid").slice(0, 200) : "missing");
    }),
  );
};

/** A named error is for the caller, in the words it has; what has no name is for the log. */
const failureOf = (error: unknown, internal: (error: unknown) => void): RpcFailure => {
  if (error instanceof RpcFailure) return error;
  if (error instanceof ZgError && error.code === "Busy") return rpcBusy(error);
  if (error instanceof ZgError && error.code !== "Internal") return rpcFailed(error.message, error.code);
  internal(error instanceof Error ? error : messageOf(error));
  return rpcInternal("the log has the reason");
};

const refusalOf = (id: Answer["id"], { code, message, data }: RpcFailure): Answer => ({
  jsonrpc: "2.0",
  id,
  error: data === undefined ? { code, message } : { code, message, data },
});

const idIn = (request: unknown): Answer["id"] => {
  const id = typeof request === "object" && request !== null && "id" in request ? Id.safeParse(request.id) : undefined;
  return id?.success ? id.data : null;
};

const textOf = (answer: Answer): Buffer => Buffer.from(JSON.stringify(answer));

const base64Text = (maxBytes: number) =>
  z
    .union([z.string(), z.instanceof(LongText)], "expected base64")
    .transform((given): Uint8Array => (typeof given === "string" ? Buffer.from(given) : given.bytes))
    .refine((text) => text.length <= 4 * Math.ceil(maxBytes / 3), `over ${maxBytes} bytes`);

/** Parameters that more than one party has. */
export const rpc = {
  /** 32 bytes as hex, in lower case. */
  hash: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "expected 0x and 64 hex digits")
    .transform((text) => text.toLowerCase() as `0x${string}`),
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "expected 0x and 40 hex digits")
    .transform((text) => text.toLowerCase() as `0x${string}`),
  /** An unsigned integer that a JSON number carries exactly. */
  u64: z.int().nonnegative(),
  /** Canonical base64 of at most so many bytes. */
  base64: (maxBytes: number) =>
    base64Text(maxBytes).transform((text, context): Buffer => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) return bytes;
      context.addIssue({ code: "custom", message: "invalid base64" });
      return z.NEVER;
    }),
  /** The same, decoded when it is its turn: many segments of one request need not be in memory twice. */
  base64Later: (maxBytes: number) =>
    base64Text(maxBytes).transform((text) => (param: string): Buffer => {
      const bytes = decodeBase64(text);
      if (bytes === undefined) throw rpcError(param, "invalid base64");
      return bytes;
    }),
  /** A list whose length is looked at before its elements are. */
  list: <S extends z.ZodType>(element: S, max: number) =>
    z.array(z.unknown()).max(max, `more than ${max} elements`).pipe(z.array(element)),
};
