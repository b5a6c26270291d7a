import type { ObjectStore } from "../../adapters/bucket.ts";
import { checkKey, checkPrefix } from "../../adapters/bucket-key.ts";
import { concat } from "../../protocol/hex.ts";

export interface MemoryBucket extends ObjectStore {
  readonly objects: Map<string, Uint8Array>;
  /** Set to make every operation on matching keys fail. */
  failOn?: (operation: "put" | "get" | "list" | "delete", key: string) => Error | undefined;
}

/** A bucket that forgets with its process: for tests of what uses a bucket, never of durability. */
export const memoryBucket = (objects = new Map<string, Uint8Array>()): MemoryBucket => {
  const guard = (operation: "put" | "get" | "list" | "delete", key: string): void => {
    const failure = bucket.failOn?.(operation, key);
    if (failure !== undefined) throw failure;
  };
  const bucket: MemoryBucket = {
    objects,
    put: async (key, body, options = {}) => {
      guard("put", checkKey(key));
      if (options.once === true && objects.has(key)) return "exists";
      objects.set(key, body instanceof Uint8Array ? Uint8Array.from(body) : concat(...body));
      return "stored";
    },
    get: async (key) => {
      guard("get", checkKey(key));
      const bytes = objects.get(key);
      return bytes === undefined ? null : Uint8Array.from(bytes);
    },
    has: async (key) => objects.has(checkKey(key)),
    list: async function* (prefix, options = {}) {
      guard("list", checkPrefix(prefix));
      for (const key of [...objects.keys()].sort()) {
        if (key.startsWith(prefix) && (options.after === undefined || key > options.after)) yield key;
      }
    },
    delete: async (key) => {
      guard("delete", checkKey(key));
      objects.delete(key);
    },
    close: async () => undefined,
  };
  return bucket;
};
