import { keccak } from "./keccak.ts";
import { HASH_BYTES } from "./params.ts";
import { SEAL_BYTES } from "./seal.ts";

const STATE_BYTES = 2 * HASH_BYTES;
export const SEALS_PER_PAD = 4;
export const PAD_BYTES = SEALS_PER_PAD * SEAL_BYTES; // 16,384

export interface ScratchPad {
  /** What is mixed into the seals of a load, over and over: 16,384 bytes. */
  readonly pad: Uint8Array;
  /** Draws the load, and is known only when the whole pad is made. */
  readonly recallSeed: Uint8Array;
}

/**
 * The pad of one trial: 256 states of 64 bytes; from (a ‖ b) the next one is a' = keccak(a ‖ b), b' = keccak(a' ‖ b).
 *
 * @param seed 64 bytes
 */
export function scratchPadOf(seed: Uint8Array): ScratchPad {
  const pad = new Uint8Array(PAD_BYTES);
  const state = seed.slice();
  for (let at = 0; at < PAD_BYTES; at += STATE_BYTES) {
    state.set(keccak(state), 0);
    state.set(keccak(state), HASH_BYTES);
    pad.set(state, at);
  }
  return { pad, recallSeed: keccak(state) };
}
