/** A batch from its blobs: headers, roots, column proofs, metadata, and the node roots that confirmation will need. */
import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import type { Compute } from "../../adapters/compute.ts";
import { batchIdOf, batchRootOf } from "../../protocol/batch.ts";
import { ZgError } from "../../protocol/errors.ts";
import { submissionOfBytes, submissionOfRows } from "../../protocol/flow.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import { concat, type Hex } from "../../protocol/hex.ts";
import { encodeMetadata } from "../../protocol/metadata.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { streamIdOf, streamPayload } from "../../protocol/stream.ts";
import { Accepted, type BatchPlan, Encoded, headerOf, keys } from "../records.ts";

/** Who submits, where, for the how-manieth time. */
export interface BatchContext {
  readonly chainId: number;
  readonly entrance: Hex;
  readonly submitter: Hex;
  readonly attempt: number;
  readonly time: number;
}

export interface LoadedBlob {
  readonly requestId: Hex;
  readonly blobKey: Hex;
  readonly header: BlobHeader;
  readonly segmentRoots: Uint8Array;
  readonly q: Uint8Array;
}

export const loadBlob = async (bucket: ObjectStore, requestId: Hex): Promise<LoadedBlob> => {
  const [accepted, encoded, q] = await Promise.all([
    getJson(bucket, keys.accepted(requestId), Accepted),
    getJson(bucket, keys.encoded(requestId), Encoded),
    bucket.get(keys.q(requestId)),
  ]);
  if (accepted === null || encoded === null || q === null) throw new ZgError("CorruptObject", { requestId });
  const segmentRoots = new Uint8Array(Buffer.from(encoded.segmentRoots, "base64"));
  return { requestId, blobKey: encoded.blobKey, header: headerOf(accepted, encoded), segmentRoots, q };
};

export const buildBatch = async (
  compute: Pick<Compute, "columnProofs">,
  context: BatchContext,
  blobs: readonly LoadedBlob[],
): Promise<{ plan: BatchPlan; metadata: Uint8Array }> => {
  const { entrance, submitter, attempt, time } = context;
  const chainId = BigInt(context.chainId);
  const headers = blobs.map(({ header }) => header);
  const blobKeys = blobs.map(({ blobKey }) => blobKey);
  const segmentRoots = concat(...blobs.map((blob) => blob.segmentRoots));
  const rowCount = segmentRoots.length / HASH_BYTES;
  const batchRoot = batchRootOf(headers);
  const rows = submissionOfRows(segmentRoots);
  const rowsRoot = rows.identity;
  const blobCount = headers.length;
  const batchId = batchIdOf({ chainId, entrance, submitter, attempt, batchRoot, blobCount, rowsRoot, rowCount });
  const proofs = await compute.columnProofs(
    batchRoot,
    blobs.map(({ q }) => q),
  );
  const metadata = encodeMetadata({ submitter, attempt, headers, segmentRoots, proofs });
  const entry = submissionOfBytes(streamPayload(streamIdOf(chainId, entrance), batchId, metadata, blobKeys));
  const plan: BatchPlan = {
    batchId,
    submitter,
    attempt,
    batchRoot,
    rowsRoot,
    metadataRoot: entry.identity,
    metadataLength: entry.length,
    rowCount,
    rowNodes: rows.nodes.map(({ root }) => root),
    metadataNodes: entry.nodes.map(({ root }) => root),
    blobs: blobs.map(({ requestId, blobKey, header }) => ({ requestId, blobKey, rows: header.rows })),
    time,
  };
  return { plan, metadata };
};
