/** The way from a seal to the log's root, from a storage node that is not trusted. */
import { ZgError } from "../../protocol/errors.ts";
import { levelsOf, type SectorProof } from "../../protocol/flowTree.ts";
import { concat, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { SEAL_LEVEL } from "../../protocol/seal.ts";
import { holds, segmentInLog } from "../../protocol/shard.ts";
import type { Peers } from "../peers.ts";

export interface SealPlace {
  /** First sector of the seal. */
  readonly position: number;
  /** Of the log in the epoch's context. */
  readonly flowRoot: Hex;
  readonly flowLength: number;
}

export interface SealProof {
  /** What the log has there: root of the seal's sectors. */
  readonly root: Uint8Array;
  /** Siblings from there up. */
  readonly path: readonly Uint8Array[];
}

/** A node may be on another fork for a moment, or have no such root yet: then it has not got this proof, and has not lied. */
export const fetchProof = (peers: Pick<Peers, "ask">, place: SealPlace, signal: AbortSignal): Promise<SealProof> =>
  peers.ask(
    {
      ...{ what: `proof of the seal at ${place.position}`, about: `${place.flowRoot}/${place.position}`, bytes: 0 },
      heldBy: (shard) => holds(shard, segmentInLog(place.position, 0)),
      ask: async (node, call) => sealProofOf(await node.sectorProof(place.position, place.flowRoot, call), place),
    },
    signal,
  );

/** The part of a sector's proof above its seal; `NotStored` unless it leads to the root by a path of the right length. */
export const sealProofOf = ({ lemma, path }: SectorProof, { position, flowRoot, flowLength }: SealPlace): SealProof => {
  const depth = levelsOf(flowLength);
  if (path.length !== depth || lemma.length !== depth + 2) {
    throw new ZgError("NotStored", { position, why: "a path of another length", expected: depth, actual: path.length });
  }
  let node = fromHex(lemma[0] as Hex, HASH_BYTES);
  let root = node;
  const siblings = lemma.slice(1, -1).map((hash) => fromHex(hash, HASH_BYTES));
  for (const [level, sibling] of siblings.entries()) {
    if (level === SEAL_LEVEL) root = node;
    const left = Math.floor(position / 2 ** level) % 2 === 0;
    if (path[level] !== left) throw new ZgError("NotStored", { position, why: "the path of another sector" });
    node = keccak(left ? concat(node, sibling) : concat(sibling, node));
  }
  if (toHex(node) !== flowRoot) throw new ZgError("NotStored", { position, flowRoot, why: "not this root" });
  return { root, path: siblings.slice(SEAL_LEVEL) };
};
