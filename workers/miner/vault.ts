/** The sealed loads: one file of slots, the record that says what is in them, and the index by which threads find them. */
import { join } from "node:path";
import { createLoadIndex, type LoadIndex } from "../../adapters/mining.loads.ts";
import { openSlots } from "../../adapters/slots.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import type { Shard } from "../../protocol/shard.ts";
import { keyOf, type MinerDb } from "./db.ts";
import type { Load } from "./load-record.ts";
import { filledOf, NEW_LOAD } from "./plan.ts";

export interface Vault {
  /** The file, for those who mine from it. */
  readonly path: string;
  readonly index: LoadIndex;
  /** What is on record; a load that nobody looked at yet has nothing sealed. */
  record(load: number): Load;
  read(slot: number): Promise<Uint8Array>;
  /** A slot that is nobody's until a record names it. */
  take(): number;
  free(slot: number): void;
  /** Durable when it resolves. */
  write(slot: number, bytes: Uint8Array): Promise<void>;
  /** Has the threads see a load as its record is now. */
  show(load: number): void;
  close(): Promise<void>;
}

export const openVault = async (dir: string, db: MinerDb, shard: Shard): Promise<Vault> => {
  const path = join(dir, "sealed.bin");
  const index = createLoadIndex(shard);
  let taken = new Uint8Array(64);
  for (const [key, { slot, seals }] of db.rows("loads")) {
    if (slot === null) continue;
    if (slot >> 3 >= taken.length) {
      const grown = new Uint8Array(Math.max((slot >> 3) + 1, 2 * taken.length));
      grown.set(taken);
      taken = grown;
    }
    taken[slot >> 3] = (taken[slot >> 3] ?? 0) | (1 << (slot & 7));
    index.set(Number(key), slot, filledOf({ seals }));
  }
  const slots = await openSlots(path, { slotBytes: SEGMENT_BYTES, taken });
  const record = (load: number): Load => db.get("loads", keyOf(load)) ?? NEW_LOAD;

  return {
    path,
    index,
    record,
    read: async (slot) => {
      const bytes = await slots.read(slot, SEGMENT_BYTES);
      // No Buffer: its `slice` copies nothing, and unsealing a slice would change what it was taken from.
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    take: () => slots.take(),
    free: (slot) => slots.free(slot),
    write: (slot, bytes) => slots.write(slot, bytes),
    show: (load) => {
      const now = record(load);
      if (now.slot === null) index.delete(load);
      else index.set(load, now.slot, filledOf(now));
    },
    close: () => slots.close(),
  };
};
