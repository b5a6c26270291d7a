/** From any sector of the log up to the log's root as it was after any entry: what `Flow.getFlowRootByTxSeq` says. */
import { ZgError } from "../../../protocol/errors.ts";
import { type FileShape, sectorHashesOf, segmentSectors, shapeOf } from "../../../protocol/file.ts";
import { pathAt, type SectorProof } from "../../../protocol/flowTree.ts";
import { toHex } from "../../../protocol/hex.ts";
import { HASH_BYTES, SECTORS_PER_SEGMENT, SEGMENT_LEVEL } from "../../../protocol/params.ts";
import { ZERO_HASHES } from "../../../protocol/tree.ts";
import type { Core } from "./core.ts";
import { type Entries, nodesOf } from "./entries.ts";
import { layersOf } from "./layers.ts";
import type { Reader } from "./read.ts";
import { entryAt, type StoredEntry } from "./tables.ts";

/** The way from a sector to a node of the log's tree that is stored. */
interface Climb {
  readonly leaf: Uint8Array;
  readonly siblings: readonly Uint8Array[];
}

export const createSectorProof = (core: Core, entries: Entries, reader: Reader) => {
  const nodes = nodesOf(core.read);

  const inEntry = async (entry: StoredEntry, sector: number): Promise<Climb> => {
    const shape = shapeOf(entry.length);
    const offset = sector - entry.start;
    let [from, height] = [0, 0];
    for (const node of entry.nodes) {
      height = node.height;
      if (offset < from + 2 ** height) break;
      from += 2 ** height;
    }
    const index = Math.floor(offset / SECTORS_PER_SEGMENT);
    const hashes = await sectorHashes(entry, shape, index);
    // Within its node, or as far as the segment goes: a power of two of sectors either way.
    const [size, start] = height < SEGMENT_LEVEL ? [2 ** height, from % SECTORS_PER_SEGMENT] : [SECTORS_PER_SEGMENT, 0];
    const layers = layersOf(hashes.subarray(start * HASH_BYTES, (start + size) * HASH_BYTES));
    const place = (offset % SECTORS_PER_SEGMENT) - start;
    const siblings = layers.slice(0, -1).map((layer, level) => hashAt(layer, siblingOf(place, level)));
    const node = reader.node(entry, shape);
    for (let level = 0; level < height - SEGMENT_LEVEL; level++) {
      const hash = node(level, siblingOf(index, level));
      if (hash === undefined) throw new ZgError("NotStored", { root: entry.root, index, what: "proof" });
      siblings.push(hash);
    }
    return { leaf: hashAt(layers[0] as Uint8Array, place), siblings };
  };

  const sectorHashes = async (entry: StoredEntry, shape: FileShape, index: number): Promise<Uint8Array> => {
    const data = index < shape.segments ? await reader.segment(entry, index) : new Uint8Array();
    return sectorHashesOf(data, segmentSectors(shape, index));
  };

  /** No entry covers it: below the node that fills the gap all is empty. */
  const inGap = (sector: number): Climb => {
    if (sector === 0) return { leaf: new Uint8Array(HASH_BYTES), siblings: [] };
    const siblings: Uint8Array[] = [];
    while (nodes.get(siblings.length, Math.floor(sector / 2 ** siblings.length)) === undefined) {
      const empty = ZERO_HASHES[siblings.length];
      if (empty === undefined) throw new ZgError("CorruptObject", { what: "the log's tree", sector });
      siblings.push(empty);
    }
    return { leaf: ZERO_HASHES[0] as Uint8Array, siblings };
  };

  return async (sector: number, txSeq = entries.tip().nextTxSeq - 1): Promise<SectorProof> => {
    const last = entryAt(core.read, txSeq);
    if (last === undefined) throw new ZgError("UnknownEntry", { txSeq });
    const length = last.start + last.sectors;
    if (!Number.isSafeInteger(sector) || sector < 0 || sector >= length) {
      throw new ZgError("BadRequest", { sector, txSeq, length });
    }
    const entry = entries.entryOver(sector);
    const { leaf, siblings } = entry === undefined ? inGap(sector) : await inEntry(entry, sector);
    const level = siblings.length;
    const above = pathAt(nodes, length, level, Math.floor(sector / 2 ** level));
    const all = [...siblings, ...above];
    return {
      lemma: [leaf, ...all].map((hash) => toHex(hash)).concat(last.flowRoot),
      path: all.map((_, at) => Math.floor(sector / 2 ** at) % 2 === 0),
    };
  };
};

const siblingOf = (index: number, level: number): number => {
  const at = Math.floor(index / 2 ** level);
  return at % 2 === 0 ? at + 1 : at - 1;
};

const hashAt = (layer: Uint8Array, index: number): Uint8Array =>
  layer.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
