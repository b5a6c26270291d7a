/**
 * The 128 column proofs of one blob alone, made when somebody asks: with them a blob is sampled without the rest of its
 * batch. They need no trust: each is checked against the blob's own commitment.
 */
import type { Compute } from "../../../adapters/compute.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { concat, type Hex } from "../../../protocol/hex.ts";
import { decodeMetadata, rowOffsets } from "../../../protocol/metadata.ts";
import { ROW_BYTES } from "../../../protocol/params.ts";
import type { Serve } from "./serve.ts";

export interface BlobProofsDeps {
  readonly serve: Pick<Serve, "metadata" | "row">;
  readonly compute: Pick<Compute, "encodeBlob" | "blobProofs">;
}

/** 6 KiB each. */
const CACHED = 256;
/** Blobs that wait for their turn: one at a time is in memory, with up to 32 MiB of rows. */
const MAX_WAITING = 16;

export const createBlobProofs = ({ serve, compute }: BlobProofsDeps) => {
  const made = new Map<string, Promise<Uint8Array>>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const make = async (batchId: Hex, index: number): Promise<Uint8Array> => {
    const { headers } = decodeMetadata(serve.metadata(batchId));
    const header = headers[index];
    if (header === undefined) throw new ZgError("BadRequest", { batchId, index, blobs: headers.length });
    const first = rowOffsets(headers)[index] as number;
    const rows = concat(
      ...Array.from({ length: header.rows }, (_, row) => serve.row(batchId, first + row).subarray(0, ROW_BYTES)),
    );
    const { dataRoot, commitment, q } = await compute.encodeBlob(rows);
    // Each row was held against its root on the way; that they give the header's points was checked before they were kept.
    if (dataRoot !== header.dataRoot || commitment !== header.commitment) {
      throw new ZgError("CorruptObject", { batchId, index, why: "the rows do not give the blob's header" });
    }
    return compute.blobProofs(q);
  };

  return (batchId: Hex, index: number): Promise<Uint8Array> => {
    const key = `${batchId}/${index}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    if (waiting >= MAX_WAITING) throw new ZgError("Busy", { waiting, limit: MAX_WAITING });
    waiting += 1;
    const proofs = last.then(() => make(batchId, index));
    last = proofs
      .catch(() => undefined)
      .finally(() => {
        waiting -= 1;
      });
    made.set(key, proofs);
    proofs.catch(() => made.delete(key));
    for (const oldest of made.keys()) if (made.size > CACHED) made.delete(oldest);
    return proofs;
  };
};

export type BlobProofs = ReturnType<typeof createBlobProofs>;
