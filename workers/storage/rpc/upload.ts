/** `zgs_uploadSegment…`: what can be said without the bytes is said first, in the words 0G's clients look for. */
import { rpcBusy, rpcError, rpcFailed, rpcInternal } from "../../../adapters/jsonrpc.ts";
import type { Turns } from "../../../adapters/turns.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type FileShape, segmentBytes, shapeOf } from "../../../protocol/file.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import type { EntryInfo, LogStore } from "../log/types.ts";
import type { SegmentWithProof } from "./forms.ts";

const DUPLICATE = "segment has already been uploaded or is being uploaded";

/** @param turns before a segment is decoded and hashed */
export const createUpload = (store: LogStore, turns: Turns, taken: (bytes: number) => void) => {
  /** False: the segment was here already. */
  const put = async (segment: SegmentWithProof, info: EntryInfo | undefined): Promise<boolean> => {
    const { root, index, fileSize, proof } = segment;
    await turns();
    const data = segment.data("data");
    if (data.length === 0) throw rpcFailed("data is empty");
    if (data.length % SECTOR_BYTES !== 0) throw rpcFailed("invalid data length");
    if (info !== undefined) {
      if (info.entry.root !== root) throw rpcInternal("data root and tx seq not match");
      if (info.entry.length !== fileSize) {
        throw rpcError("file_size", "segment file size not matched with tx file size");
      }
      if (info.state === "finalized") throw rpcError("root", "already uploaded and finalized");
    }
    if (fileSize === 0) throw rpcError("file_size", "file is empty");
    const shape = shapeOf(fileSize);
    if (index >= shape.segments) throw rpcError("index", "index out of bound");
    if (data.length !== segmentBytes(shape, index)) throw rpcError("data", "invalid data length");
    try {
      const fresh = await store.putSegment({ root, length: fileSize }, index, data, proof);
      if (fresh) taken(data.length);
      return fresh;
    } catch (error) {
      throw failureOf(error, shape);
    }
  };
  /** Files of other lengths may have the same root: of this length, if there is one. */
  const byRoot = ({ root, fileSize }: SegmentWithProof): EntryInfo | undefined =>
    (fileSize > 0 ? store.file(root, fileSize)?.best : undefined) ?? store.file(root)?.best;

  const one = async (segment: SegmentWithProof, info: EntryInfo | undefined): Promise<null> => {
    if (!(await put(segment, info))) throw rpcFailed(DUPLICATE);
    return null;
  };
  return {
    segment: (segment: SegmentWithProof) => one(segment, byRoot(segment)),
    segmentByTxSeq: (segment: SegmentWithProof, txSeq: number) => one(segment, store.info(txSeq)),
    segments: async (segments: readonly SegmentWithProof[]): Promise<null> => {
      for (const segment of segments) await one(segment, byRoot(segment));
      return null;
    },
    /** Whoever sends by entry sends in parallel, and again: what is here already is no mistake. */
    segmentsByTxSeq: async (segments: readonly SegmentWithProof[], txSeq: number): Promise<null> => {
      const info = store.info(txSeq);
      for (const segment of segments) await put(segment, info);
      return null;
    },
  };
};

/** The store's refusals in 0G's words; the others keep their own. */
const failureOf = (error: unknown, shape: FileShape): unknown => {
  if (!(error instanceof ZgError)) return error;
  switch (error.code) {
    case "AlreadyFinalized":
      return rpcError("root", "already uploaded and finalized");
    case "TooLargeToCache":
      return rpcError("file_size", "caching of large file when tx is unavailable is not supported");
    case "NotInShard":
      return rpcError("index", error.message);
    case "BadProof":
      return rpcError("proof", error.fields.why === "length" ? "invalid proof" : `validation failed: ${error.message}`);
    case "PaddingNotEmpty":
      return rpcError("proof", "invalid proof node value in the padding range");
    case "LengthMismatch":
      return rpcError("data", `invalid data length, of ${shape.segments} segments: ${error.message}`);
    case "CacheFull":
      return rpcBusy(error);
    default:
      return error;
  }
};
