/** The JSON-RPC of a KV node: 0G's methods, names and answers, and below them those that only ours has. */
import { z } from "zod";
import { type RpcMethods, rpc, rpcError, rpcFailed, rpcMethod } from "../../adapters/jsonrpc.ts";
import type { RpcCall } from "../../adapters/rpc-http.ts";
import { createTurns } from "../../adapters/turns.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { mayWriteKey } from "../../protocol/kv/judge.ts";
import { MAX_KEY_BYTES, MAX_QUERY_BYTES } from "../../protocol/kv/limits.ts";
import type { KvDb } from "./db.ts";
import { findEntry } from "./entry.ts";
import { nextTxSeq } from "./log.ts";
import { appliedTxSeq, heldAt, resultOf, resultsOf } from "./results.ts";
import { changesAfter, findValue, type Located, readValue, type Walk, walkTo } from "./values.ts";
import { isNew, viewAt } from "./view.ts";

const LATEST = Number.MAX_SAFE_INTEGER;
const { hash: stream, address: account } = rpc;
/** 0G's clients write a u64 as a number, or as the text of one; beyond what a log can hold all mean the same. */
const u64 = z
  .union([
    z.number().nonnegative(),
    z
      .string()
      .regex(/^\d{1,20}$/)
      .transform(Number),
  ])
  .refine(Number.isInteger, "expected an unsigned integer")
  .transform((value) => Math.min(value, LATEST));
const version = u64.nullish().transform((value) => value ?? LATEST);
const key = rpc.base64(MAX_KEY_BYTES);
const flag = z.boolean();

/** Streams in one answer. */
const MAX_STREAMS = 65_536;
/** Of one in an answer: quotes, 0x, 64 digits, a comma. */
const STREAM_BYTES = 69;
/** Changes in one answer, and the bytes of their keys. */
const [MAX_CHANGES, MAX_CHANGES_BYTES] = [1_000, 4 << 20];
/** Of a change in an answer, without its key. */
const CHANGE_BYTES = 256;

const inBase64 = (bytes: number): number => 4 * Math.ceil(bytes / 3);
const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

export interface ProofQuery {
  readonly stream: Hex;
  readonly key: Uint8Array;
  readonly version: number;
  readonly start: number;
  readonly length: number;
}

export interface KvRpcDeps {
  readonly db: KvDb;
  /** @param hold waits for room for so many bytes that go into the answer */
  readonly prove: (query: ProofQuery, hold: (bytes: number) => Promise<void>) => Promise<unknown>;
}

