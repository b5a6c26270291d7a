/** One blob from packed rows to roots, commitment and Q. Idempotent: the same rows give the same objects. */
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { Compute } from "../../adapters/compute.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { ZgError } from "../../protocol/errors.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { Accepted, type Encoded, headerOf, keys } from "../records.ts";

export interface EncodeDeps {
  readonly bucket: ObjectStore;
  readonly compute: Pick<Compute, "encodeBlob">;
  /** Pokes the batcher. */
  readonly pokeBatch: () => Promise<unknown>;
  readonly now: () => number;
}

export const encode = async ({ bucket, compute, pokeBatch, now }: EncodeDeps, requestId: Hex): Promise<void> => {
  if (await bucket.has(keys.encoded(requestId))) {
    // The job that wrote it may have died before its poke.
    await pokeBatch();
    return;
  }
  const accepted = await getJson(bucket, keys.accepted(requestId), Accepted);
  if (accepted === null) return;
  const rows = await bucket.get(keys.rows(requestId));
  if (rows === null || rows.length !== accepted.rows * ROW_BYTES) {
    throw new ZgError("CorruptObject", { key: keys.rows(requestId), length: rows?.length ?? null });
  }
  crashpoint("encode-start");
  const { dataRoot, commitment, segmentRoots, redundancyRoots, q } = await compute.encodeBlob(rows);
  crashpoint("encode-mid");
  const blobKey = blobKeyOf(headerOf(accepted, { dataRoot, commitment }));
  await bucket.put(keys.q(requestId), q);
  await bucket.put(keys.redundancy(requestId), redundancyRoots);
  crashpoint("encode-half-stored");
  await bucket.put(keys.byBlobKey(blobKey), Buffer.from(requestId));
  const encoded: Encoded = {
    requestId,
    blobKey,
    dataRoot,
    commitment,
    segmentRoots: Buffer.from(segmentRoots).toString("base64"),
    time: now(),
  };
  await putJson(bucket, keys.encoded(requestId), encoded, { once: true });
  crashpoint("encode-done");
  await pokeBatch();
};
