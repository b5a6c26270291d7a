/**
 * Proof of random access, version 1: what a miner computes and PoraMine computes again.
 *
 * A trial is a nonce. Blake2b of (minerId, nonce, subtask, range) seeds a pad of 16 KiB; what comes after the pad draws a
 * load of the range; each of the load's 64 seals, mixed with its part of the pad, is a ticket. The first half of
 * Blake2b(number of the seal ‖ seed ‖ 32 zero bytes ‖ mixed seal), as a number, is its quality: the lower the better.
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { bigToBytes, bytesToBig, concat, fromHex, type Hex, toHex, word } from "./hex.ts";
import { keccak, keccakHex } from "./keccak.ts";
import { HASH_BYTES } from "./params.ts";
import { type RecallRange, rangeDigest, recallPositionOf } from "./recallRange.ts";
import { SEALS_PER_PAD, scratchPadOf } from "./scratchPad.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, SECTORS_PER_SEAL } from "./seal.ts";

/** Digest of an epoch without mining. */
export const NO_MINING: Hex = keccakHex(new Uint8Array(0));

/** Proof of one ticket, in 0G's fields. */
export interface PoraAnswer {
  readonly contextDigest: Hex;
  readonly nonce: Hex;
  readonly minerId: Hex;
  readonly range: RecallRange;
  /** The seal's first sector in the log. */
  readonly recallPosition: number;
  /** Its number in its load. */
  readonly sealOffset: number;
  /** Digest of the context that sealed its last sector. */
  readonly sealedContextDigest: Hex;
  /** 128 words. */
  readonly sealedData: readonly Hex[];
  /** Siblings from the seal's root up to the root of the log in the epoch's context. */
  readonly merkleProof: readonly Hex[];
}

/** The id that `requestMinerId` gives. */
export function minerIdOf(lastBlockHash: Hex, sender: Hex, seed: bigint): Hex {
  return keccakHex(concat(fromHex(lastBlockHash, HASH_BYTES), fromHex(sender, 20), bigToBytes(seed, 8)));
}

export function contextDigestOf(blockHash: Hex, flowRoot: Hex, flowLength: number): Hex {
  return keccakHex(concat(fromHex(blockHash, HASH_BYTES), fromHex(flowRoot, HASH_BYTES), word(flowLength)));
}

/** Which subtask of an epoch a miner has. It may answer in the blocks after the subtask's first. */
export function subtaskIndexOf(contextDigest: Hex, minerId: Hex, subtasks: number): number {
  const hash = keccak(concat(fromHex(contextDigest, HASH_BYTES), fromHex(minerId, HASH_BYTES)));
  return Number(bytesToBig(hash) % BigInt(subtasks));
}

export function subtaskDigestOf(contextDigest: Hex, startBlockHash: Hex): Hex {
  return keccakHex(concat(fromHex(contextDigest, HASH_BYTES), fromHex(startBlockHash, HASH_BYTES)));
}

/** What all trials of a miner in one epoch share. */
export interface MineWork {
  readonly minerId: Hex;
  readonly subtaskDigest: Hex;
  readonly range: RecallRange;
}

export interface Trial {
  /** 64 bytes. */
  readonly padSeed: Uint8Array;
  /** 16,384 bytes. */
  readonly pad: Uint8Array;
  /** First sector of the load that is drawn; undefined: beyond the range, a lost trial. */
  readonly position: number | undefined;
}

export function trialOf(work: MineWork, nonce: Hex): Trial {
  const padSeed = blake2b(
    concat(
      fromHex(work.minerId, HASH_BYTES),
      fromHex(nonce, HASH_BYTES),
      fromHex(work.subtaskDigest, HASH_BYTES),
      rangeDigest(work.range),
    ),
  );
  const { pad, recallSeed } = scratchPadOf(padSeed);
  return { padSeed, pad, position: recallPositionOf(work.range, recallSeed) };
}

/**
 * Quality of one ticket.
 *
 * @param sealed the seal as it is stored, 4,096 bytes
 * @param sealOffset its number in its load
 */
export function qualityOf({ padSeed, pad }: Trial, sealed: Uint8Array, sealOffset: number): bigint {
  const message = concat(word(sealOffset), padSeed, new Uint8Array(HASH_BYTES), sealed);
  const mixed = message.subarray(message.length - SEAL_BYTES);
  const part = pad.subarray((sealOffset % SEALS_PER_PAD) * SEAL_BYTES);
  for (let i = 0; i < SEAL_BYTES; i++) mixed[i] = (mixed[i] as number) ^ (part[i] as number);
  return bytesToBig(blake2b(message).subarray(0, HASH_BYTES));
}

export interface Ticket {
  readonly sealOffset: number;
  readonly position: number;
  readonly quality: bigint;
  readonly sealed: Uint8Array;
}

/**
 * The tickets of a trial that are good enough.
 *
 * @param load its seals as they are stored; undefined for one that the miner does not hold or that is empty
 * @param target scaled for the range
 */
export function* ticketsOf(
  trial: Trial,
  load: readonly (Uint8Array | undefined)[],
  target: bigint,
): Generator<Ticket, void, undefined> {
  if (trial.position === undefined) return;
  for (let sealOffset = 0; sealOffset < SEALS_PER_LOAD; sealOffset++) {
    const sealed = load[sealOffset];
    if (sealed === undefined) continue;
    const quality = qualityOf(trial, sealed, sealOffset);
    const position = trial.position + sealOffset * SECTORS_PER_SEAL;
    if (quality <= target) yield { sealOffset, position, quality, sealed };
  }
}

/** The answer that a ticket makes. */
export function answerOf(
  ticket: Ticket,
  work: MineWork & { readonly contextDigest: Hex },
  nonce: Hex,
  proof: { readonly sealedContextDigest: Hex; readonly path: readonly Uint8Array[] },
): PoraAnswer {
  const words = Array.from({ length: SEAL_BYTES / HASH_BYTES }, (_, i) =>
    toHex(ticket.sealed.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
  );
  return {
    contextDigest: work.contextDigest,
    nonce,
    minerId: work.minerId,
    range: work.range,
    recallPosition: ticket.position,
    sealOffset: ticket.sealOffset,
    sealedContextDigest: proof.sealedContextDigest,
    sealedData: words,
    merkleProof: proof.path.map(toHex),
  };
}
