import { z } from "zod";
import type { HttpClient } from "../../adapters/http-client.ts";
import { isErrorCode, ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex, normalHex } from "../../protocol/hex.ts";

const count = z.int().nonnegative();
const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));
const hash = z
  .string()
  .refine((value) => isHex(value, 32))
  .transform((value) => normalHex(value, 32));
const address = z
  .string()
  .refine((value) => isHex(value, 20))
  .transform((value) => normalHex(value, 20));

const Part = z.object({ version: count, data: bytes, size: count });
const KeyPart = Part.extend({ key: bytes });
const StreamResults = z.array(z.object({ streamId: hash, result: z.string() }));
const Changes = z.object({
  changes: z.array(z.object({ version: count, key: bytes, size: count, sender: address })),
  /** Where to go on. */
  next: z.object({ txSeq: count, afterKey: z.base64().nullable() }),
  /** The entry whose data the stream waits for. */
  heldAt: count.nullable(),
  /** Another one than before: something was taken back. */
  revision: count,
  nextTxSeq: count,
});
const Proof = z.object({ lemma: z.array(hash).max(66), path: z.array(z.boolean()).max(64) });
const ProvenPart = Part.extend({
  entry: z.object({ txSeq: count, block: z.object({ number: count }) }),
  values: count,
  pieces: z.array(z.object({ sector: count, data: bytes, proof: Proof })),
});

export type ValuePart = z.infer<typeof Part>;
export type KeyValuePart = z.infer<typeof KeyPart>;
export type StreamChanges = z.infer<typeof Changes>;
export type ProvenValuePart = z.infer<typeof ProvenPart>;

/** Bytes of a value that one query returns. */
export const QUERY_BYTES = 262_144;

export interface KvNode {
  readonly url: string;
  /** A part of a value; version 0 and size 0: never written. */
  value(stream: Hex, key: Uint8Array, from: number, length: number, version?: number): Promise<ValuePart>;
  /** null: never written. */
  proven(stream: Hex, key: Uint8Array, from: number, length: number, version?: number): Promise<ProvenValuePart | null>;
  /** The next key after one, or the first; with the beginning of its value. */
  step(stream: Hex, walk: KvWalk): Promise<KeyValuePart | null>;
  /** On each stream of the entry; none before the node has seen it. */
  results(txSeq: number): Promise<{ readonly streamId: Hex; readonly result: string }[]>;
  changes(stream: Hex, fromTxSeq: number, limit: number, afterKey: string | null): Promise<StreamChanges>;
}

export interface KvWalk {
  readonly from: Uint8Array | undefined;
  readonly inclusive: boolean;
  readonly reverse: boolean;
  /** Bytes of the value. */
  readonly length: number;
  readonly version?: number;
}

const rpcAnswer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
});
/** The longest answer is a page of changes, or the proof of a part of a value. */
const MAX_ANSWER_BYTES = 16 << 20;
const DEADLINE_MS = 30_000;

/** One of a network's KV nodes: the first that answers, and from then on only that one, so that answers fit together. */
export async function openKvNode(client: HttpClient, urls: readonly string[], signal: AbortSignal): Promise<KvNode> {
  if (urls.length === 0) throw new ZgError("BadConfig", { field: "kvNodes", why: "the network has no KV node" });
  let last: unknown;
  for (const url of urls) {
    try {
      await call(client, url, "kv_getStatus", [], z.unknown(), signal);
      return kvNode(client, url, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      last = error;
    }
  }
  throw last;
}

function kvNode(client: HttpClient, url: string, signal: AbortSignal): KvNode {
  const ask = <S extends z.ZodType>(method: string, params: readonly unknown[], schema: S): Promise<z.infer<S>> =>
    call(client, url, method, params, schema, signal);
  return {
    url,
    value: (stream, key, from, length, version) =>
      ask("kv_getValue", [stream, base64(key), from, length, ...given(version)], Part),
    proven: (stream, key, from, length, version) =>
      ask("kv_getValueWithProof", [stream, base64(key), from, length, ...given(version)], ProvenPart.nullable()),
    step: (stream, { from, inclusive, reverse, length, version }) =>
      from === undefined
        ? ask(reverse ? "kv_getLast" : "kv_getFirst", [stream, 0, length, ...given(version)], KeyPart.nullable())
        : ask(
            reverse ? "kv_getPrev" : "kv_getNext",
            [stream, base64(from), 0, length, inclusive, ...given(version)],
            KeyPart.nullable(),
          ),
    results: (txSeq) => ask("kv_getTransactionResults", [txSeq], StreamResults),
    changes: (stream, fromTxSeq, limit, afterKey) =>
      ask("kv_getChanges", [stream, fromTxSeq, limit, ...(afterKey === null ? [] : [afterKey])], Changes),
  };
}

async function call<S extends z.ZodType>(
  client: HttpClient,
  url: string,
  method: string,
  params: readonly unknown[],
  schema: S,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  const json = { jsonrpc: "2.0", id: 1, method, params };
  const options = { method: "POST", json, maxBytes: MAX_ANSWER_BYTES, deadlineMs: DEADLINE_MS, signal } as const;
  const { result, error } = await client.json(url, rpcAnswer, options);
  if (error !== undefined) {
    // Ours put the code of an error into its data.
    if (isErrorCode(error.data)) throw new ZgError(error.data, { url, why: error.message });
    const why = [error.message, ...(typeof error.data === "string" ? [error.data] : [])].join(": ").slice(0, 300);
    throw new ZgError("BadRequest", { url, method, why });
  }
  const parsed = schema.safeParse(result ?? null);
  if (!parsed.success)
    throw new ZgError("BadResponse", { url, method, why: parsed.error.issues[0]?.message ?? "shape" });
  return parsed.data;
}

const given = (version: number | undefined): number[] => (version === undefined ? [] : [version]);
const base64 = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString("base64");
