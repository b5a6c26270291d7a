import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import type { Hex } from "../../protocol/hex.ts";
import { readAll, readBatchFacts } from "../batch-facts.ts";
import { readHeld } from "../held.ts";
import { Accepted, Encoded, Flag, idIn, keys, Verdict } from "../records.ts";
import type { BlobFacts } from "./status.ts";

/** Reads what is known of a blob, by requestId or blobKey; null when it is neither. */
export const readBlobFacts = async (bucket: ObjectStore, id: Hex, copies: number): Promise<BlobFacts | null> => {
  const accepted = (await getJson(bucket, keys.accepted(id), Accepted)) ?? (await byBlobKey(bucket, id));
  if (accepted === null) return null;
  const { requestId } = accepted;
  const [encoded, verdict, held, batches] = await Promise.all([
    getJson(bucket, keys.encoded(requestId), Encoded),
    getJson(bucket, keys.verdict(requestId), Verdict),
    readHeld(bucket),
    readAll(bucket, keys.placements(requestId), (key) => readBatchFacts(bucket, idIn(key))),
  ]);
  batches.sort((a, b) => a.plan.time - b.plan.time);
  const certified = batches.filter(({ confirmed }) => confirmed !== null);
  const flags = await Promise.all(
    certified.map(({ plan }) => readAll(bucket, keys.flags(plan.batchId), (key) => getJson(bucket, key, Flag))),
  );
  return { accepted, encoded, verdict, held, batches, flags: flags.flat(), copies };
};

const byBlobKey = async (bucket: ObjectStore, blobKey: Hex): Promise<Accepted | null> => {
  const requestId = await bucket.get(keys.byBlobKey(blobKey));
  return requestId === null ? null : getJson(bucket, keys.accepted(Buffer.from(requestId).toString() as Hex), Accepted);
};
