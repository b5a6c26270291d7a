import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MemData, ZgFile } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import {
  checkProof,
  emptyRootOf,
  type FileShape,
  proofOf,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
  submissionOfSegments,
} from "../../protocol/file.ts";
import { fileRootOf } from "../../protocol/flow.ts";
import { concat, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { tempDir } from "../fakes/temp.ts";
import { payloadOf } from "./sample.ts";

type File = MemData | ZgFile;

function ours(file: Uint8Array): { shape: FileShape; roots: Uint8Array; tail: Uint8Array; root: Hex } {
  const shape = shapeOf(file.length);
  const whole = new Uint8Array(shape.sectors * 256);
  whole.set(file);
  const segment = (i: number) => whole.subarray(i * 262_144, i * 262_144 + segmentBytes(shape, i));
  const roots = concat(
    ...Array.from({ length: shape.paddedSegments }, (_, i) =>
      i < shape.segments ? segmentRootOf(segment(i), segmentSectors(shape, i)) : emptyRootOf(shape, i),
    ),
  );
  return { shape, roots, tail: segment(shape.segments - 1), root: rootOfSegments(roots, shape) };
}

/** Root, submission and the proofs of some segments, made by 0G's client and by us. */
async function compare(file: Uint8Array, theirs: File, withSubmission = true): Promise<void> {
  const { shape, roots, tail, root } = ours(file);
  const name = `${file.length} bytes`;
  const [tree, error] = await theirs.merkleTree();
  expect(error, name).to.equal(null);
  if (tree === null) throw new Error(name);
  expect(tree.rootHash(), name).to.equal(root);
  expect(
    [theirs.numChunks(), theirs.numSegments(), theirs.numSegmentsPadded(), theirs.paddedSize()],
    name,
  ).to.deep.equal([shape.sectors, shape.segments, shape.paddedSegments, shape.padded * 256]);

  for (const index of new Set([0, 1, shape.segments - 1, shape.paddedSegments - 1])) {
    if (index >= shape.paddedSegments) continue;
    const proof = tree.proofAt(index);
    const { lemma, path } = proofOf(shape, roots, index);
    expect({ lemma: proof.lemma, path: proof.path }, `${name}, segment ${index}`).to.deep.equal({ lemma, path });
    const leaf = roots.subarray(index * 32, (index + 1) * 32);
    const given = { lemma: proof.lemma as Hex[], path: proof.path };
    expect(checkProof(shape, index, leaf, root, given)).to.have.length(path.length);
    expect(proof.validateHash(root, toHex(leaf), index, shape.paddedSegments), `${name}, segment ${index}`).to.equal(
      null,
    );
  }

  if (!withSubmission) return;
  const [submission, failed] = await theirs.createSubmission("0x1234", `0x${"5b".repeat(20)}`);
  expect(failed, name).to.equal(null);
  const mine = submissionOfSegments(shape, roots, tail);
  expect(submission?.data, name).to.deep.equal({ length: file.length, tags: "0x1234", nodes: mine.nodes });
  expect(fileRootOf(mine.nodes), name).to.equal(root);
}

/** Bytes that look random at every place, made faster than by hashing: 0G's side is slow enough. */
function bytesOf(length: number): Uint8Array {
  const seed = payloadOf(`sdk ${length}`, 4099);
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += seed.length) out.set(seed.subarray(0, Math.min(seed.length, length - at)), at);
  return out;
}

describe("0G's client", function () {
  this.timeout(60_000);
  // Each of the sizes that were asked for, and the steps of the padding of small files.
  const sizes = [1, 255, 256, 257, 4095, 4096, 65_537, 262_143, 262_144, 262_145, (1 << 20) + 17];
  const steps = [2, 3, 15, 16, 17, 18, 31, 33, 34, 63, 65, 257, 513].map((sectors) => sectors * 256 - 3);

  it("names bytes in memory as we do, submits them and proves their segments as we do", async () => {
    for (const length of [...sizes, ...steps]) {
      const file = bytesOf(length);
      await compare(file, new MemData(file));
    }
  });

  it("names files on disk as we do", async () => {
    for (const length of [...sizes, 5_000_001]) await onDisk(bytesOf(length), compare);
  });

  it("agrees on 5,000,001 bytes, and on 33 MiB, whose twelve segments of padding are empty", async () => {
    for (const length of [5_000_001, 33 << 20]) {
      const file = bytesOf(length);
      await compare(file, new MemData(file));
    }
  });

  it("agrees on 33 MiB on disk", async () => {
    // Without the submission, which hashes all of it once more and has nothing to do with where the bytes are.
    await onDisk(bytesOf(33 << 20), (file, theirs) => compare(file, theirs, false));
  });

  it("agrees on sizes drawn at random, others each time", async () => {
    for (let i = 0; i < 12; i++) {
      const length = 1 + Math.floor(2 ** (Math.random() * 20));
      const file = bytesOf(length);
      await compare(file, new MemData(file));
    }
  });

  it("cuts a file into fragments that we name as it does", async () => {
    const file = bytesOf(1_300_000);
    const fragments = new MemData(file).split(1 << 19);
    expect(fragments).to.have.length(3);
    for (const [i, fragment] of fragments.entries()) {
      await compare(file.subarray(i << 19, (i + 1) << 19), fragment as MemData);
    }
  });

  it("makes of one wrong bit in a proof an error, as we do", async () => {
    const file = bytesOf(1_300_000);
    const { shape, roots, root } = ours(file);
    const [tree] = await new MemData(file).merkleTree();
    const proof = tree?.proofAt(2);
    if (proof == null) throw new Error("no proof");
    const leaf = toHex(roots.subarray(64, 96));
    proof.lemma[1] = toHex(fromHex(proof.lemma[1] ?? "").with(3, 9));
    expect(proof.validateHash(root, leaf, 2, shape.paddedSegments)).to.equal("failed to validate merkle proof");
    expect(() => checkProof(shape, 2, fromHex(leaf), root, { lemma: proof.lemma as Hex[], path: proof.path })).to.throw(
      /BadProof/,
    );
  });
});

async function onDisk(file: Uint8Array, use: (file: Uint8Array, theirs: ZgFile) => Promise<void>): Promise<void> {
  const folder = tempDir("sdk-roots");
  const path = join(folder.path, "file");
  await writeFile(path, file);
  const handle = await open(path);
  try {
    await use(file, await ZgFile.fromNodeFileHandle(handle));
  } finally {
    await handle.close();
    folder.remove();
  }
}