export const kvMethods = ({ db, prove }: KvRpcDeps): RpcMethods<RpcCall> => {
  const { sql } = db;
  const checkQuery = (length: number, named?: Uint8Array): void => {
    if (length > MAX_QUERY_BYTES) throw rpcError("len", "query length too large");
    if (named?.length === 0) throw rpcError("key", "key is empty");
  };
  /** Part of a value. A start at its end is an empty part, one beyond it an error, and no length asks for its size alone. */
  const part = async (value: Located, start: number, length: number, call: RpcCall) => {
    const { version, size } = value;
    if (length > 0 && start > size) throw rpcError("start_index", "start index is greater than value length");
    await call.hold(inBase64(value.key.length + Math.min(length, size)));
    return { version, data: length === 0 ? "" : base64(readValue(sql, value, start, length)), size };
  };
  // One slice a turn of the event loop, of all walks together.
  const turns = createTurns();
  const walk = async (where: Walk, start: number, length: number, call: RpcCall) => {
    const { found, last } = await walkTo(sql, where, async () => {
      await turns();
      if (call.gone()) throw new ZgError("Stopping", { what: "a walk that nobody waits for" });
    });
    if (last !== undefined) throw rpcFailed("too many keys without a value: go on from the key in data", base64(last));
    return found && { ...(await part(found, start, length, call)), key: base64(found.key) };
  };
  const range = { start_index: u64, len: u64 };
  const step = (reverse: boolean) =>
    rpcMethod({ stream_id: stream, key, ...range, inclusive: flag, version }, (v, call: RpcCall) => {
      checkQuery(v.len, v.key);
      const { stream_id, inclusive, version } = v;
      return walk({ stream: stream_id, key: v.key, inclusive, reverse, version }, v.start_index, v.len, call);
    });
  const end = (reverse: boolean) =>
    rpcMethod({ stream_id: stream, ...range, version }, (v, call: RpcCall) => {
      checkQuery(v.len);
      const { stream_id, version } = v;
      return walk(
        { stream: stream_id, key: undefined, inclusive: false, reverse, version },
        v.start_index,
        v.len,
        call,
      );
    });
  const isAdmin = rpcMethod({ account, stream_id: stream, version }, (v) =>
    viewAt(sql, v.stream_id, v.version).isAdmin(v.account),
  );

  return {
    kv_getStatus: rpcMethod({}, () => true),
    kv_getValue: rpcMethod({ stream_id: stream, key, ...range, version }, (v, call: RpcCall) => {
      checkQuery(v.len, v.key);
      const found = findValue(sql, v.stream_id, v.key, v.version);
      // As 0G: a key that was never written is empty, as of version 0; a deleted one is empty at any start.
      if (found === undefined || found.size === 0) return { version: found?.version ?? 0, data: "", size: 0 };
      return part(found, v.start_index, v.len, call);
    }),
    kv_getNext: step(false),
    kv_getPrev: step(true),
    kv_getFirst: end(false),
    kv_getLast: end(true),
    kv_getTransactionResult: rpcMethod({ tx_seq: u64 }, ({ tx_seq }) => resultOf(sql, tx_seq)),
    kv_getHoldingStreamIds: rpcMethod({}, async (_, call: RpcCall) => {
      const known = db.watched?.length ?? Number(sql.get("SELECT COUNT(*) AS n FROM streams")?.n);
      await call.hold(Math.min(known, MAX_STREAMS) * STREAM_BYTES);
      if (db.watched !== undefined) return db.watched;
      return sql.all("SELECT stream FROM streams ORDER BY stream LIMIT ?", MAX_STREAMS).map((row) => row.stream as Hex);
    }),
    kv_getReplayProgress: rpcMethod({ stream_id: stream.nullish() }, ({ stream_id }) => ({
      appliedSeq: appliedTxSeq(sql, stream_id ?? undefined),
      firstTxSeq: null,
    })),
    kv_hasWritePermission: rpcMethod({ account, stream_id: stream, key, version }, (v) => {
      checkQuery(0, v.key);
      const { stream_id, version } = v;
      return isNew(sql, stream_id, version) || mayWriteKey(viewAt(sql, stream_id, version), v.account, v.key);
    }),
    kv_isAdmin: isAdmin,
    // 0G's TypeScript client spells it so.
    kv_IsAdmin: isAdmin,
    kv_isSpecialKey: rpcMethod({ stream_id: stream, key, version }, (v) => {
      checkQuery(0, v.key);
      return viewAt(sql, v.stream_id, v.version).isSpecialKey(v.key);
    }),
    kv_isWriterOfKey: rpcMethod({ account, stream_id: stream, key, version }, (v) => {
      checkQuery(0, v.key);
      return viewAt(sql, v.stream_id, v.version).isWriterOfKey(v.account, v.key);
    }),
    kv_isWriterOfStream: rpcMethod({ account, stream_id: stream, version }, (v) =>
      viewAt(sql, v.stream_id, v.version).isWriter(v.account),
    ),

    // ---- ours ----
    kv_getTransactionResults: rpcMethod({ tx_seq: u64 }, ({ tx_seq }) =>
      resultsOf(sql, tx_seq).map(({ stream: streamId, text }) => ({ streamId, result: text })),
    ),
    kv_getEntry: rpcMethod({ tx_seq: u64 }, ({ tx_seq }) => findEntry(sql, tx_seq)),
    kv_getChanges: rpcMethod(
      { stream_id: stream, from_tx_seq: u64, limit: u64, after_key: key.nullish() },
      async ({ stream_id, from_tx_seq, limit, after_key }, call: RpcCall) => {
        if (limit < 1 || limit > MAX_CHANGES) throw rpcError("limit", `expected 1 to ${MAX_CHANGES}`);
        await call.hold(limit * CHANGE_BYTES);
        const from = { txSeq: from_tx_seq, key: after_key ?? undefined };
        const applied = appliedTxSeq(sql, stream_id);
        const { changes, more } = changesAfter(sql, stream_id, from, limit, MAX_CHANGES_BYTES);
        const last = changes.at(-1);
        const row = sql.get("SELECT revision FROM streams WHERE stream = ?", stream_id);
        return {
          changes: changes.map((change) => ({ ...change, key: base64(change.key) })),
          next:
            more && last !== undefined
              ? { txSeq: last.version, afterKey: base64(last.key) }
              : { txSeq: Math.max(from_tx_seq, applied), afterKey: null },
          heldAt: heldAt(sql, stream_id) ?? null,
          revision: Number(row?.revision ?? 0),
          nextTxSeq: nextTxSeq(sql),
        };
      },
    ),
    kv_getValueWithProof: rpcMethod({ stream_id: stream, key, ...range, version }, (v, call: RpcCall) => {
      checkQuery(v.len, v.key);
      const query = { stream: v.stream_id, key: v.key, version: v.version, start: v.start_index, length: v.len };
      return prove(query, (bytes) => call.hold(inBase64(bytes)));
    }),
  };
};
