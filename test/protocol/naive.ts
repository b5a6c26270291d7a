import { concat } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";

/** The definitions once more, as short as they can be: what the fast code is compared with. */
export function naiveRoot(leaves: readonly Uint8Array[], empty: Uint8Array): Uint8Array {
  let layer = [...leaves];
  let filler = empty;
  while (layer.length > 1) {
    if (layer.length % 2 === 1) layer.push(filler);
    const above: Uint8Array[] = [];
    for (let i = 0; i < layer.length; i += 2) above.push(keccak(concat(layer[i]!, layer[i + 1]!)));
    filler = keccak(concat(filler, filler));
    layer = above;
  }
  return layer[0]!;
}

export function naivePath(leaves: readonly Uint8Array[], empty: Uint8Array, index: number): Uint8Array[] {
  const depth = Math.ceil(Math.log2(leaves.length));
  const padded = [...leaves];
  while (padded.length < 2 ** depth) padded.push(empty);
  return Array.from({ length: depth }, (_, level) => {
    const start = ((index >> level) ^ 1) << level;
    return naiveRoot(padded.slice(start, start + 2 ** level), empty);
  });
}

export function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}
