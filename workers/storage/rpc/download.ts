/** `zgs_downloadSegment…`: null where nothing is here, an error where it is said why; every byte is verified on its way. */
import { rpcError, rpcFailed } from "../../../adapters/jsonrpc.ts";
import type { RpcCall } from "../../../adapters/rpc-http.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { segmentBytes, shapeOf } from "../../../protocol/file.ts";
import { SECTOR_BYTES, SECTORS_PER_SEGMENT } from "../../../protocol/params.ts";
import type { FileRef, LogStore } from "../log/types.ts";

export const createDownload = (store: LogStore, served: (bytes: number) => void) => {
  /** Bytes of a segment as base64: four for three. */
  const held = (call: RpcCall, bytes: number): Promise<void> => call.hold(Math.ceil(bytes / 3) * 4);

  const sectors = async (
    file: FileRef | undefined,
    start: number,
    end: number,
    call: RpcCall,
  ): Promise<string | null> => {
    if (start >= end) throw rpcError("end_index", "invalid chunk index");
    if (end - start > SECTORS_PER_SEGMENT) {
      throw rpcError("end_index", `exceeds maximum chunks ${SECTORS_PER_SEGMENT}`);
    }
    if (file === undefined) return null;
    const shape = shapeOf(file.length);
    if (end > shape.sectors) {
      throw rpcFailed(`end entry index exceeds tx size: end=${end} tx size=${file.length}`);
    }
    await held(call, (end - start) * SECTOR_BYTES);
    const parts: Uint8Array[] = [];
    // Clients ask for whole segments; a range that begins elsewhere touches two.
    for (let index = Math.floor(start / SECTORS_PER_SEGMENT); index * SECTORS_PER_SEGMENT < end; index++) {
      const segment = await orNull(store.segment(file, index));
      if (segment === null) return null;
      const first = index * SECTORS_PER_SEGMENT;
      parts.push(segment.subarray(Math.max(0, start - first) * SECTOR_BYTES, (end - first) * SECTOR_BYTES));
    }
    served((end - start) * SECTOR_BYTES);
    return Buffer.concat(parts).toString("base64");
  };

  const withProof = async (file: FileRef | undefined, index: number, call: RpcCall) => {
    if (file === undefined) return null;
    const shape = shapeOf(file.length);
    if (index >= shape.segments) throw rpcError("index", "index out of bound");
    await held(call, segmentBytes(shape, index));
    const data = await orNull(store.segment(file, index));
    if (data === null) return null;
    const proof = store.proof(file, index);
    served(data.length);
    return {
      root: file.root,
      data: Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64"),
      index,
      proof,
      fileSize: file.length,
    };
  };
  return { sectors, withProof };
};

/** Not here, and nothing wrong with that: another node may have it. What was given up or has rotted is an error. */
const orNull = async <T>(read: Promise<T>): Promise<T | null> =>
  read.catch((error: unknown) => {
    if (error instanceof ZgError && ABSENT.has(error.code)) return null;
    throw error;
  });

const ABSENT: ReadonlySet<string> = new Set(["UnknownFile", "NotStored", "NotInShard"]);
