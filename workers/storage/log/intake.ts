/**
 * What anybody may send. A segment is hashed before anything is written; then its bytes are made durable in a slot, and
 * only then a transaction names the slot. A crash before that leaves the slot free, after it the segment whole.
 */
import { crashpoint } from "../../../adapters/crashpoint.ts";
import type { Transaction } from "../../../adapters/store.ts";
import { ZgError } from "../../../protocol/errors.ts";
import {
  checkProof,
  type FileProof,
  type FileShape,
  type KnownNode,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
} from "../../../protocol/file.ts";
import { equalBytes, toHex } from "../../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../../protocol/params.ts";
import { growCached, mustFitCache } from "./cache.ts";
import { type Core, readIn, setComplete, shardIn, wants } from "./core.ts";
import { nodesIn } from "./layers.ts";
import { putNodes } from "./nodes.ts";
import { leafOf, nameOf } from "./read.ts";
import { setSlot, setTaken, slotAt } from "./segments.ts";
import { fileKey, isCached, isNamed, placesOf, putRecord, type Read, recordOf, seqKey } from "./tables.ts";
import type { FileRef, Usage } from "./types.ts";
import { addUsed, usedBy } from "./used.ts";

export const createIntake = (core: Core, usage: (at?: Read) => Usage) => {
  const { store, slots, read, log } = core;

  /** Of a file's names, what decides whether it is taken. undefined: it has none. */
  const standing = (file: FileRef, index?: number) => {
    const standing = { any: false, segments: false, wanted: index === undefined, pending: false };
    for (const name of placesOf(store, file, core.shard())) {
      standing.segments = true;
      if (index !== undefined && wants(core.shard(), name, index)) standing.wanted = true;
      if (read("pending", seqKey(name.txSeq)) !== undefined) standing.pending = true;
      if (standing.wanted && standing.pending) break;
    }
    standing.any = standing.segments || isNamed(store, file);
    return standing;
  };

  const mustTake = (file: FileRef, index?: number, bytes?: number): { shape: FileShape; finalized: boolean } => {
    const shape = shapeOf(file.length);
    if (index !== undefined) {
      const expected = segmentBytes(shape, index);
      if (bytes !== undefined && bytes !== expected) {
        throw new ZgError("LengthMismatch", { index, expected, actual: Number.isFinite(bytes) ? bytes : "unknown" });
      }
    }
    const { any, segments, wanted, pending } = standing(file, index);
    if (!any) mustFitCache(read, file);
    else if (!segments) throw new ZgError("BadRequest", { root: file.root, why: "DAEntrance's files come as batches" });
    else if (!wanted) throw new ZgError("NotInShard", { root: file.root, index: index ?? -1, ...core.shard() });
    const finalized = any && !pending;
    if (!finalized) mustHaveRoom(any, usedBy(shape, index ?? 0));
    return { shape, finalized };
  };

  /** Files without entries get what the others leave; for the others they go. */
  const mustHaveRoom = (named: boolean, more: number, at = read): void => {
    const { sectors, cached, quota } = usage(at);
    const taken = named ? sectors : sectors + cached * SECTORS_PER_SEGMENT;
    if (quota !== null && taken + more > quota) throw new ZgError("QuotaExceeded", { sectors: taken, quota });
  };

  /** In the transaction, whatever came to pass since the bytes were looked at. */
  const admit = (tx: Transaction, file: FileRef, index: number | undefined, held: number): void => {
    const shard = shardIn(tx, core);
    let named = false;
    for (const name of placesOf(store, file, shard)) {
      named = true;
      if (index === undefined || wants(shard, name, index)) return;
    }
    if (named) throw new ZgError("NotInShard", { root: file.root, index: index ?? -1, ...shard });
    growCached(core, tx, file, held);
  };

  /** Puts nodes that have been verified. Returns how many roots of data segments are new. */
  const learn = (tx: Transaction, file: FileRef, shape: FileShape, nodes: Iterable<KnownNode>): number => {
    let roots = 0;
    if (shape.paddedSegments === 1) return roots;
    putNodes(tx, "nodes", `${fileKey(file)}/`, nodes, ({ level, index }) => {
      if (level === 0 && index < shape.segments) roots += 1;
    });
    return roots;
  };

  const verify = (file: FileRef, shape: FileShape, index: number, data: Uint8Array, proof?: FileProof): KnownNode[] => {
    const leaf = segmentRootOf(data, segmentSectors(shape, index));
    const known = leafOf(read, file, shape, index);
    const siblings = proof === undefined ? [] : checkProof(shape, index, leaf, file.root, proof);
    if (known === undefined && proof === undefined) {
      throw new ZgError("NotStored", { root: file.root, index, why: "the roots of its segments are not known" });
    }
    if (known !== undefined && !equalBytes(known, leaf)) {
      throw new ZgError("BadProof", { why: "segment root", index, expected: toHex(known), actual: toHex(leaf) });
    }
    return [{ level: 0, index, hash: leaf }, ...siblings];
  };

  const keep = async (file: FileRef, shape: FileShape, index: number, data: Uint8Array, nodes: KnownNode[]) => {
    const slot = slots.take();
    let done: number[] | undefined;
    try {
      await slots.write(slot, data);
      crashpoint("segment-durable-not-recorded");
      done = await store.write((tx) => {
        if (slotAt(readIn(tx), file, index) !== undefined) return undefined;
        const known = recordOf(readIn(tx), file);
        const record = { held: known.held + 1, roots: known.roots + learn(tx, file, shape, nodes) };
        admit(tx, file, index, record.held);
        const [named, more] = [!isCached(readIn(tx), file), usedBy(shape, index)];
        if (named) {
          mustHaveRoom(named, more, readIn(tx));
          addUsed(tx, more);
        }
        putRecord(tx, file, record);
        setSlot(tx, file, index, slot);
        setTaken(tx, slot, true);
        return setComplete(core, tx, file, index, record.held);
      });
    } finally {
      if (done === undefined) slots.free(slot);
    }
    if (done === undefined) return false;
    for (const txSeq of done) core.emit({ type: "finalized", txSeq });
    if (done.length > 0) log.debug({ root: file.root, length: file.length, entries: done.length }, "file is whole");
    return true;
  };

  const running = new Map<string, Promise<boolean>>();
  return {
    open: (file: FileRef, index?: number, bytes?: number): void => {
      if (mustTake(file, index, bytes).finalized) throw new ZgError("AlreadyFinalized", { ...nameOf(file) });
    },
    putRoots: async (file: FileRef, roots: Uint8Array): Promise<void> => {
      const { shape } = mustTake(file);
      const root = rootOfSegments(roots, shape);
      if (root !== file.root) throw new ZgError("BadProof", { why: "root", expected: file.root, actual: root });
      if (recordOf(read, file).roots === shape.segments || shape.paddedSegments === 1) return;
      await store.write((tx) => {
        const { held, roots: known } = recordOf(readIn(tx), file);
        admit(tx, file, undefined, held);
        putRecord(tx, file, { held, roots: known + learn(tx, file, shape, nodesIn(roots)) });
      });
    },
    putSegment: async (file: FileRef, index: number, data: Uint8Array, proof?: FileProof): Promise<boolean> => {
      const { shape } = mustTake(file, index, data.length);
      const nodes = verify(file, shape, index, data, proof);
      if (slotAt(read, file, index) !== undefined) return false;
      const key = `${fileKey(file)}/${index}`;
      const same = running.get(key);
      if (same !== undefined) return same.then(() => false);
      const put = keep(file, shape, index, data, nodes).finally(() => running.delete(key));
      running.set(key, put);
      return put;
    },
    /** When what is under way has ended. */
    idle: async (): Promise<void> => {
      await Promise.allSettled(running.values());
    },
  };
};

export type Intake = ReturnType<typeof createIntake>;
