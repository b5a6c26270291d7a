/** A payload becomes a durable record. Nothing is written for a request that is refused. */
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { rowsFor } from "../../protocol/blob.ts";
import type { Hex } from "../../protocol/hex.ts";
import { requestIdOf } from "../../protocol/requestId.ts";
import { Accepted, keys } from "../records.ts";
import type { Packed } from "./body.ts";

export interface AcceptDeps {
  readonly bucket: ObjectStore;
  /** Makes the encode job; false when Redis is away, which costs time and nothing else. */
  readonly enqueue: (requestId: Hex) => Promise<boolean>;
  readonly now: () => number;
}

export interface AcceptRequest extends Packed {
  readonly account: Hex;
  readonly salt: Hex;
}

/** The same payload, account and salt are the same request, also when they come twice at once. */
export const createAccept = (deps: AcceptDeps) => {
  const running = new Map<Hex, Promise<Accepted>>();
  return (request: AcceptRequest): Promise<Accepted> => {
    const requestId = requestIdOf(request);
    const same = running.get(requestId);
    if (same !== undefined) return same;
    const accepted = accept(deps, request, requestId).finally(() => running.delete(requestId));
    running.set(requestId, accepted);
    return accepted;
  };
};

const accept = async (deps: AcceptDeps, request: AcceptRequest, requestId: Hex): Promise<Accepted> => {
  const { bucket, enqueue, now } = deps;
  const record: Accepted = {
    requestId,
    account: request.account,
    salt: request.salt,
    length: request.length,
    rows: rowsFor(request.length),
    payloadHash: request.payloadHash,
    time: now(),
  };
  const known = await getJson(bucket, keys.accepted(requestId), Accepted);
  if (known === null) {
    await bucket.put(keys.rows(requestId), request.rows);
    crashpoint("rows-put");
    await putJson(bucket, keys.accepted(requestId), record, { once: true });
    crashpoint("record-put");
  }
  // Also for a known request: whoever wrote the record may have died before its marker, and the verdict is the only
  // reason for a marker to be gone.
  if (!(await bucket.has(keys.verdict(requestId)))) {
    await putJson(bucket, keys.pending(requestId), { requestId });
    await enqueue(requestId);
    crashpoint("encode-queued");
  }
  return known ?? record;
};
