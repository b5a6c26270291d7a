/**
 * What a node gives out. Every cell is held against its segment root on its way out: a disk that forgot a bit makes the
 * node say so, not lie.
 */
import { setImmediate } from "node:timers/promises";
import type { Log } from "../../../adapters/log.ts";
import { verifiedCells } from "../../../protocol/column.ts";
import { verdictOf, ZgError } from "../../../protocol/errors.ts";
import { concat, equalBytes, type Hex } from "../../../protocol/hex.ts";
import { decodeMetadata } from "../../../protocol/metadata.ts";
import { COLUMNS, FRAME_ROW_BYTES, HASH_BYTES } from "../../../protocol/params.ts";
import { cellRootsOf, segmentRootsOf } from "../../../protocol/tree.ts";
import { type NodeBatch, stateOf } from "./record.ts";
import { kvGet, type Place } from "./settle.ts";
import { corruptRow, parseJson, type Shelf } from "./shelf.ts";

export interface Range {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

export interface ServeDeps {
  readonly shelf: Shelf;
  /** Whether the node keeps a row; default: every row. */
  readonly isKept?: (record: NodeBatch | undefined, row: number) => boolean;
  readonly log: Log;
}

/** Rows between two breaths of the event loop. */
const BREATH = 16;
/** A blob in more batches than this is looked for in some of them only. */
const MAX_PLACES = 64;
/** Parsed segment roots of the batches that are being read. */
const CACHED = 16;

export const createServe = ({ shelf, log, isKept = () => true }: ServeDeps) => {
  const cached = new Map<Hex, Uint8Array>();

  const segmentRoots = (batchId: Hex): Uint8Array => {
    const bytes = shelf.metadata(batchId);
    if (bytes === undefined) {
      cached.delete(batchId);
      throw missing(shelf.find(batchId), batchId);
    }
    let roots = cached.get(batchId);
    if (roots === undefined) {
      roots = decodeMetadata(bytes).segmentRoots;
      cached.set(batchId, roots);
      for (const oldest of cached.keys()) if (cached.size > CACHED) cached.delete(oldest);
    }
    return roots;
  };

  const rotten = (batchId: Hex, row: number): ZgError => {
    log.error({ batchId, row }, "a stored row does not hash to its root any more");
    return corruptRow(batchId, row);
  };

  const rowMissing = (batchId: Hex, row: number): ZgError =>
    new ZgError(isKept(shelf.find(batchId), row) ? "NotStaged" : "Pruned", { batchId, row });

  /** Some rows of a column; all of their hashes are computed together, which is what makes checking each time cheap. */
  const frame = (batchId: Hex, first: number, count: number, column: number, roots: Uint8Array): Uint8Array => {
    const rows = Array.from({ length: count }, (_, i) => {
      const row = shelf.frameRow(batchId, first + i, column);
      if (row === undefined) throw rowMissing(batchId, first + i);
      return row;
    });
    const bytes = concat(...rows);
    const own = roots.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES);
    const verdict = verdictOf(() => ({ cells: verifiedCells(column, bytes, own) }));
    if (!verdict.ok) throw rotten(batchId, first + Number(verdict.fields.row));
    return bytes;
  };

  /** Before anything is sent: a reader can ask for whole rows elsewhere, and not for the rest of an answer. */
  const mustHave = (batchId: Hex, first: number, last: number): void => {
    for (let row = first; row <= last; row++) if (!shelf.hasRow(batchId, row)) throw rowMissing(batchId, row);
  };

  return {
    /** Frames of a column in pieces; the first piece is made before anything is sent, so that errors have a status. */
    column: async (
      batchId: Hex,
      column: number,
      range?: Range,
    ): Promise<{ readonly length: number; readonly pieces: AsyncIterable<Uint8Array> }> => {
      if (column >= COLUMNS) throw new ZgError("BadRequest", { column, columns: COLUMNS });
      const roots = segmentRoots(batchId);
      const rowCount = roots.length / HASH_BYTES;
      const { first, last } = range ?? { first: 0, last: rowCount - 1 };
      if (first > last || last >= rowCount) throw new ZgError("BadRequest", { batchId, first, last, rowCount });
      if (shelf.rowCount(batchId) < rowCount) mustHave(batchId, first, last);
      const piece = (from: number): Uint8Array =>
        frame(batchId, from, Math.min(BREATH, last + 1 - from), column, roots);
      const head = piece(first);
      async function* pieces(): AsyncGenerator<Uint8Array> {
        yield head;
        for (let from = first + BREATH; from <= last; from += BREATH) {
          await setImmediate();
          yield piece(from);
        }
      }
      return { length: (last - first + 1) * FRAME_ROW_BYTES, pieces: pieces() };
    },
    row: (batchId: Hex, row: number): Uint8Array => {
      const roots = segmentRoots(batchId);
      if (row >= roots.length / HASH_BYTES) throw new ZgError("BadRequest", { batchId, row });
      const bytes = shelf.row(batchId, row);
      if (bytes === undefined) throw rowMissing(batchId, row);
      const root = roots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
      if (!equalBytes(segmentRootsOf(cellRootsOf(bytes)), root)) throw rotten(batchId, row);
      return bytes;
    },
    metadata: (batchId: Hex): Uint8Array => {
      const bytes = shelf.metadata(batchId);
      if (bytes === undefined) throw missing(shelf.find(batchId), batchId);
      return bytes;
    },
    /** The first confirmed place of a blob; else a place it may come to have, so that a reader learns how it stands. */
    blob: (blobKey: Hex): Place & { readonly state: string } => {
      const settled = kvGet(shelf, blobKey);
      if (settled !== undefined && settled.length === 36) {
        const batchId: Hex = `0x${Buffer.from(settled.subarray(0, 32)).toString("hex")}`;
        return { batchId, index: Buffer.from(settled).readUInt32BE(32), state: "settled" };
      }
      const places = [...shelf.store.table("blobs").range({ prefix: `${blobKey}/`, limit: MAX_PLACES })].map(
        ({ key, value }) => {
          const batchId = key.slice(key.indexOf("/") + 1) as Hex;
          const { index } = parseJson(value) as { index: number };
          return { batchId, index, state: stateOf(shelf.find(batchId)) };
        },
      );
      const best = ORDER.map((state) => places.find((place) => place.state === state)).find((place) => place);
      if (best === undefined) throw new ZgError("NotFound", { blobKey });
      return best;
    },
    kv: (key: Hex): Uint8Array => {
      const value = kvGet(shelf, key);
      if (value === undefined) throw new ZgError("NotFound", { key });
      return value;
    },
  };
};

export type Serve = ReturnType<typeof createServe>;

const ORDER = ["settled", "confirmed", "staged", "submitted", "refused", "unavailable"] as const;

const missing = (record: NodeBatch | undefined, batchId: Hex): ZgError => {
  const state = stateOf(record);
  if (state === "unknown") return new ZgError("UnknownBatch", { batchId });
  if (record?.refusal?.final === true) return new ZgError(record.refusal.code, record.refusal.fields);
  return state === "unavailable" ? new ZgError("NotFound", { batchId, state }) : new ZgError("NotStaged", { batchId });
};
