/**
 * JSON-RPC to a node, for what must be checked word by word (heads, headers, logs, raw transactions). Answers are
 * untrusted: an HTML page, another id or no result is `BadResponse`, silence is `ChainUnreachable`, and an error of the
 * node itself is `RpcError` with its code and data.
 */
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import { messageOf } from "./errors.ts";
import { type HttpClient, openClient } from "./http-client.ts";
import { parseJson } from "./json.ts";

export interface Rpc {
  call(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface RpcOptions {
  /** One URL, or several to turn to when one does not answer. */
  readonly url: string | readonly string[];
  readonly timeoutMs?: number;
}

/** An error that the node returned on purpose. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(method: string, code: number, message: string, data: unknown) {
    super(`${method}: ${message} (${code})`);
    this.code = code;
    this.data = data;
  }
}

const answerSchema = z.object({
  id: z.union([z.number(), z.string(), z.null()]).optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
});

/** A window of logs of a full block range may be large; nothing else comes near. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export const openRpc = ({ url, timeoutMs = 10_000 }: RpcOptions): Rpc => {
  const client: HttpClient = openClient({ deadlineMs: timeoutMs });
  const urls = typeof url === "string" ? [url] : url;
  let current = 0;
  let ids = 0;

  const ask = async (
    at: string,
    method: string,
    params: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> => {
    ids += 1;
    const id = ids;
    const { status, body } = await client.request(at, {
      method: "POST",
      json: { jsonrpc: "2.0", id, method, params },
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    const parsed = answerSchema.safeParse(parseJson(body));
    if (!parsed.success) throw new ZgError("BadResponse", { rpc: originOf(at), method, status });
    const { error, result } = parsed.data;
    if (error !== undefined) throw new RpcError(method, error.code, error.message, error.data);
    if (parsed.data.id !== id || result === undefined) throw new ZgError("BadResponse", { rpc: originOf(at), method });
    return result;
  };

  return {
    call: async (method, params, signal) => {
      for (let tried = 1; ; tried += 1) {
        const at = urls[current % urls.length] ?? "";
        try {
          return await ask(at, method, params, signal);
        } catch (error) {
          if (error instanceof RpcError || signal?.aborted === true) throw error;
          // The next call starts with the next node, too.
          current += 1;
          if (tried < urls.length) continue;
          if (error instanceof ZgError && error.code === "BadResponse") throw error;
          throw new ZgError("ChainUnreachable", { rpc: originOf(at), method, why: messageOf(error) }, { cause: error });
        }
      }
    },
    close: () => client.close(),
  };
};

/** URLs of RPC providers carry keys in their path. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : "invalid URL");
