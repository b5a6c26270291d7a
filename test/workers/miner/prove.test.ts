import { expect } from "chai";
import type { SectorProof } from "../../../protocol/flowTree.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { sealRootOf } from "../../../protocol/seal.ts";
import { sealProofOf } from "../../../workers/miner/prove.ts";
import { refusal } from "../../protocol/refusal.ts";
import { createWorld } from "./world.ts";

const world = createWorld();
for (const bytes of [300_000, 700, 5_000, 262_144]) world.submit(bytes);
const place = (position: number) => ({ position, flowRoot: world.root(), flowLength: world.length() });

describe("the proof of a seal", () => {
  it("is the part of a sector's proof above the seal, wherever it lies", () => {
    for (const position of [16, 1024, 1040, 2032, 2192, 3072, 4080]) {
      const proof = sealProofOf(world.proof(position), place(position));
      expect(toHex(proof.root)).to.equal(toHex(sealRootOf(world.data(position, position + 16))));
      expect(proof.path).to.have.length(Math.ceil(Math.log2(world.length())) - 4);
    }
  });

  it("is refused when any part of it is another's, and nobody is called a liar for it", () => {
    const honest = world.proof(1040);
    const flip = (hash: Hex): Hex => `0x${hash[2] === "0" ? "1" : "0"}${hash.slice(3)}`;
    const twisted: SectorProof[] = [
      ...honest.lemma
        .slice(0, -1)
        .map((_, i) => ({ ...honest, lemma: honest.lemma.map((h, j) => (i === j ? flip(h) : h)) })),
      ...honest.path.map((_, i) => ({ ...honest, path: honest.path.map((left, j) => (i === j ? !left : left)) })),
      { lemma: honest.lemma.slice(1), path: honest.path.slice(1) },
      { lemma: [...honest.lemma, world.root()], path: [...honest.path, true] },
      { lemma: [], path: [] },
      world.proof(1056),
    ];
    for (const proof of twisted) expect(refusal(() => sealProofOf(proof, place(1040)))).to.equal("NotStored");
    expect(refusal(() => sealProofOf(honest, { ...place(1040), flowLength: 100_000 }))).to.equal("NotStored");
    expect(refusal(() => sealProofOf(honest, { ...place(1040), flowRoot: flip(world.root()) }))).to.equal("NotStored");
  });
});
