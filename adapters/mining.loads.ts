import { ZgError } from "../protocol/errors.ts";
import { SEALS_PER_LOAD } from "../protocol/seal.ts";
import type { Shard } from "../protocol/shard.ts";

/** Bytes of a load's bits: one for each seal, from the lowest of byte 0. */
export const FILLED_BYTES = SEALS_PER_LOAD / 8;
const FIRST_ROOM = 1024;

/** What mining threads see of the index: shared memory, and gone stale when the index has grown. */
export interface LoadTable {
  readonly shard: Shard;
  /** Slot + 1 of each load of the shard, in their order; 0: not here. */
  readonly slots: Uint32Array;
  readonly filled: Uint8Array;
}

/**
 * Which loads of the log are sealed, where in the file, and which of their seals can be mined. 12 bytes a load: 12 MB for
 * a quarter of a TiB. The store has the same, durably; this is what threads look at.
 */
export interface LoadIndex {
  /**
   * @param load its number in the log: first sector / 1024
   * @param filled 8 bytes; they are copied
   */
  set(load: number, slot: number, filled: Uint8Array): void;
  /** To be called before the slot is given to another load. */
  delete(load: number): void;
  /** Loads that are here. */
  size(): number;
  table(): LoadTable;
}

export const createLoadIndex = (shard: Shard): LoadIndex => {
  let table = tableOf(shard, FIRST_ROOM);
  let size = 0;

  const placeOf = (load: number): number => {
    const place = placeIn(shard, load);
    if (place < 0) throw new ZgError("NotInShard", { load, ...shard });
    return place;
  };

  return {
    set: (load, slot, filled) => {
      if (filled.length !== FILLED_BYTES) {
        throw new ZgError("LengthMismatch", { expected: FILLED_BYTES, actual: filled.length });
      }
      const place = placeOf(load);
      if (place >= table.slots.length) table = grown(table, place + 1);
      if (table.slots[place] === 0) size += 1;
      // A thread that reads in between sees a load that is here, and nothing in it.
      table.filled.fill(0, place * FILLED_BYTES, (place + 1) * FILLED_BYTES);
      Atomics.store(table.slots, place, slot + 1);
      table.filled.set(filled, place * FILLED_BYTES);
    },
    delete: (load) => {
      const place = placeOf(load);
      if (place >= table.slots.length || table.slots[place] === 0) return;
      size -= 1;
      Atomics.store(table.slots, place, 0);
      table.filled.fill(0, place * FILLED_BYTES, (place + 1) * FILLED_BYTES);
    },
    size: () => size,
    table: () => table,
  };
};

/** Where a load stands in its shard; negative: it is in another. */
export const placeIn = ({ shardId, numShard }: Shard, load: number): number =>
  load % numShard === shardId ? (load - shardId) / numShard : -1;

const tableOf = (shard: Shard, loads: number): LoadTable => ({
  shard,
  slots: new Uint32Array(new SharedArrayBuffer(4 * loads)),
  filled: new Uint8Array(new SharedArrayBuffer(FILLED_BYTES * loads)),
});

const grown = ({ shard, slots, filled }: LoadTable, loads: number): LoadTable => {
  const next = tableOf(shard, Math.max(loads, 2 * slots.length));
  next.slots.set(slots);
  next.filled.set(filled);
  return next;
};
