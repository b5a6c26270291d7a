import { expect } from "chai";
import fc from "fast-check";
import { placeFile, submissionOfBytes } from "../../../protocol/flow.ts";
import { concat, type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak } from "../../../protocol/keccak.ts";
import { decodePayload, encodePayload, sourceOf } from "../../../protocol/kv/payload.ts";
import {
  alignedPieces,
  type Piece,
  type ProvenEntry,
  provenSectors,
  subtreeProof,
  subtreeRootOf,
  type ValueProof,
  verifyValue,
} from "../../../protocol/kv/proof.ts";
import { tagsOfStreams } from "../../../protocol/kv/tags.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import { ZERO_HASHES } from "../../../protocol/tree.ts";
import { naivePath, naiveRoot } from "../naive.ts";
import { refusal } from "../refusal.ts";
import { payloadOf } from "../sample.ts";
import { keyOf, streamOf } from "./sample.ts";

const STREAM = streamOf("proof");
const EMPTY = ZERO_HASHES[0] as Uint8Array;
const SMALL = payloadOf("small", 300);
const LARGE = payloadOf("large", 5_000);
const payload = encodePayload({
  version: 4n,
  reads: [{ stream: STREAM, key: keyOf("read") }],
  writes: [
    { stream: STREAM, key: keyOf("twice"), value: keyOf("first") },
    { stream: STREAM, key: keyOf("small"), value: SMALL },
    { stream: STREAM, key: keyOf("large"), value: LARGE },
    { stream: STREAM, key: keyOf("twice"), value: keyOf("second") },
    { stream: STREAM, key: keyOf("deleted"), value: new Uint8Array() },
  ],
});
const { values, writes } = decodePayload(sourceOf(payload));

/** A log of three entries whose last is the payload: all of its leaves. */
const leaves: Uint8Array[] = [new Uint8Array(32)];
let start = 0;
for (const file of [payloadOf("a", 700), payloadOf("b", 4_000), payload]) {
  const { nodes, sectors } = submissionOfBytes(file);
  const { placed, length } = placeFile(leaves.length, nodes);
  start = placed[0]?.start ?? 0;
  while (leaves.length < start) leaves.push(EMPTY);
  const padded = concat(file, new Uint8Array(sectors * SECTOR_BYTES - file.length));
  for (let i = 0; i < sectors; i++) leaves.push(keccak(padded.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES)));
  expect(leaves.length).to.equal(length);
}
const { sectors } = submissionOfBytes(payload);
const flowRoot = toHex(naiveRoot(leaves, EMPTY));
const entry: ProvenEntry = { start, sectors, length: payload.length, tags: toHex(tagsOfStreams([STREAM])), flowRoot };

const pieceAt = ({ sector, height }: { sector: number; height: number }): Piece => {
  const data = new Uint8Array(2 ** height * SECTOR_BYTES);
  data.set(payload.subarray((sector - start) * SECTOR_BYTES, (sector - start) * SECTOR_BYTES + data.length));
  const siblings = naivePath(leaves, EMPTY, sector).map(toHex);
  const path = siblings.map((_, level) => Math.floor(sector / 2 ** level) % 2 === 0);
  const proof = { lemma: [toHex(leaves[sector] as Uint8Array), ...siblings, flowRoot], path };
  return { sector, data, proof: subtreeProof(proof, toHex(subtreeRootOf(data)), height) };
};
const prove = (key: string, from = 0, length = 1e6): ValueProof => {
  const { at, size } = writes.findLast((write) => toHex(write.key) === toHex(keyOf(key))) as {
    at: number;
    size: number;
  };
  const part = { at: at + from, size: Math.max(0, Math.min(length, size - from)) };
  return {
    values,
    pieces: provenSectors(start, values, part)
      .flatMap(([a, b]) => alignedPieces(a, b))
      .map(pieceAt),
  };
};
const verify = (key: string, proof: ValueProof, of: ProvenEntry = entry, from = 0, length = 1e6) =>
  verifyValue(of, { stream: STREAM, key: keyOf(key), from, length }, proof);

