import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import type { Compute, VerifiedBatch } from "../../adapters/compute.ts";
import { combineCommitments } from "../../adapters/points.ts";
import { batchRootOf } from "../../protocol/batch.ts";
import { blobCoefficients, hashToField, rowCoefficients } from "../../protocol/challenge.ts";
import { combination } from "../../protocol/combine.ts";
import { rowDecoder } from "../../protocol/decode.ts";
import { accepted } from "../../protocol/errors.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import { bigToBytes, bytesToBig, concat, equalBytes, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccakText } from "../../protocol/keccak.ts";
import { FIELD_ORDER, ROW_BYTES } from "../../protocol/params.ts";
import { dataRootOf } from "../../protocol/tree.ts";
import { cellAt, corruptBlob, edit, frameOf, type Matrix, matrixOf } from "./matrix.ts";
import { chunks } from "./naive.ts";
import { sharedCompute } from "./pool.ts";
import { codeOf } from "./refusal.ts";
import { assemble, payloadOf, type SampleBatch, type SampleBlob, sampleBatch, sampleBlob } from "./sample.ts";

const ALL = Array.from({ length: 128 }, (_, j) => j);
const LENGTH = 2 * 126_976 - 4; // two rows

/** Compressed form of any point of the curve; libraries refuse to write those outside the subgroup. */
function compress(point: { toAffine(): { x: bigint; y: bigint } }): Hex {
  const { x, y } = point.toAffine();
  const bytes = bigToBytes(x, 48);
  const larger = y > (bls12_381.fields.Fp.ORDER - 1n) / 2n;
  bytes[0] = (bytes[0] as number) | (larger ? 0xa0 : 0x80);
  return toHex(bytes);
}

