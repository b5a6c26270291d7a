/**
 * The binary API of a storage node, as everyone who talks to one uses it: nodes, KV nodes, the indexer, uploads and
 * downloads. It asks for exactly as many bytes as the answer has; whether they are the right ones is the caller's check.
 */
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import type { Shard } from "../protocol/shard.ts";
import type { HttpClient } from "./http-client.ts";
import { EntryView, FileView, SectorProofView, ShardView } from "./node-views.ts";

export { EntryView, FileView } from "./node-views.ts";

export interface NodeCall {
  readonly signal?: AbortSignal;
  /** For the smallest answer; longer ones get the time that the slowest link takes. */
  readonly deadlineMs?: number;
}

export interface NodeClient {
  readonly url: string;
  /** Throws `UnknownFile` where neither an entry nor the cache has it. */
  file(root: Hex, length: number | undefined, call?: NodeCall): Promise<FileView>;
  entry(txSeq: number, call?: NodeCall): Promise<EntryView>;
  /** Entries from `from` on, ascending, at most `limit` (≤ 1000). */
  entries(from: number, limit: number, call?: NodeCall): Promise<EntryView[]>;
  /** @returns paddedSegments × 32 bytes */
  roots(root: Hex, length: number, paddedSegments: number, call?: NodeCall): Promise<Uint8Array>;
  putRoots(root: Hex, length: number, roots: Uint8Array, call?: NodeCall): Promise<void>;
  /** @param bytes how many the segment has (`segmentBytes` of its shape) */
  segment(root: Hex, length: number, index: number, bytes: number, call?: NodeCall): Promise<Uint8Array>;
  putSegment(root: Hex, length: number, index: number, body: Uint8Array, call?: NodeCall): Promise<void>;
  /** What the node says it holds of every file. */
  shard(call?: NodeCall): Promise<Shard>;
  /** 0G's proof of a sector in the log that has this root; `NotStored` in whatever words the node refuses. */
  sectorProof(sector: number, flowRoot: Hex, call?: NodeCall): Promise<SectorProofView>;
  /** Any other path that answers with this many bytes. */
  exactly(path: string, bytes: number, call?: NodeCall): Promise<Uint8Array>;
}

/** A refusal has no result: it is a node's own word, and no wrong answer. */
const RpcAnswer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});
const MAX_RPC_BYTES = 16_384;

const DEADLINE_MS = 10_000;
/** How slow a link may be before its answer is given up, bytes a second. */
const SLOWEST_LINK = 256 * 1024;
export const MAX_ENTRIES_PER_CALL = 1_000;
const MAX_VIEW_BYTES = 1 << 18;
/** A full page of entries with tags as long as the contract allows would be longer; then fewer are asked for. */
const MAX_ENTRIES_BYTES = 8 << 20;

export const nodeClient = (client: HttpClient, nodeUrl: string): NodeClient => {
  const url = nodeUrl.replace(/\/+$/, "");
  const options = (maxBytes: number, { signal, deadlineMs = DEADLINE_MS }: NodeCall, sent = 0) => ({
    maxBytes,
    signal,
    deadlineMs: deadlineMs + Math.ceil((Math.max(maxBytes, sent) * 1000) / SLOWEST_LINK),
  });
  const json = <S extends z.ZodType>(path: string, schema: S, maxBytes: number, call: NodeCall): Promise<z.infer<S>> =>
    // A view is short, whatever the limit that protects us says: it gets the time of a short answer.
    client.json(`${url}${path}`, schema, { ...options(0, call), maxBytes });
  const exactly = async (path: string, bytes: number, call: NodeCall = {}): Promise<Uint8Array> => {
    const answer = await client.bytes(`${url}${path}`, options(bytes, call));
    if (answer.length === bytes) return answer;
    throw new ZgError("BadResponse", { url, why: "not as long as it must be", expected: bytes, actual: answer.length });
  };
  const rpc = async <S extends z.ZodType>(
    method: string,
    params: readonly unknown[],
    schema: S,
    call: NodeCall = {},
  ): Promise<z.infer<S>> => {
    const request = { method: "POST", json: { jsonrpc: "2.0", id: 1, method, params } } as const;
    const { result, error } = await client.json(url, RpcAnswer, { ...request, ...options(MAX_RPC_BYTES, call) });
    if (error !== undefined) throw new ZgError("NotStored", { url, method, why: error.message.slice(0, 200) });
    const parsed = schema.safeParse(result);
    if (!parsed.success) throw new ZgError("BadResponse", { url, method, why: parsed.error.issues[0]?.message ?? "" });
    return parsed.data;
  };
  const put = async (path: string, body: Uint8Array, call: NodeCall): Promise<void> => {
    await client.bytes(`${url}${path}`, { method: "PUT", body, ...options(4096, call, body.length) });
  };
  const fileUrl = (root: Hex, length: number | undefined, rest = ""): string =>
    `/files/${root}${rest}${length === undefined ? "" : `?length=${length}`}`;

  return {
    url,
    exactly,
    shard: (call) => rpc("zgs_getShardConfig", [], ShardView, call),
    sectorProof: (sector, flowRoot, call) => rpc("zgs_getSectorProof", [sector, flowRoot], SectorProofView, call),
    file: (root, length, call = {}) => json(fileUrl(root, length), FileView, MAX_VIEW_BYTES, call),
    entry: (txSeq, call = {}) => json(`/entries/${txSeq}`, EntryView, MAX_VIEW_BYTES, call),
    entries: (from, limit, call = {}) => {
      const path = `/entries?from=${from}&limit=${limit}`;
      return json(path, z.array(EntryView).max(limit), MAX_ENTRIES_BYTES, call);
    },
    roots: (root, length, paddedSegments, call) => exactly(fileUrl(root, length, "/roots"), paddedSegments * 32, call),
    putRoots: (root, length, roots, call = {}) => put(fileUrl(root, length, "/roots"), roots, call),
    segment: (root, length, index, bytes, call) => exactly(fileUrl(root, length, `/segments/${index}`), bytes, call),
    putSegment: (root, length, index, body, call = {}) => put(fileUrl(root, length, `/segments/${index}`), body, call),
  };
};
