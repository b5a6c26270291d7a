/** Hits: written down when they are found, then answered once, or dropped with the reason. */
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Hit as Found } from "../../adapters/mining.types.ts";
import { bigToBytes, type Hex, toHex } from "../../protocol/hex.ts";
import { HASH_BYTES, SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import type { RecallRange } from "../../protocol/recallRange.ts";
import type { Hit, MinerDb } from "./db.ts";

/** What hits of one task share. */
export type HitOf = Pick<Hit, "epoch" | "contextDigest" | "flowRoot" | "flowLength" | "subtaskDigest" | "last"> & {
  readonly range: RecallRange;
};

export const hitKey = (quality: Hex): string => quality.slice(2);

/** Blocks for which an answered or dropped hit is remembered after its window, below finality. */
const KEPT_BLOCKS = 64;

/** Durable on resolve. Returns its name. */
export const keepHit = async (db: MinerDb, found: Found, of: HitOf): Promise<Hex> => {
  const quality = toHex(bigToBytes(found.quality, HASH_BYTES));
  const { range, ...task } = of;
  await db.store.write((tx) => {
    if (db.read(tx, "hits", hitKey(quality)) !== undefined) return;
    db.put(tx, "hits", hitKey(quality), {
      ...task,
      ...{ quality, nonce: found.nonce, load: Math.floor(found.position / SECTORS_PER_SEGMENT) },
      sealOffset: found.sealOffset,
      range: { ...range, shardId: String(range.shardId), shardMask: String(range.shardMask) },
      ...{ slot: null, dropped: null },
    });
  });
  crashpoint("miner-hit-kept");
  return quality;
};

export const rangeOf = ({ range }: Hit): RecallRange => ({
  ...range,
  shardId: BigInt(range.shardId),
  shardMask: BigInt(range.shardMask),
});

export const isOpen = (hit: Hit | undefined): hit is Hit =>
  hit !== undefined && hit.slot === null && hit.dropped === null;

export const updateHit = (db: MinerDb, quality: Hex, change: Partial<Hit>): Promise<void> =>
  db.store.write((tx) => {
    const hit = db.read(tx, "hits", hitKey(quality));
    if (hit !== undefined) db.put(tx, "hits", hitKey(quality), { ...hit, ...change });
  });

export const openHits = (db: MinerDb): Hex[] => {
  const open: Hex[] = [];
  for (const [, hit] of db.rows("hits")) if (isOpen(hit)) open.push(hit.quality);
  return open;
};

/** Forgets what nothing can bring back. */
export const forgetHits = async (db: MinerDb, finalized: number): Promise<void> => {
  const over = [...db.rows("hits")].filter(([, { last }]) => finalized > last + KEPT_BLOCKS);
  if (over.length === 0) return;
  await db.store.write((tx) => {
    for (const [key] of over) tx.delete("hits", key);
  });
};
