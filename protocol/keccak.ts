import { createKeccak } from "hash-wasm";
import { type Hex, toHex } from "./hex.ts";

// WebAssembly: a JavaScript keccak would be the bottleneck of the whole encoder (bench/keccak.ts).
const hasher = await createKeccak(256);

export function keccak(bytes: Uint8Array): Uint8Array {
  return hasher.init().update(bytes).digest("binary");
}

export function keccakHex(bytes: Uint8Array): Hex {
  return toHex(keccak(bytes));
}

/** keccak of an ASCII label: how domain tags are made. */
export function keccakText(text: string): Uint8Array {
  return keccak(new TextEncoder().encode(text));
}

/**
 * Hashes every `size` bytes of `data` on their own.
 *
 * @returns (data.length / size) × 32 bytes
 */
export function keccakEach(data: Uint8Array, size: number): Uint8Array {
  const count = data.length / size;
  const out = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) out.set(keccak(data.subarray(i * size, (i + 1) * size)), i * 32);
  return out;
}
