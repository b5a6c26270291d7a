/** JSON-RPC on the node's base URL, as 0G's clients speak it. One request an answer; batches of requests are refused. */
import { z } from "zod";

export type RpcMethods = Readonly<Record<string, () => unknown>>;

const Request = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number(), z.null()]).default(null),
  method: z.string().max(100),
});

interface RpcAnswer {
  readonly jsonrpc: "2.0";
  readonly id: string | number | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

export const answerRpc = (methods: RpcMethods, body: unknown): RpcAnswer => {
  const parsed = Request.safeParse(body);
  if (!parsed.success) return failure(null, -32_600, "invalid request");
  const { id, method } = parsed.data;
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  return run === undefined ? failure(id, -32_601, `no method ${method}`) : { jsonrpc: "2.0", id, result: run() };
};

const failure = (id: RpcAnswer["id"], code: number, message: string): RpcAnswer => ({
  jsonrpc: "2.0",
  id,
  error: { code, message },
});
