/** What 0G's clients send and read: names and encodings are theirs. */
import { z } from "zod";
import { rpc } from "../../../adapters/jsonrpc.ts";
import { HASH_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import type { EntryInfo } from "../log/types.ts";

/** Levels of the deepest file's tree, the leaf and the root. */
const MAX_LEMMA = 66;

export const SegmentWithProof = z.object({
  root: rpc.hash,
  data: rpc.base64Later(SEGMENT_BYTES),
  index: rpc.u64,
  proof: z.object({ lemma: rpc.list(rpc.hash, MAX_LEMMA), path: rpc.list(z.boolean(), MAX_LEMMA) }),
  fileSize: rpc.u64,
});
export type SegmentWithProof = z.output<typeof SegmentWithProof>;

/** One entry of the log, as `Transaction` of 0G's nodes. */
const transactionOf = ({ entry }: EntryInfo) => ({
  streamIds: [],
  data: [],
  dataMerkleRoot: entry.root,
  // Depth of the subtree counted in nodes, not in edges.
  merkleNodes: entry.nodes.map(({ height, root }) => [height + 1, root] as const),
  startEntryIndex: entry.start,
  size: entry.length,
  seq: entry.txSeq,
});

export const fileInfoOf = (info: EntryInfo) => {
  const finalized = info.state === "finalized";
  return {
    tx: transactionOf(info),
    finalized,
    // What waits for its entry has no entry to be told of.
    isCached: false,
    uploadedSegNum: finalized ? info.segments : info.held,
    pruned: info.pruned && !finalized,
  };
};

export const statusOf = (status: {
  readonly chainId: number;
  readonly flow: string;
  readonly height: number;
  readonly block: string | undefined;
  readonly nextTxSeq: number;
}) => ({
  connectedPeers: 0,
  logSyncHeight: status.height,
  logSyncBlock: status.block ?? `0x${"00".repeat(HASH_BYTES)}`,
  nextTxSeq: status.nextTxSeq,
  networkIdentity: {
    chainId: status.chainId,
    flowAddress: status.flow,
    p2pProtocolVersion: { major: 0, minor: 0, build: 0 },
  },
});
