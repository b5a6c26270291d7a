/** Which segments of a file are here, and in which slots. */
import type { Transaction } from "../../../adapters/store.ts";
import { firstIn, type Shard } from "../../../protocol/shard.ts";
import { fileKey, type Read } from "./tables.ts";
import type { FileRef } from "./types.ts";

const PER_ROW = 64;
const WORD = 4;

const rowKey = (file: FileRef, row: number): string => `${fileKey(file)}/${String(row).padStart(8, "0")}`;

const view = (row: Uint8Array): DataView => new DataView(row.buffer, row.byteOffset, row.byteLength);
const slotIn = (row: Uint8Array, place: number): number | undefined => {
  const word = view(row).getUint32(place * WORD, true);
  return word === 0 ? undefined : word - 1;
};

export const slotAt = (read: Read, file: FileRef, index: number): number | undefined => {
  const row = read("segments", rowKey(file, Math.floor(index / PER_ROW)));
  return row === undefined ? undefined : slotIn(row, index % PER_ROW);
};

/** The segments in a row of the table, by its key. */
export const indexesIn = (key: string, row: Uint8Array): number[] => {
  const first = Number(key.slice(key.lastIndexOf("/") + 1)) * PER_ROW;
  const indexes: number[] = [];
  for (let place = 0; place < PER_ROW; place++) if (slotIn(row, place) !== undefined) indexes.push(first + place);
  return indexes;
};

/** `slot` undefined: the segment is not here any more. */
export const setSlot = (tx: Transaction, file: FileRef, index: number, slot: number | undefined): void => {
  const key = rowKey(file, Math.floor(index / PER_ROW));
  const row = tx.get("segments", key)?.slice() ?? new Uint8Array(PER_ROW * WORD);
  view(row).setUint32((index % PER_ROW) * WORD, slot === undefined ? 0 : slot + 1, true);
  if (row.every((byte) => byte === 0)) tx.delete("segments", key);
  else tx.put("segments", key, row);
};

/** Segments of a shard that are not here, ascending from `from` on, for an entry that starts at sector `start`. */
export function* missingOf(
  read: Read,
  file: FileRef,
  { shard, start, segments }: { readonly shard: Shard; readonly start: number; readonly segments: number },
  from = 0,
): Generator<number, void, undefined> {
  let [known, row]: [number, Uint8Array | undefined] = [-1, undefined];
  for (let index = firstIn(shard, start, from); index < segments; index += shard.numShard) {
    const number = Math.floor(index / PER_ROW);
    if (number !== known) [known, row] = [number, read("segments", rowKey(file, number))];
    if (row === undefined || slotIn(row, index % PER_ROW) === undefined) yield index;
  }
}

const SLOTS_PER_ROW = 4096;

export const setTaken = (tx: Transaction, slot: number, taken: boolean): void => {
  const key = String(Math.floor(slot / SLOTS_PER_ROW)).padStart(8, "0");
  const row = tx.get("space", key)?.slice() ?? new Uint8Array(SLOTS_PER_ROW / 8);
  const [at, bit] = [(slot % SLOTS_PER_ROW) >> 3, 1 << (slot & 7)];
  row[at] = taken ? (row[at] ?? 0) | bit : (row[at] ?? 0) & ~bit;
  tx.put("space", key, row);
};

/** The bits of all rows, back to back: what `openSlots` wants to know. */
export const takenSlots = (rows: Iterable<{ readonly key: string; readonly value: Uint8Array }>): Uint8Array => {
  const known = [...rows];
  const last = known.at(-1);
  const bits = new Uint8Array(last === undefined ? 0 : ((Number(last.key) + 1) * SLOTS_PER_ROW) / 8);
  for (const { key, value } of known) bits.set(value, (Number(key) * SLOTS_PER_ROW) / 8);
  return bits;
};
