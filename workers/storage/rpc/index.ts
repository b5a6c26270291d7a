/** The `zgs_` methods of 0G's storage nodes, over the log store. */
import { z } from "zod";
import { type RpcMethods, rpc, rpcError, rpcMethod } from "../../../adapters/jsonrpc.ts";
import type { RpcCall } from "../../../adapters/rpc-http.ts";
import type { Turns } from "../../../adapters/turns.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { EntryInfo, FileRef, LogStore } from "../log/types.ts";
import { createDownload } from "./download.ts";
import { fileInfoOf, SegmentWithProof, statusOf } from "./forms.ts";
import { createUpload } from "./upload.ts";

export interface ZgsDeps {
  readonly store: LogStore;
  readonly chainId: number;
  readonly flow: Hex;
  readonly position: () => { readonly number: number; readonly hash: string } | undefined;
  readonly turns: Turns;
  /** Bytes of segments, for the metrics. */
  readonly taken?: (bytes: number) => void;
  readonly served?: (bytes: number) => void;
}

/** Segments of one request: what fits the body. */
const MAX_SEGMENTS = 128;
const nothing = (): void => undefined;

export const createZgs = (deps: ZgsDeps): RpcMethods<RpcCall> => {
  const { store, taken = nothing, served = nothing } = deps;
  const [upload, download] = [createUpload(store, deps.turns, taken), createDownload(store, served)];
  const segments = rpc.list(SegmentWithProof, MAX_SEGMENTS);
  const range = { startIndex: rpc.u64, endIndex: rpc.u64 };

  /** The entry that stands for a root: the first that is finalized, else the first. */
  const best = (root: Hex): EntryInfo | undefined => store.file(root)?.best;
  /** A file that waits for its entry is not read: nobody has paid for it yet. */
  const fileOf = (info: EntryInfo | undefined): FileRef | undefined => info?.entry;

  return {
    zgs_getStatus: rpcMethod({}, () =>
      statusOf({
        ...{ chainId: deps.chainId, flow: deps.flow, nextTxSeq: store.tip().nextTxSeq },
        ...{ height: deps.position()?.number ?? 0, block: deps.position()?.hash },
      }),
    ),
    zgs_uploadSegment: rpcMethod({ segment: SegmentWithProof }, ({ segment }) => upload.segment(segment)),
    zgs_uploadSegments: rpcMethod({ segments }, (given) => upload.segments(given.segments)),
    zgs_uploadSegmentByTxSeq: rpcMethod({ segment: SegmentWithProof, txSeq: rpc.u64 }, ({ segment, txSeq }) =>
      upload.segmentByTxSeq(segment, txSeq),
    ),
    zgs_uploadSegmentsByTxSeq: rpcMethod({ segments, txSeq: rpc.u64 }, (given) =>
      upload.segmentsByTxSeq(given.segments, given.txSeq),
    ),
    zgs_downloadSegment: rpcMethod({ root: rpc.hash, ...range }, ({ root, startIndex, endIndex }, call: RpcCall) =>
      download.sectors(fileOf(best(root)), startIndex, endIndex, call),
    ),
    zgs_downloadSegmentByTxSeq: rpcMethod(
      { txSeq: rpc.u64, ...range },
      ({ txSeq, startIndex, endIndex }, call: RpcCall) =>
        download.sectors(fileOf(store.info(txSeq)), startIndex, endIndex, call),
    ),
    zgs_downloadSegmentWithProof: rpcMethod({ root: rpc.hash, index: rpc.u64 }, ({ root, index }, call: RpcCall) =>
      download.withProof(fileOf(best(root)), index, call),
    ),
    zgs_downloadSegmentWithProofByTxSeq: rpcMethod(
      { txSeq: rpc.u64, index: rpc.u64 },
      ({ txSeq, index }, call: RpcCall) => download.withProof(fileOf(store.info(txSeq)), index, call),
    ),
    // What is pruned here is pruned by segments, which every download says; the file itself stays available.
    zgs_getFileInfo: rpcMethod({ root: rpc.hash, needAvailable: z.boolean() }, ({ root }) => {
      const info = best(root);
      return info === undefined ? null : fileInfoOf(info);
    }),
    zgs_getFileInfoByTxSeq: rpcMethod({ txSeq: rpc.u64 }, ({ txSeq }) => {
      const info = store.info(txSeq);
      return info === undefined ? null : fileInfoOf(info);
    }),
    zgs_checkFileFinalized: rpcMethod({ txSeqOrRoot: z.union([rpc.u64, rpc.hash]) }, ({ txSeqOrRoot }) => {
      const info = typeof txSeqOrRoot === "number" ? store.info(txSeqOrRoot) : best(txSeqOrRoot);
      return info === undefined ? null : info.state === "finalized";
    }),
    zgs_getShardConfig: rpcMethod({}, () => {
      const { shardId, numShard } = store.shard();
      return { shardId, numShard };
    }),
    zgs_getSectorProof: rpcMethod(
      { sectorIndex: rpc.u64, flowRoot: rpc.hash.nullish() },
      async ({ sectorIndex, flowRoot }) => {
        const txSeq = flowRoot === null || flowRoot === undefined ? undefined : store.txSeqOfFlowRoot(flowRoot);
        if (typeof flowRoot === "string" && txSeq === undefined) throw rpcError("flow_root", "unknown flow root");
        const { lemma, path } = await store.sectorProof(sectorIndex, txSeq);
        return { lemma, path };
      },
    ),
    zgs_getFlowContext: rpcMethod({}, () => {
      const { root, length } = store.tip();
      return [root, length];
    }),
  };
};