describe("attacks on the format", function () {
  this.timeout(120_000);
  let compute: Compute;
  let honest: SampleBlob;
  let matrix: Matrix;

  before(async () => {
    compute = await sharedCompute();
    honest = await sampleBlob(compute, "honest", LENGTH);
    matrix = await compute.extendRows(honest.rows);
  });

  const open = async (batch: SampleBatch): Promise<VerifiedBatch> =>
    accepted(await compute.verifyBatch(batch.bytes, batch.facts)).batch;
  const passing = async (batch: VerifiedBatch, served: Matrix, columns = ALL): Promise<number[]> => {
    const verdicts = await Promise.all(columns.map((j) => compute.verifyColumn(batch, j, frameOf(served, j))));
    return columns.filter((_, i) => verdicts[i]?.ok);
  };
  const piecesOf = (served: Matrix, columns: readonly number[]) =>
    columns.map((column) => ({
      column,
      firstRow: 0,
      cells: concat(...chunks(served.extended, 262_144).map((_, row) => cellAt(served.extended, row, column))),
    }));

  it("an honest batch passes everywhere: every column, its rows, its commitments, its proofs", async () => {
    const batch = await open(await sampleBatch(compute, [honest]));
    expect(await passing(batch, matrix)).to.deep.equal(ALL);
    expect((await compute.verifyRows(batch, 0, honest.rows)).ok).to.equal(true);
    const read = async (from: number, count: number) => honest.rows.slice(from * ROW_BYTES, (from + count) * ROW_BYTES);
    expect((await compute.verifyPolynomials(batch, read)).ok).to.equal(true);
  });

  describe("F1: one flipped element under an honest tree", () => {
    let corrupt: Matrix;
    let batch: VerifiedBatch;
    let header: BlobHeader;

    before(async () => {
      const flipped = edit(matrix.extended, 1, 100, (cell) => {
        cell[31] = (cell[31] as number) ^ 1;
      });
      corrupt = matrixOf(flipped);
      const bad = await corruptBlob(compute, "flipped", corrupt, LENGTH);
      header = bad.header;
      const good = await sampleBlob(compute, "good neighbour", 100);
      const sample = await sampleBatch(compute, [good, bad]);
      const neighbour = await compute.extendRows(good.rows);
      corrupt = matrixOf(concat(neighbour.extended, flipped));
      batch = await open(sample);
    });

    it("fails in its own column, whatever the neighbour blob, and passes in the 127 others", async () => {
      expect(await passing(batch, corrupt)).to.deep.equal(ALL.filter((j) => j !== 100));
      const verdict = await compute.verifyColumn(batch, 100, frameOf(corrupt, 100));
      expect(codeOf(verdict)).to.equal("ColumnProofMismatch");
    });

    it("is refused by a node that extends the rows itself", async () => {
      const verdict = await compute.verifyRows(batch, 1, honest.rows);
      expect(verdict).to.deep.include({ ok: false, code: "SegmentRootMismatch", fields: { row: 2 } });
    });

    it("is CorruptEncoding for every reader, with the flipped column or without it", async () => {
      const own = matrixOf(corrupt.extended.slice(262_144));
      for (const columns of [ALL.slice(0, 64), ALL.slice(64), ALL.slice(30, 94), ALL]) {
        const verdict = await compute.decodeBlob(header, piecesOf(own, columns));
        expect(codeOf(verdict), `columns ${columns[0]} to ${columns.at(-1)}`).to.equal("CorruptEncoding");
      }
    });
  });

  it("F5: a top byte, a wrong length word or dirty padding is CorruptEncoding, though every proof holds", async () => {
    const shorter = 126_980; // ends in the second row: most of it is padding
    const payload = payloadOf("two validity rules", shorter);
    const packed = (await sampleBlob(compute, "two validity rules", shorter)).rows;
    const cases: [string, number, number][] = [
      ["top byte", 32 * 1000, 0x11],
      ["length word", 2 * ROW_BYTES - 4, 0x55],
      ["padding", ROW_BYTES + 32 * 500 + 7, 1],
    ];
    for (const [name, at, value] of cases) {
      const rows = packed.slice();
      rows[at] = value;
      const { header, segmentRoots, q } = await (async () => {
        const made = await compute.encodeBlob(rows);
        return {
          ...made,
          header: { ...honest.header, dataRoot: made.dataRoot, commitment: made.commitment, length: shorter },
        };
      })();
      const batch = await open(await sampleBatch(compute, [{ payload, rows, header, segmentRoots, q }]));
      const own = matrixOf((await compute.extendRows(rows)).extended);
      expect((await passing(batch, own, [0, 5, 64, 127])).length, name).to.equal(4);
      const verdict = await compute.decodeBlob(header, piecesOf(own, ALL.slice(0, 64)));
      expect(codeOf(verdict), name).to.equal("CorruptEncoding");
    }
  });

  it("F7: a non-canonical element is refused by our kernel, though its sum mod r is right", async () => {
    const grown = edit(matrix.extended, 0, 70, (cell) => {
      const element = cell.subarray(64, 96);
      element.set(bigToBytes(bytesToBig(element) + FIELD_ORDER, 32));
    });
    const served = matrixOf(grown);
    const blob = await corruptBlob(compute, "non-canonical", served, LENGTH);
    const batch = await open(await sampleBatch(compute, [blob]));
    const verdict = await compute.verifyColumn(batch, 70, frameOf(served, 70));
    expect(verdict).to.deep.include({ ok: false, code: "NonCanonicalElement" });
    expect(verdict).to.have.deep.property("fields", { column: 70, row: 0, element: 2 });
    const rows = honest.rows.slice();
    rows.set(new Uint8Array(32).fill(0xff), 320);
    expect(codeOf(await compute.verifyRows(batch, 0, rows))).to.equal("NonCanonicalElement");
    const all = await compute.decodeBlob(blob.header, piecesOf(served, ALL.slice(64)));
    expect(codeOf(all)).to.equal("CorruptEncoding");
  });

  it("F6: only the published proof of the very column counts", async () => {
    const sample = await sampleBatch(compute, [honest]);
    const proofs = sample.metadata.proofs.slice();
    proofs.set(sample.metadata.proofs.subarray(48 * 9, 48 * 10), 48 * 8);
    const swapped = await open(assemble([honest], [honest.header], proofs));
    expect(codeOf(await compute.verifyColumn(swapped, 8, frameOf(matrix, 8)))).to.equal("ColumnProofMismatch");
    expect((await compute.verifyColumn(swapped, 9, frameOf(matrix, 9))).ok).to.equal(true);
    expect(codeOf(await compute.verifyColumn(swapped, 9, frameOf(matrix, 8)))).to.equal("CellPathMismatch");
    const read = async () => honest.rows;
    const verdict = await compute.verifyPolynomials(swapped, read);
    expect(verdict).to.deep.include({ ok: false, code: "ColumnProofMismatch", fields: { column: 8 } });
    const broken = await open(
      assemble(
        [honest],
        [honest.header],
        sample.metadata.proofs.map((b, i) => (i < 48 ? 0xff : b)),
      ),
    );
    expect(codeOf(await compute.verifyColumn(broken, 0, frameOf(matrix, 0)))).to.equal("BadPoint");
    expect(await compute.verifyPolynomials(broken, read)).to.deep.include({ code: "ColumnProofMismatch" });
  });

  it("F4: parts of order 3 that cancel in C_P are refused in each header", async () => {
    const { Point } = bls12_381.G1;
    const torsion = Point.fromAffine({ x: 0n, y: 2n }); // y² = x³ + 4, a flex: order 3
    expect(torsion.equals(Point.ZERO)).to.equal(false);
    expect(torsion.add(torsion).add(torsion).equals(Point.ZERO)).to.equal(true);
    const plus = (commitment: Hex, times: number) => {
      let point = Point.fromBytes(fromHex(commitment));
      for (let i = 0; i < times; i++) point = point.add(torsion);
      return point;
    };
    const other = await sampleBlob(compute, "accomplice", 100);
    const blobs = [honest, other];
    // σ_1 depends on both headers: try until σ_1 · times cancels the part in the first.
    const forged = ((): { headers: BlobHeader[]; points: ReturnType<typeof plus>[]; sigma: bigint } => {
      for (let salt = 0n; ; salt++) {
        for (const times of [1, 2]) {
          const points = [plus(honest.header.commitment, 1), plus(other.header.commitment, times)];
          const headers = [
            { ...honest.header, commitment: compress(points[0]!) },
            { ...other.header, commitment: compress(points[1]!), salt: toHex(bigToBytes(salt, 32)) },
          ];
          const sigma = blobCoefficients(batchRootOf(headers), 2)[1] as bigint;
          if ((1n + sigma * BigInt(times)) % 3n === 0n) return { headers, points, sigma };
        }
      }
    })();
    // What a check of C_P alone sees: a good point, and the very commitment of P under this σ.
    const honestSum = Point.fromBytes(fromHex(honest.header.commitment)).add(
      Point.fromBytes(fromHex(other.header.commitment)).multiply(forged.sigma),
    );
    const combined = combineCommitments(forged.points, [1n, forged.sigma]);
    expect(toHex(combined)).to.equal(toHex(honestSum.toBytes(true)));
    const batch = assemble(blobs, forged.headers, new Uint8Array(6144));
    const verdict = await compute.verifyBatch(batch.bytes, batch.facts);
    expect(verdict).to.deep.include({ ok: false, code: "BadPoint" });
    expect(verdict).to.have.nested.property("fields.index", 0);
  });

  it("ρ from less than the transcript lets two bad rows cancel; ρ from all of it does not", async () => {
    // The attacker knows ρ before the rows are fixed: from the honest root, from another row count, from a constant.
    const known = [
      rowCoefficients(honest.header.dataRoot, 2)[1] as bigint,
      rowCoefficients(honest.header.dataRoot, 3)[1] as bigint,
      hashToField(keccakText("0G-DA/row/v1"), `0x${"00".repeat(32)}`, 2, 1),
    ];
    for (const rho of known) {
      // Row 1 is off by e in one parity element, row 0 by −ρ e: nothing is left of it in row 0 + ρ · row 1.
      const e = 5n;
      const add = (value: bigint) => (cell: Uint8Array) => {
        const element = cell.subarray(0, 32);
        element.set(bigToBytes((bytesToBig(element) + value) % FIELD_ORDER, 32));
      };
      const once = edit(matrix.extended, 1, 90, add(e));
      const bad = matrixOf(edit(once, 0, 90, add(FIELD_ORDER - ((rho * e) % FIELD_ORDER))));
      const before = combination(64);
      before.add(1n, cellAt(bad.extended, 0, 90));
      before.add(rho, cellAt(bad.extended, 1, 90));
      const clean = combination(64);
      clean.add(1n, cellAt(matrix.extended, 0, 90));
      clean.add(rho, cellAt(matrix.extended, 1, 90));
      expect(equalBytes(before.result(), clean.result()), "the attack works on the weak challenge").to.equal(true);
      const blob = await corruptBlob(compute, "cancelling", bad, LENGTH);
      const batch = await open(await sampleBatch(compute, [blob]));
      expect(codeOf(await compute.verifyColumn(batch, 90, frameOf(bad, 90)))).to.equal("ColumnProofMismatch");
    }
  });

  it("σ from less than the transcript lets two bad commitments cancel; σ from every header does not", async () => {
    const { Point } = bls12_381.G1;
    const other = await sampleBlob(compute, "second of two", 100);
    const sigma = blobCoefficients(batchRootOf([honest.header, other.header]), 2)[1] as bigint;
    // C_0 + σ G and C_1 − G: their combination under the old σ is unchanged.
    const shift = (commitment: string, by: bigint) =>
      toHex(Point.fromBytes(fromHex(commitment)).add(Point.BASE.multiply(by)).toBytes(true));
    const headers = [
      { ...honest.header, commitment: shift(honest.header.commitment, sigma) },
      { ...other.header, commitment: shift(other.header.commitment, FIELD_ORDER - 1n) },
    ];
    const good = await sampleBatch(compute, [honest, other]);
    const batch = await open(assemble([honest, other], headers, good.metadata.proofs));
    const both = matrixOf(concat(matrix.extended, (await compute.extendRows(other.rows)).extended));
    expect(await passing(batch, both, [0, 31, 64, 127])).to.deep.equal([]);
    const rows = concat(honest.rows, other.rows);
    const read = async (from: number, count: number) => rows.slice(from * ROW_BYTES, (from + count) * ROW_BYTES);
    expect(codeOf(await compute.verifyPolynomials(batch, read))).to.equal("CommitmentMismatch");
  });

  it("a random matrix with 64 fitted columns passes in those 64 and in no other: 64 accepted prove nothing", async () => {
    const random = matrixOf(payloadOf("random matrix", 2 * 262_144).map((byte, i) => (i % 32 === 0 ? 0 : byte)));
    const fitted = ALL.filter((j) => (j * 37) % 128 < 64);
    const dataRoot = toHex(dataRootOf(random.segmentRoots));
    const rho = rowCoefficients(dataRoot, 2);
    const decoder = rowDecoder(fitted);
    // The one polynomial of degree < 4096 through the combined cells of the 64 columns.
    const q = decoder.decode(
      decoder.columns.map((j) => {
        const y = combination(64);
        for (const [row, coefficient] of rho.entries()) y.add(coefficient, cellAt(random.extended, row, j));
        return y.result();
      }),
      1,
    );
    const { commitment } = await compute.encodeBlob(q);
    const header = { ...honest.header, dataRoot, commitment };
    const blob: SampleBlob = { ...honest, header, segmentRoots: random.segmentRoots, q };
    const batch = await open(await sampleBatch(compute, [blob]));
    expect(await passing(batch, random)).to.deep.equal(fitted);
    for (const columns of [fitted, ALL.filter((j) => !fitted.includes(j))]) {
      const verdict = await compute.decodeBlob(header, piecesOf(random, columns));
      expect(codeOf(verdict)).to.equal("CorruptEncoding");
    }
  });

  it("A19: 64 columns give the payload, any 65 the same, 63 nothing; each row may come from other columns", async () => {
    const decode = (columns: readonly number[]) => compute.decodeBlob(honest.header, piecesOf(matrix, columns));
    for (const columns of [ALL.slice(64), ALL.slice(20, 84), ALL.slice(63)]) {
      const verdict = accepted(await decode(columns));
      expect(equalBytes(verdict.payload, honest.payload), `${columns.length} columns`).to.equal(true);
    }
    expect(await decode(ALL.slice(65))).to.deep.include({
      code: "TooFewCells",
      fields: { row: 0, known: 63, needed: 64 },
    });
    const mixed = [0, 1].flatMap((row) =>
      ALL.slice(row * 40, row * 40 + 64).map((column) => ({
        column,
        firstRow: row,
        cells: cellAt(matrix.extended, row, column),
      })),
    );
    const verdict = accepted(await compute.decodeBlob(honest.header, mixed));
    expect(equalBytes(verdict.payload, honest.payload)).to.equal(true);
    const repeated = await compute.decodeBlob(honest.header, [
      ...piecesOf(matrix, [0]),
      ...piecesOf(matrix, ALL.slice(0, 63)),
    ]);
    expect(codeOf(repeated)).to.equal("TooFewCells");
  });

  it("A7: an all-zero blob fits no longer header, though its dataRoot and commitment would", async () => {
    const zeros = new Uint8Array(2 * ROW_BYTES);
    zeros[ROW_BYTES - 1] = 7; // not the commitment at infinity
    const { dataRoot } = await compute.encodeBlob(zeros);
    const header = { ...honest.header, dataRoot, length: LENGTH };
    const served = matrixOf((await compute.extendRows(zeros)).extended);
    expect(codeOf(await compute.decodeBlob(header, piecesOf(served, ALL.slice(64))))).to.equal("CorruptEncoding");
    const infinity = await compute.encodeBlob(new Uint8Array(ROW_BYTES));
    const batch = assemble([honest], [{ ...honest.header, commitment: infinity.commitment }], new Uint8Array(6144));
    expect(codeOf(await compute.verifyBatch(batch.bytes, batch.facts))).to.equal("BadPoint");
  });
});
