import { concat } from "../../../protocol/hex.ts";
import { keccakEach } from "../../../protocol/keccak.ts";
import { HASH_BYTES } from "../../../protocol/params.ts";
import type { Node } from "./nodes.ts";

/** A file's tree level by level from the roots of its segments; what has no right sibling stands in several. */
export const layersOf = (roots: Uint8Array): Uint8Array[] => {
  const layers = [roots];
  for (let layer = roots; layer.length > HASH_BYTES; layers.push(layer)) {
    const paired = layer.length - (layer.length % (2 * HASH_BYTES));
    const above = keccakEach(layer.subarray(0, paired), 2 * HASH_BYTES);
    layer = paired === layer.length ? above : concat(above, layer.subarray(paired));
  }
  return layers;
};

/** The nodes of a file's tree, each by the lowest level it stands at. */
export function* nodesIn(roots: Uint8Array): Generator<Node, void, undefined> {
  let own = roots.length / HASH_BYTES;
  for (const [level, layer] of layersOf(roots).entries()) {
    for (let index = 0; index < own; index++) {
      yield { level, index, hash: layer.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES) };
    }
    own = Math.floor(layer.length / HASH_BYTES / 2);
  }
}
