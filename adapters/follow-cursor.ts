import { z } from "zod";
import type { Hex } from "../protocol/hex.ts";
import { getJson, type ObjectStore, putJson } from "./bucket.ts";
import type { Block } from "./follow-check.ts";
import type { Store } from "./store.ts";

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((value) => value as Hex);
const block = z.object({ number: z.int().nonnegative(), hash });

/** How far a party has come: everything up to this block has had its effects. */
const cursorSchema = block.extend({
  /** Blocks before it that could still be undone, ascending, ending with the cursor itself. */
  recent: z.array(block),
  /** Height that was final when the cursor was written; a reorg below it is not survived. */
  finalized: z.int().nonnegative(),
  /** End of a stretch above the cursor whose effects may have begun. If its hash goes, they must be undone. */
  begun: block.optional(),
});
export type Cursor = z.infer<typeof cursorSchema>;

export interface CursorStore {
  load(): Promise<Cursor | null>;
  /** Durable on resolve. */
  save(cursor: Cursor): Promise<void>;
}

/** Longest memory of blocks that are not final; public chains finalize within some 70. */
const MAX_RECENT = 512;

/** `blocks` are at least one, ascending, above the cursor. */
export const advance = (cursor: Cursor | null, blocks: readonly Block[], finalized: number): Cursor => {
  const last = blocks.at(-1);
  if (last === undefined) throw new RangeError("no blocks");
  const known = [...(cursor?.recent ?? []), ...blocks].map(({ number, hash: at }) => ({ number, hash: at }));
  const height = Math.max(cursor?.finalized ?? 0, Math.min(finalized, last.number));
  // The newest final block is the ground to stand on; older ones are of no use.
  const ground = known.findLastIndex(({ number }) => number <= height);
  const recent = known.slice(Math.max(ground, 0)).slice(-MAX_RECENT);
  return { number: last.number, hash: last.hash, recent, finalized: height };
};

export const rewind = (cursor: Cursor, ancestor: Block): Cursor => ({
  number: ancestor.number,
  hash: ancestor.hash,
  recent: cursor.recent.filter(({ number }) => number <= ancestor.number),
  finalized: cursor.finalized,
});

export const bucketCursor = (bucket: ObjectStore, key: string): CursorStore => ({
  load: () => getJson(bucket, key, cursorSchema),
  save: async (cursor) => {
    await putJson(bucket, key, cursor);
  },
});

export const storeCursor = (store: Store, table: string, key: string): CursorStore => ({
  load: async () => {
    const bytes = store.table(table).get(key);
    return bytes === undefined ? null : cursorSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  },
  save: (cursor) => store.write((tx) => tx.put(table, key, Buffer.from(JSON.stringify(cursor)))),
});
