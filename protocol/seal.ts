/**
 * The seal: 16 sectors of the log, masked for one miner so that nobody else can answer with them.
 *
 * Word i is stored as sealed_i = word_i ⊕ mask_i, with mask_0 = keccak(minerId ‖ context ‖ position) and
 * mask_(i+1) = keccak(sealed_i): sealing goes word by word, unsealing need not.
 */
import { ZgError } from "./errors.ts";
import { concat, equalBytes, fromHex, type Hex, word } from "./hex.ts";
import { keccak, keccakEach } from "./keccak.ts";
import { HASH_BYTES, SECTOR_BYTES, SECTORS_PER_SEGMENT } from "./params.ts";

export const SECTORS_PER_SEAL = 16;
export const SEAL_BYTES = SECTORS_PER_SEAL * SECTOR_BYTES; // 4,096
/** Level of the log's tree at which the root of a seal stands. */
export const SEAL_LEVEL = 4;
const EMPTY = new Uint8Array(SEAL_BYTES);
/** A load is what one trial reads: a segment, 256 KiB. */
export const SEALS_PER_LOAD = SECTORS_PER_SEGMENT / SECTORS_PER_SEAL; // 64

/** Whom, by which context and for which place a seal is made. */
export interface SealKey {
  readonly minerId: Hex;
  /** Digest of the context that sealed the seal's last sector. */
  readonly contextDigest: Hex;
  /** The seal's first sector in the log. */
  readonly position: number;
}

export function seal(data: Uint8Array, key: SealKey): Uint8Array {
  checkLength(data);
  const out = data.slice();
  let mask = firstMask(key);
  for (let at = 0; at < out.length; at += HASH_BYTES) {
    const own = out.subarray(at, at + HASH_BYTES);
    xorInto(own, mask);
    mask = keccak(own);
  }
  return out;
}

export function unseal(sealed: Uint8Array, key: SealKey): Uint8Array {
  checkLength(sealed);
  const out = sealed.slice();
  xorInto(out.subarray(0, HASH_BYTES), firstMask(key));
  // All other masks are hashes of what is at hand.
  xorInto(out.subarray(HASH_BYTES), keccakEach(sealed.subarray(0, SEAL_BYTES - HASH_BYTES), HASH_BYTES));
  return out;
}

/** Root of a seal's 16 sectors, unsealed: a node of the log's tree. */
export function sealRootOf(data: Uint8Array): Uint8Array {
  checkLength(data);
  let nodes = keccakEach(data, SECTOR_BYTES);
  while (nodes.length > HASH_BYTES) nodes = keccakEach(nodes, 2 * HASH_BYTES);
  return nodes;
}

/** Nothing but zeros: the chain refuses such an answer, for padding needs no disk. */
export function isEmptySeal(data: Uint8Array): boolean {
  checkLength(data);
  return equalBytes(data, EMPTY);
}

function firstMask({ minerId, contextDigest, position }: SealKey): Uint8Array {
  if (!Number.isSafeInteger(position) || position < 0) throw new ZgError("BadRequest", { position });
  return keccak(concat(fromHex(minerId, HASH_BYTES), fromHex(contextDigest, HASH_BYTES), word(position)));
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length !== SEAL_BYTES) throw new ZgError("LengthMismatch", { expected: SEAL_BYTES, actual: bytes.length });
}

function xorInto(target: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) ^ (mask[i] as number);
}
