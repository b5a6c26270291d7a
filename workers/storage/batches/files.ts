/** The two files of a settled batch, as the log names them: its extended rows, and the stream payload of its metadata. */
import { emptyRootOf, segmentBytes, segmentRootOf, segmentSectors, shapeOf } from "../../../protocol/file.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { concat } from "../../../protocol/hex.ts";
import { decodeMetadata } from "../../../protocol/metadata.ts";
import { HASH_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import { streamPayload } from "../../../protocol/stream.ts";
import type { DaFiles } from "../log/da.ts";
import type { BatchPart } from "../log/types.ts";
import { type LogEntry, number12, parseJson, type Shelf } from "./shelf.ts";

/** Roots of the batches that are being read, and payloads of at most some MiB. */
const CACHED = 16;

export const createDaFiles = (shelf: Shelf): DaFiles => {
  const payload = remembered(shelf, ({ batchId }) => {
    const [metadata, record] = [shelf.metadata(batchId), shelf.find(batchId)];
    if (metadata === undefined || record === undefined) return undefined;
    const blobKeys = decodeMetadata(metadata).headers.map(blobKeyOf);
    return streamPayload(record.batch.facts.streamId, batchId, metadata, blobKeys);
  });

  const roots = remembered(shelf, (part) => {
    if (part.kind === "rows") {
      const metadata = shelf.metadata(part.batchId);
      if (metadata === undefined) return undefined;
      const { segmentRoots } = decodeMetadata(metadata);
      const shape = shapeOf((segmentRoots.length / HASH_BYTES) * SEGMENT_BYTES);
      const padding = Array.from({ length: shape.paddedSegments - shape.segments }, (_, i) =>
        emptyRootOf(shape, shape.segments + i),
      );
      return concat(segmentRoots, ...padding);
    }
    const bytes = payload(part);
    if (bytes === undefined) return undefined;
    const shape = shapeOf(bytes.length);
    return concat(
      ...Array.from({ length: shape.paddedSegments }, (_, index) =>
        segmentRootOf(segmentOf(bytes, index), segmentSectors(shape, index)),
      ),
    );
  });

  return {
    part: (txSeq) => {
      const bytes = shelf.store.table("log").get(number12(txSeq));
      return bytes === undefined ? undefined : (parseJson(bytes) as LogEntry);
    },
    roots,
    segment: (part, index) => {
      if (part.kind === "rows") return shelf.row(part.batchId, index);
      const bytes = payload(part);
      if (bytes === undefined) return undefined;
      const whole = new Uint8Array(segmentBytes(shapeOf(bytes.length), index));
      whole.set(segmentOf(bytes, index));
      return whole;
    },
    rows: () => shelf.rows(),
    stagedRows: () => shelf.stagedRows(),
  };
};

const segmentOf = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.subarray(index * SEGMENT_BYTES, (index + 1) * SEGMENT_BYTES);

/** A reorg can put other metadata under a batch's id. */
const remembered = (shelf: Shelf, make: (part: BatchPart) => Uint8Array | undefined) => {
  const known = new Map<string, Uint8Array>();
  return (part: BatchPart): Uint8Array | undefined => {
    if (!shelf.hasMetadata(part.batchId)) return undefined;
    const key = `${part.kind}/${part.batchId}/${shelf.find(part.batchId)?.batch.facts.metadataRoot}`;
    const found = known.get(key) ?? make(part);
    if (found === undefined) return undefined;
    known.delete(key);
    known.set(key, found);
    for (const oldest of known.keys()) if (known.size > CACHED) known.delete(oldest);
    return found;
  };
};
