/** Sealing and mining as one writes them with the usual libraries: what the kernel is measured against, and must agree with. */
import { blake2b } from "@noble/hashes/blake2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { AbiCoder, getBytes, keccak256 } from "ethers";
import type { Hex } from "../protocol/hex.ts";
import type { MineWork } from "../protocol/pora.ts";

const coder = AbiCoder.defaultAbiCoder();

/** Any hash of 64 bytes, and any of 256 bits: native ones in the place of JavaScript's show what those cost. */
export interface Hashes {
  readonly blake2b: (bytes: Uint8Array) => Uint8Array;
  readonly keccak: (bytes: Uint8Array) => Uint8Array;
}
export const NOBLE: Hashes = { blake2b: (bytes) => blake2b(bytes), keccak: keccak_256 };

export function plainSeal(load: Uint8Array, minerId: Hex, context: Hex, startSector: number): Uint8Array {
  const out = load.slice();
  for (let at = 0; at < out.length; at += 4096) {
    const position = startSector + at / 256;
    let mask = getBytes(keccak256(coder.encode(["bytes32", "bytes32", "uint256"], [minerId, context, position])));
    for (let word = at; word < at + 4096; word += 32) {
      for (let i = 0; i < 32; i++) out[word + i]! ^= mask[i]!;
      mask = keccak_256(out.subarray(word, word + 32));
    }
  }
  return out;
}

/** The qualities of a trial's 64 tickets; `read` gives the load that it draws. Of a range that is not sharded. */
export function plainTrial(
  { minerId, subtaskDigest, range }: MineWork,
  nonce: Uint8Array,
  read: (load: number) => Uint8Array,
  hashes: Hashes,
): Uint8Array[] {
  const { startPosition, mineLength, shardId, shardMask } = range;
  const digest = keccak256(
    coder.encode(["uint256", "uint256", "uint64", "uint64"], [startPosition, mineLength, shardId, shardMask]),
  );
  const seed = hashes.blake2b(Buffer.concat([getBytes(minerId), nonce, getBytes(subtaskDigest), getBytes(digest)]));
  const pad = new Uint8Array(16_384);
  const state = Uint8Array.from(seed);
  for (let at = 0; at < pad.length; at += 64) {
    state.set(hashes.keccak(state), 0);
    state.set(hashes.keccak(state), 32);
    pad.set(state, at);
  }
  const drawn = BigInt(`0x${Buffer.from(hashes.keccak(state)).toString("hex")}`) % BigInt(mineLength / 1024);
  const load = read(startPosition / 1024 + Number(drawn));
  const message = new Uint8Array(128 + 4096);
  message.set(seed, 32);
  return Array.from({ length: 64 }, (_, seal) => {
    message[31] = seal;
    const part = (seal % 4) * 4096;
    for (let i = 0; i < 4096; i++) message[128 + i] = load[seal * 4096 + i]! ^ pad[part + i]!;
    return hashes.blake2b(message).subarray(0, 32);
  });
}
