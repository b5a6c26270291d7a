import { batchRootOf } from "./batch.ts";
import { ZgError } from "./errors.ts";
import { submissionOfBytes, submissionOfRows } from "./flow.ts";
import { blobKeyOf } from "./header.ts";
import { type Hex, toHex } from "./hex.ts";
import { decodeMetadata, type Metadata, rowOffsets } from "./metadata.ts";
import { HASH_BYTES } from "./params.ts";
import { streamPayload } from "./stream.ts";
import { dataRootOf } from "./tree.ts";

/** What the chain recorded of a batch and its metadata must agree with. */
export interface BatchFacts {
  readonly batchId: Hex;
  readonly streamId: Hex;
  readonly submitter: Hex;
  readonly attempt: number;
  readonly batchRoot: Hex;
  readonly rowsRoot: Hex;
  readonly metadataRoot: Hex;
  readonly metadataLength: number;
  readonly blobCount: number;
  readonly rowCount: number;
}

/**
 * The once-per-batch checks that need hashing only: the metadata is canonical and is what the record names, headers
 * give batchRoot, segment roots give each dataRoot and, the same roots again, the rowsRoot that will be mined.
 */
export function checkBatch(bytes: Uint8Array, facts: BatchFacts): Metadata {
  const metadata = decodeMetadata(bytes);
  const { headers, segmentRoots } = metadata;
  const rowCount = segmentRoots.length / HASH_BYTES;
  if (headers.length !== facts.blobCount || rowCount !== facts.rowCount) {
    throw new ZgError("CountMismatch", { blobCount: facts.blobCount, rowCount: facts.rowCount });
  }
  if (metadata.submitter !== facts.submitter.toLowerCase() || metadata.attempt !== facts.attempt) {
    throw new ZgError("SubmitterMismatch", { submitter: metadata.submitter, attempt: metadata.attempt });
  }
  expectRoot("BatchRootMismatch", batchRootOf(headers), facts.batchRoot);
  const offsets = rowOffsets(headers);
  for (const [index, header] of headers.entries()) {
    const own = segmentRoots.subarray((offsets[index] as number) * 32, (offsets[index + 1] as number) * 32);
    const dataRoot = toHex(dataRootOf(own));
    if (dataRoot !== header.dataRoot) {
      throw new ZgError("DataRootMismatch", { index, blobKey: blobKeyOf(header), dataRoot });
    }
  }
  expectRoot("RowsRootMismatch", submissionOfRows(segmentRoots).identity, facts.rowsRoot);
  const stream = streamPayload(facts.streamId, facts.batchId, bytes, headers.map(blobKeyOf));
  if (stream.length !== facts.metadataLength) {
    throw new ZgError("MetadataRootMismatch", { length: stream.length, recorded: facts.metadataLength });
  }
  expectRoot("MetadataRootMismatch", submissionOfBytes(stream).identity, facts.metadataRoot);
  return metadata;
}

function expectRoot(
  code: "BatchRootMismatch" | "RowsRootMismatch" | "MetadataRootMismatch",
  actual: Hex,
  recorded: Hex,
) {
  if (actual !== recorded.toLowerCase()) throw new ZgError(code, { actual, recorded });
}
