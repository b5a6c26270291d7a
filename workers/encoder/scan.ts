import type { ObjectStore } from "../../adapters/bucket.ts";
import type { Hex } from "../../protocol/hex.ts";
import { idIn, keys } from "../records.ts";

/** The net under the encode jobs: pending blobs that nobody has encoded. `known` spares asking twice for the same. */
export const unencoded = async (bucket: ObjectStore, known: Set<Hex>): Promise<Hex[]> => {
  const pending: Hex[] = [];
  for await (const key of bucket.list(keys.pendings)) pending.push(idIn(key));
  const still = new Set(pending);
  for (const id of known) if (!still.has(id)) known.delete(id);
  const left: Hex[] = [];
  for (const id of pending) {
    if (known.has(id)) continue;
    if (await bucket.has(keys.encoded(id))) known.add(id);
    else left.push(id);
  }
  return left;
};
