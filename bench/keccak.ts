import { keccak_256 } from "@noble/hashes/sha3.js";
import { keccakEach } from "../protocol/keccak.ts";
import { cellRootsOf, segmentRootsOf } from "../protocol/tree.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, report } from "./measure.ts";

// One segment: 1,024 sectors and 1,023 nodes.
const segment = payloadOf("segment", 262_144);

function noble(): Uint8Array {
  let layer: Uint8Array[] = Array.from({ length: 1024 }, (_, i) =>
    keccak_256(segment.subarray(i * 256, (i + 1) * 256)),
  );
  while (layer.length > 1) {
    layer = Array.from({ length: layer.length / 2 }, (_, i) =>
      keccak_256
        .create()
        .update(layer[2 * i]!)
        .update(layer[2 * i + 1]!)
        .digest(),
    );
  }
  return layer[0]!;
}

const ours = { what: "WebAssembly, flat arrays", run: () => segmentRootsOf(cellRootsOf(segment)) };
const peer = { what: "@noble/hashes, the usual choice in JavaScript", run: noble };
if (Buffer.compare(ours.run(), peer.run()) !== 0) throw new Error("the two disagree");
const times = await compare(ours, peer, 15);
const leaves = await compare({ what: "", run: () => keccakEach(segment, 2048) }, { what: "", run: () => null }, 15);
report("keccak", "the merkle tree of one row (256 KiB)", ours, peer, times, {
  mbPerSecondOver2KiB: (0.262144 / (leaves.ours / 1000)).toFixed(0),
});