describe("the proof of a value", () => {
  it("gives the value that the entry wrote, or a part of it", () => {
    expect(verify("small", prove("small"))).to.deep.equal({ data: SMALL, size: 300 });
    expect(verify("large", prove("large"))).to.deep.equal({ data: LARGE, size: 5_000 });
    expect(new TextDecoder().decode(verify("twice", prove("twice")).data)).to.equal("second");
    expect(verify("deleted", prove("deleted"))).to.deep.equal({ data: new Uint8Array(), size: 0 });
    const part = verify("large", prove("large", 1_000, 50), entry, 1_000, 50);
    expect(part).to.deep.equal({ data: LARGE.slice(1_000, 1_050), size: 5_000 });
    const bytesIn = ({ pieces }: ValueProof): number => pieces.reduce((sum, { data }) => sum + data.length, 0);
    expect(bytesIn(prove("large", 4_000, 50))).to.be.below(bytesIn(prove("large")) / 4);
  });

  it("covers any sectors by few aligned pieces", () => {
    const property = fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 5_000 }), (from, count) => {
      const pieces = alignedPieces(from, from + count);
      let at = from;
      for (const { sector, height } of pieces) {
        if (sector !== at || sector % 2 ** height !== 0) return false;
        at += 2 ** height;
      }
      return at === from + count && pieces.length <= 2 * Math.ceil(Math.log2(count + 1));
    });
    fc.assert(property);
  });

  it("is refused when any bit of it is another, anywhere", () => {
    const honest = prove("small");
    const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      return copy;
    };
    for (const [at, piece] of honest.pieces.entries()) {
      const withPiece = (changed: Partial<Piece>): ValueProof => ({
        values,
        pieces: honest.pieces.map((each, i) => (i === at ? { ...each, ...changed } : each)),
      });
      for (let bit = 0; bit < piece.data.length * 8; bit += 37) {
        expect(refusal(() => verify("small", withPiece({ data: flipped(piece.data, bit) })))).to.equal("BadProof");
      }
      const { lemma, path } = piece.proof;
      for (const [i, node] of lemma.entries()) {
        const other = `${node.slice(0, -1)}${node.endsWith("0") ? "1" : "0"}` as Hex;
        const changed = { path, lemma: lemma.map((each, j) => (i === j ? other : each)) };
        expect(refusal(() => verify("small", withPiece({ proof: changed })))).to.equal("BadProof");
      }
      for (const [i] of path.entries()) {
        const changed = { lemma, path: path.map((left, j) => (i === j ? !left : left)) };
        expect(refusal(() => verify("small", withPiece({ proof: changed })))).to.equal("BadProof");
      }
      for (const sector of [piece.sector - 1, piece.sector + 1, piece.sector + 2, 0]) {
        expect(refusal(() => verify("small", withPiece({ sector })))).to.equal("BadProof");
      }
      expect(refusal(() => verify("small", withPiece({ data: piece.data.slice(1) })))).to.equal("BadProof");
    }
  });

  it("is of one entry, one root, one stream and one key, and covers what is read", () => {
    const honest = prove("small");
    const { pieces } = honest;
    expect(refusal(() => verify("none", honest))).to.equal("BadProof");
    expect(refusal(() => verify("large", honest))).to.equal("BadProof");
    expect(refusal(() => verify("small", { values, pieces: pieces.slice(1) }))).to.equal("BadProof");
    expect(refusal(() => verify("small", { values: values - 1, pieces }))).to.equal("BadPayload");
    expect(refusal(() => verify("small", { values: values + 1, pieces }))).to.equal("BadPayload");
    expect(refusal(() => verify("small", { values: 2 ** 40, pieces }))).to.equal("BadProof");
    const others: Partial<ProvenEntry>[] = [
      { tags: toHex(tagsOfStreams([streamOf("other")])) },
      { tags: "0x" },
      { flowRoot: toHex(EMPTY) },
      { start: start + 16 },
      { sectors: sectors + 1_000 },
      { length: values },
    ];
    for (const other of others) {
      expect(["BadProof", "BadPayload"], JSON.stringify(other)).to.include(
        refusal(() => verify("small", honest, { ...entry, ...other })),
      );
    }
  });

  it("does not take a node for a sector: the depth of the tree is known", () => {
    const [piece] = prove("small").pieces as [Piece];
    const { lemma, path } = piece.proof;
    const shallow = { lemma: lemma.slice(1), path: path.slice(1) };
    const above = { ...piece, data: piece.data, proof: shallow };
    expect(refusal(() => verify("small", { values, pieces: [above] }))).to.equal("BadProof");
  });
});
