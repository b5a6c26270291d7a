/** Questions to storage nodes in 0G's JSON-RPC, so that nodes that are not ours can be asked too. */
import { z } from "zod";
import type { HttpClient } from "../../adapters/http-client.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isShard, type Shard } from "../../protocol/shard.ts";

export interface NodeStatus {
  readonly chainId: number;
  /** Lower case. */
  readonly flow: string;
  readonly nextTxSeq: number;
}

export interface Ask {
  status(url: string, signal: AbortSignal): Promise<NodeStatus>;
  shard(url: string, signal: AbortSignal): Promise<Shard>;
  /** Whether all of the node's part of the file is there. */
  finalized(url: string, root: Hex, signal?: AbortSignal): Promise<boolean>;
}

const Status = z.object({
  nextTxSeq: z.int().nonnegative(),
  networkIdentity: z.object({ chainId: z.int(), flowAddress: z.string().max(100) }),
});
const ShardConfig = z.custom<Shard>(isShard, "a shard of 2^k");
const FileInfo = z.object({ finalized: z.boolean() }).nullable();

/** An entry's tags are not in a file's description, its nodes are: some kilobytes. */
const MAX_BYTES = 65_536;

export const createAsk = (client: HttpClient, deadlineMs: number): Ask => {
  const call = async <S extends z.ZodType>(
    url: string,
    result: S,
    method: string,
    params: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<z.output<S>> => {
    const json = { jsonrpc: "2.0", id: 1, method, params };
    const answer = z.object({ result: result.optional(), error: z.unknown().optional() });
    const body = await client.json(url, answer, { method: "POST", json, maxBytes: MAX_BYTES, deadlineMs, signal });
    if ((body.error ?? null) !== null || body.result === undefined) throw new ZgError("BadResponse", { url, method });
    return body.result as z.output<S>;
  };
  return {
    status: async (url, signal) => {
      const { nextTxSeq, networkIdentity } = await call(url, Status, "zgs_getStatus", [], signal);
      return { nextTxSeq, chainId: networkIdentity.chainId, flow: networkIdentity.flowAddress.toLowerCase() };
    },
    shard: (url, signal) => call(url, ShardConfig, "zgs_getShardConfig", [], signal),
    finalized: async (url, root, signal) =>
      (await call(url, FileInfo, "zgs_getFileInfo", [root, true], signal))?.finalized === true,
  };
};
