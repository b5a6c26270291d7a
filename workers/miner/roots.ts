/** Remembers the segment roots of the files that are being sealed: one root for each load of a file, fetched once. */
import { shapeOf } from "../../protocol/file.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import type { Source } from "./gather.ts";

/** Bytes of roots in memory: the longest list there is, or thousands of usual ones. */
const MAX_BYTES = 2 ** 24;

export const rememberingRoots = (source: Source, maxBytes = MAX_BYTES): Source => {
  const known = new Map<string, { readonly bytes: number; readonly roots: Promise<Uint8Array> }>();
  let held = 0;
  const forget = (key: string): void => {
    held -= known.get(key)?.bytes ?? 0;
    known.delete(key);
  };
  return {
    segment: source.segment,
    roots: (file, signal) => {
      const key = `${file.root}/${file.length}`;
      const found = known.get(key);
      if (found !== undefined) {
        // The last used stays longest.
        known.delete(key);
        known.set(key, found);
        return found.roots;
      }
      const bytes = shapeOf(file.length).paddedSegments * HASH_BYTES;
      const roots = source.roots(file, signal);
      known.set(key, { bytes, roots });
      held += bytes;
      // A failure, or a job that was ended, is no answer to the next one.
      roots.catch(() => {
        if (known.get(key)?.roots === roots) forget(key);
      });
      for (const oldest of known.keys()) {
        if (held <= maxBytes || oldest === key) break;
        forget(oldest);
      }
      return roots;
    },
  };
};
