import { expect } from "chai";
import fc from "fast-check";
import {
  checkProof,
  emptyNodeOf,
  emptyRootOf,
  type FileShape,
  fileIdOf,
  fileNodesOf,
  nodeAt,
  proofFrom,
  proofOf,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
  siblingsOf,
  submissionOfSegments,
} from "../../protocol/file.ts";
import { fileRootOf, submissionOfBytes } from "../../protocol/flow.ts";
import { concat, type Hex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { chunks } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

/** The tree in one sentence: the left side takes the largest power of two that leaves something for the right. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const left = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return keccak(concat(plainRoot(leaves.slice(0, left)), plainRoot(leaves.slice(left))));
}

interface Sample {
  readonly shape: FileShape;
  readonly segments: readonly Uint8Array[];
  readonly roots: Uint8Array;
  readonly root: Hex;
}

/** A file with its segments' roots: random bytes at the ends of each segment, zeros between, which hash as fast. */
function sampleOf(length: number): Sample {
  const shape = shapeOf(length);
  const bytes = new Uint8Array(shape.sectors * 256);
  for (let i = 0; i < shape.segments; i++) {
    const random = payloadOf(`file ${length} ${i}`, 300).subarray(0, Math.min(300, length - i * 262_144));
    bytes.set(random, i * 262_144);
  }
  const segments = Array.from({ length: shape.segments }, (_, i) =>
    bytes.subarray(i * 262_144, i * 262_144 + segmentBytes(shape, i)),
  );
  const roots = concat(
    ...Array.from({ length: shape.paddedSegments }, (_, i) => {
      const data = segments[i];
      return data === undefined ? emptyRootOf(shape, i) : segmentRootOf(data, segmentSectors(shape, i));
    }),
  );
  return { shape, segments, roots, root: rootOfSegments(roots, shape) };
}

const leafOf = ({ roots }: Sample, index: number): Uint8Array => roots.subarray(index * 32, (index + 1) * 32);

describe("file", () => {
  it("pads and cuts as 0G does", () => {
    expect(shapeOf(1)).to.deep.equal({
      length: 1,
      sectors: 1,
      padded: 1,
      segments: 1,
      paddedSegments: 1,
      heights: [0],
    });
    expect(shapeOf(1 << 20)).to.include({ sectors: 4096, padded: 4096, segments: 4, paddedSegments: 4 });
    // One sector more costs 511 of padding, half a segment.
    expect(shapeOf((1 << 20) + 17)).to.include({ sectors: 4097, padded: 4608, segments: 5, paddedSegments: 5 });
    expect(segmentSectors(shapeOf((1 << 20) + 17), 4)).to.equal(512);
    expect(segmentBytes(shapeOf((1 << 20) + 17), 4)).to.equal(256);
    expect(shapeOf(33 << 20)).to.include({ segments: 132, paddedSegments: 144 });
    expect(fileIdOf("0xab", 4608)).to.equal("0xab/4608");
  });

  it("refuses lengths that no file has and segments that the file has not", () => {
    expect(refusal(() => shapeOf(0))).to.equal("EmptyFile");
    for (const length of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(
        refusal(() => shapeOf(length)),
        String(length),
      ).to.equal("BadRequest");
    }
    const shape = shapeOf(33 << 20);
    for (const index of [-1, 0.5, 132, Number.NaN]) {
      expect(
        refusal(() => segmentBytes(shape, index)),
        String(index),
      ).to.equal("BadRequest");
    }
    expect(segmentSectors(shape, 143)).to.equal(1024);
    expect(refusal(() => segmentSectors(shape, 144))).to.equal("BadRequest");
    // The largest length that a number holds does not lose its last sector.
    const largest = shapeOf(Number.MAX_SAFE_INTEGER);
    expect(largest.padded).to.equal(2 ** 45);
    expect(shapeOf(2 ** 52 + 1).padded).to.equal(2 ** 44 + 2 ** 41);
  });

  it("has the root of the plain tree over all its sectors, and the nodes that Flow takes", () => {
    for (const length of [1, 256, 257, 4097, 17 * 256, 100_000, 262_144, 262_145, 600_001, 1_048_593, 3_000_000]) {
      const file = payloadOf(`file ${length}`, length);
      const { shape, roots, tail } = cut(file);
      const leaves = chunks(padded(file, shape.padded * 256), 256).map(keccak);
      const submission = submissionOfBytes(file);
      expect(rootOfSegments(roots, shape), `${length}`).to.equal(toHex(plainRoot(leaves)));
      expect(rootOfSegments(roots, shape), `${length}`).to.equal(fileRootOf(submission.nodes));
      expect(submissionOfSegments(shape, roots, tail), `${length}`).to.deep.equal(submission);
    }
  });

  it("has the same nodes as the submission of its bytes, whatever the length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_000_000 }), (length) => {
        const { shape, roots, segments, root } = sampleOf(length);
        const nodes = fileNodesOf(shape, roots, segments.at(-1));
        expect(nodes).to.deep.equal(submissionOfBytes(padded(concat(...segments), length)).nodes);
        expect(fileRootOf(nodes)).to.equal(root);
      }),
      { numRuns: 12, seed: 3 },
    );
  });

  it("does not name nodes that its last segment does not give", () => {
    const { shape, roots, segments } = sampleOf(262_145);
    expect(refusal(() => fileNodesOf(shape, roots))).to.equal("LengthMismatch");
    expect(refusal(() => fileNodesOf(shape, roots, segments[0]))).to.equal("LengthMismatch");
    expect(refusal(() => fileNodesOf(shape, roots, new Uint8Array(256)))).to.equal("BadProof");
    expect(fileNodesOf(shape, roots, segments.at(-1))).to.have.length(2);
  });

  it("refuses padding that is not empty, and roots of another number of segments", () => {
    const { shape, roots } = sampleOf(33 << 20);
    for (let index = shape.segments; index < shape.paddedSegments; index++) {
      const bad = roots.slice();
      bad[index * 32 + 7]! ^= 1;
      expect(
        refusal(() => rootOfSegments(bad, shape)),
        `segment ${index}`,
      ).to.equal("PaddingNotEmpty");
      expect(
        refusal(() => fileNodesOf(shape, bad)),
        `segment ${index}`,
      ).to.equal("PaddingNotEmpty");
      expect(
        refusal(() => proofOf(shape, bad, 0)),
        `segment ${index}`,
      ).to.equal("PaddingNotEmpty");
    }
    expect(refusal(() => rootOfSegments(roots.subarray(32), shape))).to.equal("LengthMismatch");
    expect(refusal(() => rootOfSegments(concat(roots, new Uint8Array(32)), shape))).to.equal("LengthMismatch");
    expect(refusal(() => segmentRootOf(new Uint8Array(257), 1))).to.equal("LengthMismatch");
  });

  it("hashes a segment that ends within a sector as if zeros followed", () => {
    const data = payloadOf("part", 700);
    const whole = padded(data, 768);
    expect(segmentRootOf(data, 3)).to.deep.equal(segmentRootOf(whole, 3));
    expect(segmentRootOf(data, 20)).to.deep.equal(segmentRootOf(padded(data, 20 * 256), 20));
    expect(segmentRootOf(new Uint8Array(), 20)).to.deep.equal(segmentRootOf(new Uint8Array(20 * 256), 20));
  });
});

