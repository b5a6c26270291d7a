/**
 * Reads again what lies on the disk, slowly and for ever, before somebody asks for it and it is not there: a segment or a
 * row that does not hash to its root any more is given up, named, and fetched from peers like one that never came.
 */
import type { Log } from "../../../adapters/log.ts";
import type { Throttle } from "../../../adapters/throttle.ts";
import { segmentBytes, shapeOf } from "../../../protocol/file.ts";
import { equalBytes, type Hex } from "../../../protocol/hex.ts";
import { decodeMetadata } from "../../../protocol/metadata.ts";
import { EXTENDED_ROW_BYTES, HASH_BYTES } from "../../../protocol/params.ts";
import { cellRootsOf } from "../../../protocol/tree.ts";
import { isRecorded } from "../../chain-batch.ts";
import { isKept } from "../batches/prune.ts";
import type { NodeBatch } from "../batches/record.ts";
import { rowTreeOf } from "../batches/row-tree.ts";
import { json, parseJson, type Shelf } from "../batches/shelf.ts";
import type { LogStore } from "../log/types.ts";

export interface ScanDeps {
  readonly store: Pick<LogStore, "held" | "check" | "entry" | "shard">;
  readonly shelf: Shelf;
  /** Of what is read. */
  readonly throttle: Throttle;
  readonly log: Log;
  /** A batch has lost rows or its metadata; awaited before they are given up, so that a node that dies knows of it. */
  readonly onLost: (batchId: Hex) => Promise<void>;
}

export interface ScanReport {
  /** Times that everything was read, and what is read now. */
  readonly passes: number;
  readonly reading: Place["part"];
  /** Since the start. */
  readonly checked: number;
  readonly rotten: number;
}

export interface Scan {
  /** Reads some more; resolves to false at the end of a pass. */
  step(signal: AbortSignal): Promise<boolean>;
  report(): ScanReport;
}

interface Place {
  readonly part: "segments" | "batches";
  /** Where the part goes on. */
  readonly at: string;
  readonly passes: number;
}

const PAGE = 16;
/** Steps between two notes of the place: a node that dies reads no more than these again. */
const NOTE_EVERY = 16;
const KEY = "scan";

export const createScan = ({ store, shelf, throttle, log, onLost }: ScanDeps): Scan => {
  let place = placeIn(shelf);
  let [checked, rotten, steps] = [0, 0, 0];

  const segments = async (signal: AbortSignal): Promise<Place> => {
    const page = store.held(place.at, PAGE);
    for (const segment of page.segments) {
      await throttle.take(segmentBytes(shapeOf(segment.length), segment.index), signal);
      checked += 1;
      if (await store.check(segment)) continue;
      rotten += 1;
      log.error(segment, "a stored segment does not hash to its root any more: given up");
    }
    return page.next === undefined ? { ...place, part: "batches", at: "" } : { ...place, at: page.next };
  };

  /** A batch that nothing is asked of: its data is still coming, or gone for good. */
  const rests = ({ staged, dropped, onChain }: NodeBatch): boolean => !staged || dropped || !onChain;

  const batches = async (signal: AbortSignal): Promise<Place> => {
    const ids = [...shelf.all()].map(({ batch }) => batch.facts.batchId).filter((batchId) => batchId > place.at);
    const next = ids.sort()[0];
    if (next === undefined) return { part: "segments", at: "", passes: place.passes + 1 };
    const record = shelf.find(next);
    if (record !== undefined && !rests(record)) await batch(record, signal);
    return { ...place, at: next };
  };

  const batch = async (record: NodeBatch, signal: AbortSignal): Promise<void> => {
    const { facts } = record.batch;
    const { batchId } = facts;
    const metadata = shelf.metadata(batchId);
    checked += 1;
    if (metadata !== undefined && !isRecorded(metadata, facts)) {
      rotten += 1;
      log.error({ batchId }, "stored metadata is not what the chain recorded any more: given up");
      await onLost(batchId);
      await shelf.update(batchId, (known, tx) => {
        tx.delete("metadata", batchId);
        return known;
      });
    }
    if (!shelf.hasMetadata(batchId)) {
      // The roots of its rows come with it: they are read the next time.
      await onLost(batchId);
      return;
    }
    const roots = decodeMetadata(metadata as Uint8Array).segmentRoots;
    for (let row = 0; row < facts.rowCount; row++) {
      if (!isKept(store, shelf.find(batchId), row)) continue;
      await throttle.take(EXTENDED_ROW_BYTES, signal);
      checked += 1;
      const bytes = shelf.row(batchId, row);
      const root = roots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
      if (bytes !== undefined && isWhole(bytes, shelf.tree(batchId, row), root)) continue;
      // Dropped, failed or halved while it was read.
      const now = shelf.find(batchId);
      if (now === undefined || rests(now) || !isKept(store, now, row)) continue;
      if (bytes !== undefined) {
        rotten += 1;
        log.error({ batchId, row }, "a stored row does not hash to its root any more: given up");
      }
      await onLost(batchId);
      await shelf.dropRows(batchId, [row]);
    }
  };

  return {
    step: async (signal) => {
      const next = await (place.part === "segments" ? segments(signal) : batches(signal));
      const over = next.passes > place.passes;
      place = next;
      steps += 1;
      if (over || steps % NOTE_EVERY === 0) await shelf.store.write((tx) => tx.put("cursor", KEY, json(place)));
      return !over;
    },
    report: () => ({ passes: place.passes, reading: place.part, checked, rotten }),
  };
};

/** The row hashes to its root, and the hashes between that are kept with it are its own. */
const isWhole = (bytes: Uint8Array, tree: Uint8Array | undefined, root: Uint8Array): boolean => {
  const own = rowTreeOf(cellRootsOf(bytes));
  return tree !== undefined && equalBytes(own, tree) && equalBytes(own.subarray(-HASH_BYTES), root);
};

const placeIn = (shelf: Shelf): Place => {
  const bytes = shelf.store.table("cursor").get(KEY);
  return bytes === undefined ? { part: "segments", at: "", passes: 0 } : (parseJson(bytes) as Place);
};
