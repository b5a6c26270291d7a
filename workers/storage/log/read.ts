/** What is given out: every segment is hashed on its way, so a disk that forgot a bit makes the node say so, not lie. */
import type { Log } from "../../../adapters/log.ts";
import { ZgError } from "../../../protocol/errors.ts";
import {
  emptyNodeOf,
  emptyRootOf,
  type FileProof,
  type FileShape,
  proofFrom,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
} from "../../../protocol/file.ts";
import { concat, equalBytes, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { HASH_BYTES } from "../../../protocol/params.ts";
import { holds, segmentInLog } from "../../../protocol/shard.ts";
import { type Core, readIn, removeSegment, setPending, shardIn, sharersOf } from "./core.ts";
import { layersOf } from "./layers.ts";
import { nodeAt } from "./nodes.ts";
import { slotAt } from "./segments.ts";
import { fileKey, isNamed, type Name, namesOf, type Read, recordOf } from "./tables.ts";
import type { BatchPart, FileRef } from "./types.ts";

/** A file by its name alone, for errors: what bears the name may be a whole entry. */
export const nameOf = ({ root, length }: FileRef): FileRef => ({ root, length });

/** The root of a segment, if it is known. */
export const leafOf = (read: Read, file: FileRef, shape: FileShape, index: number): Uint8Array | undefined =>
  knownNode(read, file, shape, 0, index);

/** Node (level, index) of a file's tree, by its lowest name, if it is known. */
export const knownNode = (
  read: Read,
  file: FileRef,
  shape: FileShape,
  level: number,
  index: number,
): Uint8Array | undefined => {
  if (shape.paddedSegments === 1) return fromHex(file.root, HASH_BYTES);
  return emptyNodeOf(shape, level, index) ?? nodeAt(read, "nodes", `${fileKey(file)}/`, level, index);
};

export const createRead = (core: Core) => {
  const { store, slots, read, log } = core;

  const segment = async (file: FileRef, index: number): Promise<Uint8Array> => {
    const shape = shapeOf(file.length);
    const length = segmentBytes(shape, index);
    // The slot may be given up and be another's while it is read: then there is another answer now, and no rot.
    for (let slot = slotAt(read, file, index); slot !== undefined; ) {
      const bytes = await slots.read(slot, length);
      const now = slotAt(read, file, index);
      if (now === slot) {
        if (isSegment(read, file, shape, index, bytes)) return bytes;
        await drop(file, index, slot);
        throw new ZgError("CorruptObject", { ...nameOf(file), index });
      }
      slot = now;
    }
    return daSegment(file, shape, index) ?? refuse(file, index);
  };

  /** What has rotted is gone: its entries are pending again. */
  const drop = async (file: FileRef, index: number, slot: number): Promise<void> => {
    log.error({ ...file, index }, "a stored segment does not hash to its root any more");
    let entries: Name[] = [];
    const removed = await store.write((tx) => {
      if (slotAt(readIn(tx), file, index) !== slot) return undefined;
      entries = sharersOf(core, shardIn(tx, core), file, index);
      for (const { txSeq } of entries) setPending(tx, file, txSeq);
      return removeSegment(tx, file, index);
    });
    if (removed === undefined) return;
    slots.free(removed);
    for (const { txSeq } of entries) core.emit({ type: "lost", txSeq, segment: index });
  };

  /** The parts of batches that are this file, with their roots. One that does not fold to its root is another file's. */
  function* parts(file: FileRef): Generator<{ part: BatchPart; roots: Uint8Array }, void, undefined> {
    for (const { txSeq, da } of namesOf(store, file)) {
      const part = da ? core.da.part(txSeq) : undefined;
      const roots = part && core.da.roots(part);
      if (part !== undefined && roots !== undefined && foldOf(roots) === file.root) yield { part, roots };
    }
  }

  const daSegment = (file: FileRef, shape: FileShape, index: number): Uint8Array | undefined => {
    for (const { part, roots } of parts(file)) {
      const bytes = core.da.segment(part, index);
      if (bytes === undefined) continue;
      const root = roots.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
      if (equalBytes(segmentRootOf(bytes, segmentSectors(shape, index)), root)) return bytes;
      throw corrupt(log, file, index, part);
    }
    return undefined;
  };

  const refuse = (file: FileRef, index: number): never => {
    const names = [...namesOf(store, file)];
    if (names.length === 0) {
      throw new ZgError(recordOf(read, file).held > 0 || isKnown(file) ? "NotStored" : "UnknownFile", {
        ...nameOf(file),
      });
    }
    const { shard, before } = core.history();
    const had = (name: Name): boolean =>
      before.some((old) => name.txSeq < old.until && holds(old.shard, segmentInLog(name.start, index)));
    if (names.some(({ start }) => holds(shard, segmentInLog(start, index)))) {
      throw new ZgError("NotStored", { ...nameOf(file), index });
    }
    throw new ZgError(names.some(had) ? "Pruned" : "NotInShard", { ...nameOf(file), index, ...shard });
  };

  const isKnown = (file: FileRef): boolean => read("files", fileKey(file)) !== undefined || isNamed(store, file);

  const roots = (file: FileRef): Uint8Array => {
    const shape = shapeOf(file.length);
    if (shape.paddedSegments === 1 && isKnown(file)) return fromHex(file.root, HASH_BYTES);
    if (recordOf(read, file).roots === shape.segments) {
      return concat(
        ...Array.from({ length: shape.paddedSegments }, (_, index) => {
          const root = index < shape.segments ? leafOf(read, file, shape, index) : emptyRootOf(shape, index);
          if (root === undefined)
            throw new ZgError("CorruptObject", { ...nameOf(file), what: "root of a segment", index });
          return root;
        }),
      );
    }
    for (const part of parts(file)) return part.roots;
    throw new ZgError(isKnown(file) ? "NotStored" : "UnknownFile", { ...nameOf(file), what: "roots" });
  };

  /** Node (level, index) of the file's tree, whoever has it. */
  const node = (file: FileRef, shape: FileShape): ((level: number, index: number) => Uint8Array | undefined) => {
    let layers: Uint8Array[] | undefined;
    return (level, index) => {
      const known = knownNode(read, file, shape, level, index);
      if (known !== undefined || layers?.length === 0) return known;
      layers ??= daLayers(file);
      const hash = layers[level]?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
      return hash?.length === HASH_BYTES ? hash : undefined;
    };
  };

  const daLayers = (file: FileRef): Uint8Array[] => {
    for (const part of parts(file)) return layersOf(part.roots);
    return [];
  };

  return {
    segment,
    roots,
    node,
    isKnown,
    proof: (file: FileRef, index: number): FileProof => {
      const shape = shapeOf(file.length);
      if (!isKnown(file)) throw new ZgError("UnknownFile", { ...nameOf(file) });
      const proof = proofFrom(shape, index, file.root, node(file, shape));
      if (proof === undefined) throw new ZgError("NotStored", { ...nameOf(file), index, what: "proof" });
      return proof;
    },
    /** False: it is not what it was, and dropped. True also if it is not here at all. */
    check: async (file: FileRef, index: number): Promise<boolean> => {
      const slot = slotAt(read, file, index);
      if (slot === undefined) return true;
      const shape = shapeOf(file.length);
      const bytes = await slots.read(slot, segmentBytes(shape, index));
      if (slotAt(read, file, index) !== slot || isSegment(read, file, shape, index, bytes)) return true;
      await drop(file, index, slot);
      return false;
    },
  };
};

export type Reader = ReturnType<typeof createRead>;

/** Roots of a batch's part stay the same object while it is read, so they are folded once. */
const folds = new WeakMap<Uint8Array, Hex>();

const foldOf = (roots: Uint8Array): Hex => {
  const known = folds.get(roots) ?? toHex(layersOf(roots).at(-1) ?? roots);
  folds.set(roots, known);
  return known;
};

const isSegment = (read: Read, file: FileRef, shape: FileShape, index: number, bytes: Uint8Array): boolean => {
  const leaf = leafOf(read, file, shape, index);
  if (leaf === undefined || bytes.length !== segmentBytes(shape, index)) return false;
  return equalBytes(segmentRootOf(bytes, segmentSectors(shape, index)), leaf);
};

const corrupt = (log: Log, file: FileRef, index: number, part: BatchPart): ZgError => {
  log.error({ ...file, index, ...part }, "a stored row or metadata does not hash to its root any more");
  return new ZgError("CorruptObject", { ...nameOf(file), index, batchId: part.batchId });
};