describe("proof of a segment", () => {
  it("leads to the root from every segment of a file of every number of segments", () => {
    for (let segments = 1; segments <= 40; segments++) {
      const sample = sampleOf(segments * 262_144 - 100);
      const { shape, roots, root } = sample;
      for (let index = 0; index < shape.paddedSegments; index++) {
        const proof = proofOf(shape, roots, index);
        const learned = checkProof(shape, index, leafOf(sample, index), root, proof);
        expect(learned.length).to.equal(proof.path.length);
        for (const { level, index: at, hash } of learned) {
          // What is learned is named by the lowest level it stands at, and is the root of what it covers.
          const covered = chunks(roots, 32).slice(at * 2 ** level, (at + 1) * 2 ** level);
          expect(toHex(hash)).to.equal(toHex(plainRoot(covered)));
          expect(nodeAt(shape.paddedSegments, level, at)).to.deep.equal({ level, index: at });
        }
      }
    }
  });

  it("can be made again from what the proofs of all other segments taught", () => {
    for (const segments of [2, 3, 5, 11, 20]) {
      const sample = sampleOf(segments * 262_144);
      const { shape, roots, root } = sample;
      const store = new Map<string, Uint8Array>();
      for (let index = 1; index < shape.paddedSegments; index++) {
        store.set(`0:${index}`, leafOf(sample, index));
        const learned = checkProof(shape, index, leafOf(sample, index), root, proofOf(shape, roots, index));
        for (const { level, index: at, hash } of learned) store.set(`${level}:${at}`, hash);
      }
      const known = (level: number, at: number) => store.get(`${level}:${at}`);
      for (let index = 1; index < shape.paddedSegments; index++) {
        expect(proofFrom(shape, index, root, known)).to.deep.equal(proofOf(shape, roots, index));
      }
      store.delete("0:1");
      expect(proofFrom(shape, 1, root, known)).to.equal(undefined);
    }
  });

  it("of a file of one segment is its root alone", () => {
    const sample = sampleOf(5000);
    const proof = proofOf(sample.shape, sample.roots, 0);
    expect(proof).to.deep.equal({ lemma: [sample.root], path: [] });
    expect(checkProof(sample.shape, 0, leafOf(sample, 0), sample.root, proof)).to.deep.equal([]);
    expect(siblingsOf(sample.shape, 0)).to.deep.equal([]);
  });

  it("is refused when any bit of it is another, at any other index, and for any other shape", () => {
    const sample = sampleOf(11 * 262_144 + 5);
    const { shape, roots, root } = sample;
    for (const index of [0, 3, 10, 11]) {
      const leaf = leafOf(sample, index);
      const proof = proofOf(shape, roots, index);
      proof.lemma.forEach((hash, i) => {
        for (const bit of [0, 100, 255]) {
          const lemma = proof.lemma.with(i, flipped(hash, bit));
          expect(["BadProof", "PaddingNotEmpty"]).to.include(
            refusal(() => checkProof(shape, index, leaf, root, { ...proof, lemma })),
          );
        }
      });
      proof.path.forEach((left, i) => {
        const path = proof.path.with(i, !left);
        expect(refusal(() => checkProof(shape, index, leaf, root, { ...proof, path }))).to.equal("BadProof");
      });
      for (let other = 0; other < shape.paddedSegments; other++) {
        if (other === index) continue;
        expect(["BadProof", "PaddingNotEmpty"], `${index} at ${other}`).to.include(
          refusal(() => checkProof(shape, other, leaf, root, proof)),
        );
      }
      expect(refusal(() => checkProof(shape, index, keccak(leaf), root, proof))).to.equal("BadProof");
      expect(refusal(() => checkProof(shape, index, leaf, toHex(keccak(leaf)), proof))).to.equal("BadProof");
      const shorter = { lemma: proof.lemma.toSpliced(1, 1), path: proof.path.slice(1) };
      expect(refusal(() => checkProof(shape, index, leaf, root, shorter))).to.equal("BadProof");
      expect(refusal(() => checkProof(shape, index, leaf, root, { ...proof, path: [...proof.path, true] }))).to.equal(
        "BadProof",
      );
    }
    // An inner node does not pass for a segment of a file with fewer of them.
    const half = shapeOf(6 * 262_144);
    const node = keccak(roots.subarray(0, 64));
    const proof = proofOf(shape, roots, 0);
    const cutProof = { lemma: [toHex(node), ...proof.lemma.slice(2)], path: proof.path.slice(1) };
    expect(checkProof(half, 0, node, root, cutProof).length).to.equal(3);
    expect(fileIdOf(root, half.padded)).to.not.equal(fileIdOf(root, shape.padded));
  });

  it("is refused with lemmas that are no hashes", () => {
    const sample = sampleOf(600_000);
    const { shape, roots, root } = sample;
    const proof = proofOf(shape, roots, 1);
    for (const bad of ["0x", "0x12", `${proof.lemma[1]}00`, `0x${"g".repeat(64)}`, "x".repeat(66)]) {
      const lemma = proof.lemma.with(1, bad as Hex);
      expect(
        refusal(() => checkProof(shape, 1, leafOf(sample, 1), root, { ...proof, lemma })),
        bad,
      ).to.equal("BadProof");
    }
    const upper = proof.lemma.map((hash) => `0x${hash.slice(2).toUpperCase()}` as Hex);
    expect(checkProof(shape, 1, leafOf(sample, 1), root, { ...proof, lemma: upper })).to.have.length(proof.path.length);
  });

  it("is refused when a sibling claims data where only padding is, though it leads to the root", () => {
    // A root over 17 segments of data and one of something else, submitted as a file of 17.
    const { shape, roots } = sampleOf(17 * 262_144);
    expect(shape).to.include({ segments: 17, paddedSegments: 18 });
    const bad = roots.slice();
    bad.fill(7, 17 * 32);
    const forged = shapeOf(18 * 262_144);
    const root = rootOfSegments(bad, forged);
    const last = bad.slice(16 * 32, 17 * 32);
    const proof = proofOf(forged, bad, 16);
    expect(checkProof(forged, 16, last, root, proof)).to.have.length(proof.path.length);
    expect(refusal(() => checkProof(shape, 16, last, root, proof))).to.equal("PaddingNotEmpty");
    // Its neighbour is data: of the pair above it nothing can be said from the left half.
    const first = bad.slice(0, 32);
    expect(checkProof(shape, 0, first, root, proofOf(forged, bad, 0))).to.have.length(5);
  });

  it("knows the empty nodes of any padding", () => {
    for (const segments of [17, 33, 40, 100]) {
      const { shape, roots } = sampleOf(segments * 262_144);
      const leaves = chunks(roots, 32);
      for (let level = 0; level < 7; level++) {
        for (let index = 0; index * 2 ** level < shape.paddedSegments; index++) {
          const covered = leaves.slice(index * 2 ** level, (index + 1) * 2 ** level);
          const empty = emptyNodeOf(shape, level, index);
          const isEmpty = index * 2 ** level >= shape.segments;
          expect(empty === undefined ? undefined : toHex(empty)).to.equal(
            isEmpty ? toHex(plainRoot(covered)) : undefined,
          );
        }
      }
    }
  });
});

function flipped(hash: Hex, bit: number): Hex {
  const bytes = Buffer.from(hash.slice(2), "hex");
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return toHex(bytes);
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, length));
  return out;
}

function cut(file: Uint8Array): { shape: FileShape; roots: Uint8Array; tail: Uint8Array } {
  const shape = shapeOf(file.length);
  const whole = padded(file, shape.sectors * 256);
  const segment = (i: number) => whole.subarray(i * 262_144, i * 262_144 + segmentBytes(shape, i));
  const roots = Array.from({ length: shape.paddedSegments }, (_, i) =>
    i < shape.segments ? segmentRootOf(segment(i), segmentSectors(shape, i)) : emptyRootOf(shape, i),
  );
  return { shape, roots: concat(...roots), tail: segment(shape.segments - 1) };
}
