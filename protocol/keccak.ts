import { createKeccak } from "hash-wasm";
import { type Hex, toHex } from "./hex.ts";
import { HEAP, HEAP_BYTES, openKeccakPairs } from "./keccakWasm.ts";

// WebAssembly: a keccak in JavaScript would be the bottleneck of the whole encoder (bench/keccak.ts).
const hasher = await createKeccak(256);

export function keccak(bytes: Uint8Array): Uint8Array {
  return hasher.init().update(bytes).digest("binary");
}

export function keccakHex(bytes: Uint8Array): Hex {
  return toHex(keccak(bytes));
}

export interface KeccakStream {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** keccak of bytes that come in pieces. A stream is a state of some hundred bytes, not a WebAssembly memory of its own. */
export function keccakStream(): KeccakStream {
  let state = hasher.init().save();
  return {
    update(bytes) {
      hasher.load(state).update(bytes);
      state = hasher.save();
    },
    digest: () => hasher.load(state).digest("binary"),
  };
}

/** keccak of an ASCII label: how domain tags are made. */
export function keccakText(text: string): Uint8Array {
  return keccak(new TextEncoder().encode(text));
}

const pairs = openKeccakPairs();
const heap = new Uint8Array(pairs.memory.buffer).subarray(HEAP, HEAP + HEAP_BYTES);

/**
 * Hashes every `size` bytes of `data` on their own, two messages at a time.
 *
 * @param size a multiple of 8
 * @returns (data.length / size) × 32 bytes
 */
export function keccakEach(data: Uint8Array, size: number): Uint8Array {
  const count = data.length / size;
  const out = new Uint8Array(count * 32);
  const batch = 2 * Math.floor(HEAP_BYTES / (2 * (size + 32)));
  for (let from = 0; from < count; from += batch) {
    const messages = Math.min(batch, count - from);
    heap.set(data.subarray(from * size, (from + messages) * size));
    // Of an odd number the last has a neighbour of old bytes, whose digest is not read.
    const digests = batch * size;
    pairs.hash(HEAP, HEAP + digests, Math.ceil(messages / 2), size);
    out.set(heap.subarray(digests, digests + messages * 32), from * 32);
  }
  return out;
}
