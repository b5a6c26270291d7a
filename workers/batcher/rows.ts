/** Packed rows of blobs, kept while memory allows: each node of an upload needs the same ones. */
import type { ObjectStore } from "../../adapters/bucket.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { keys } from "../records.ts";

/** A batch of 512 rows. */
const MAX_BYTES = 512 * 131_072;

export type RowsOf = (requestId: Hex) => Promise<Uint8Array>;

/** Least recently used goes first; a miss reads the bucket again, where the rows are packed already. */
export const createRowsCache = (bucket: ObjectStore, maxBytes = MAX_BYTES): RowsOf => {
  const cache = new Map<Hex, { readonly rows: Promise<Uint8Array>; bytes: number }>();
  let bytes = 0;

  const forget = (requestId: Hex): void => {
    bytes -= cache.get(requestId)?.bytes ?? 0;
    cache.delete(requestId);
  };
  const read = async (requestId: Hex): Promise<Uint8Array> => {
    const rows = await bucket.get(keys.rows(requestId));
    if (rows === null) throw new ZgError("CorruptObject", { key: keys.rows(requestId) });
    return rows;
  };

  return (requestId) => {
    const hit = cache.get(requestId);
    if (hit !== undefined) {
      cache.delete(requestId);
      cache.set(requestId, hit);
      return hit.rows;
    }
    const entry = { rows: read(requestId), bytes: 0 };
    cache.set(requestId, entry);
    entry.rows.then(
      (rows) => {
        if (cache.get(requestId) !== entry) return;
        entry.bytes = rows.length;
        bytes += rows.length;
        for (const oldest of cache.keys()) {
          if (bytes <= maxBytes) break;
          forget(oldest);
        }
      },
      () => cache.delete(requestId),
    );
    return entry.rows;
  };
};
