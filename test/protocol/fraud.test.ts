import { expect } from "chai";
import type { Compute } from "../../adapters/compute.ts";
import { packBlob, unpackBlob } from "../../protocol/blob.ts";
import { committedRow, findFraud, isMalformed, pointOf, proveCorrupt, proveMalformed } from "../../protocol/fraud.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import { bytesToBig, concat, equalBytes, fromHex, toHex } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { CELL_BYTES, FIELD_ORDER, PAYLOAD_PER_ROW } from "../../protocol/params.ts";
import { dataRootOf, rootFromPath } from "../../protocol/tree.ts";
import { corruptBlob, edit, frameOf, matrixOf } from "./matrix.ts";
import { sharedCompute } from "./pool.ts";
import { refusal } from "./refusal.ts";
import { encodeRows, payloadOf, type SampleBlob, sampleBlob } from "./sample.ts";

const full = (rows: number) => rows * PAYLOAD_PER_ROW - 4;
const ALL = Array.from({ length: 128 }, (_, j) => j);

describe("fraud proofs", function () {
  this.timeout(120_000);
  let compute: Compute;

  before(async () => {
    compute = await sharedCompute();
  });

  const structured: Record<string, (length: number) => Uint8Array> = {
    random: (length) => payloadOf(`fraud ${length}`, length),
    zeros: (length) => new Uint8Array(length),
    ones: (length) => new Uint8Array(length).fill(0xff),
    text: (length) => new TextEncoder().encode("0G ".repeat(Math.ceil(length / 3))).slice(0, length),
  };
  const blobOf = (payload: Uint8Array): Promise<SampleBlob> => encodeRows(compute, "fraud", packBlob(payload), payload);
  const opened = async ({ q }: SampleBlob) => (await compute.extendRows(q)).extended;

  for (const [name, make] of Object.entries(structured)) {
    it(`frame no honest blob: ${name}, every element of every column (F6)`, async () => {
      for (const length of [1, 30, 31, 32, 1000, full(1) - 1, full(1), full(1) + 1, full(3) - 40]) {
        const blob = await blobOf(make(length));
        const matrix = await compute.extendRows(blob.rows);
        const expected = await opened(blob);
        for (const column of ALL) {
          const held = { header: blob.header, column, frames: frameOf(matrix, column) };
          const cell = expected.slice(column * CELL_BYTES, (column + 1) * CELL_BYTES);
          expect(findFraud(held, cell), `${length} ${column}`).to.equal(undefined);
        }
      }
    });
  }

  it("find a flipped element in any column that has it, from the column and what is committed to (F1)", async () => {
    const good = await sampleBlob(compute, "flipped", full(2));
    const { extended } = await compute.extendRows(good.rows);
    for (const column of [64, 90, 127]) {
      const flip = (cell: Uint8Array) => cell.set([(cell[40 * 32 + 31] as number) ^ 1], 40 * 32 + 31);
      const bad = await corruptBlob(compute, "flipped", matrixOf(edit(extended, 1, column, flip)), full(2));
      const expected = await opened(bad);
      for (const j of [0, 63, 64, 90, 127]) {
        const held = { header: bad.header, column: j, frames: frameOf(bad.matrix, j) };
        const fraud = findFraud(held, expected.slice(j * CELL_BYTES, (j + 1) * CELL_BYTES));
        expect(fraud).to.deep.equal(j === column ? { kind: "corrupt", position: column * 64 + 40 } : undefined);
      }
      // Who has no bucket to read Q from has 64 columns that agree with the commitment.
      const others = ALL.filter((j) => j !== column && j % 2 === column % 2).concat(column - 1);
      const columns = others
        .slice(0, 64)
        .map((j) => ({ header: bad.header, column: j, frames: frameOf(bad.matrix, j) }));
      expect(equalBytes(committedRow(columns), bad.q)).to.equal(true);
    }
  });

  it("say what is malformed by exactly the rule of encoding: every element of the last sectors (F5, F7)", async () => {
    for (const length of [1, 31, 5000, full(1), full(2) - 33]) {
      const rows = packBlob(payloadOf("rule", length));
      const count = rows.length / 131_072;
      const header = { length, rows: count } as BlobHeader;
      for (let index = 0; index < count * 4096; index += index < 170 || index > count * 4096 - 30 ? 1 : 97) {
        const own = rows.slice(index * 32, index * 32 + 32);
        const [row, position] = [Math.floor(index / 4096), index % 4096];
        expect(isMalformed(bytesToBig(own), row, position, header)).to.equal(false);
        for (const at of [0, 1, 15, 28, 31]) {
          const changed = rows.slice();
          changed[index * 32 + at] = (changed[index * 32 + at] as number) ^ 0x11;
          // The verdict rule itself: pack again what is unpacked, and compare.
          const valid = equalBytes(packBlob(unpackBlob(changed, length)), changed);
          const value = bytesToBig(changed.slice(index * 32, index * 32 + 32));
          expect(isMalformed(value, row, position, header), `${length} ${index} ${at}`).to.equal(!valid);
        }
      }
      // Of the redundancy only the form can be wrong.
      expect(isMalformed(FIELD_ORDER - 1n, 0, 4096, header)).to.equal(false);
      expect(isMalformed(FIELD_ORDER, 0, 4096, header)).to.equal(true);
      expect(isMalformed(FIELD_ORDER - 1n, 0, 4095, header)).to.equal(true);
    }
  });

  it("show sectors that lie under the dataRoot, in as many parts as fit", async () => {
    const blob = await sampleBlob(compute, "parts", full(5));
    const matrix = await compute.extendRows(blob.rows);
    const held = { header: blob.header, column: 99, frames: frameOf(matrix, 99) };
    const position = 99 * 64 + 33;
    for (const [rowsPerCall, counts] of [
      [220, [5]],
      [5, [5]],
      [4, [4, 1]],
      [2, [2, 2, 1]],
      [1, [1, 1, 1, 1, 1]],
    ] as const) {
      const parts = proveCorrupt(held, position, rowsPerCall);
      expect(parts.map(({ rows }) => rows.length)).to.deep.equal(counts);
      for (const { height, path } of parts) expect(path.length).to.equal(3 - height);
    }
    const { sectorIndex, sector, path, element } = proveMalformed(held, { row: 4, position });
    expect(sectorIndex).to.equal(4 * 1024 + position / 8 - 1 / 8);
    expect(element).to.equal(1);
    const leaf = keccak(concat(...sector.map((word) => fromHex(word))));
    const root = rootFromPath(leaf, sectorIndex, concat(...path.map((sibling) => fromHex(sibling))), 13);
    expect(equalBytes(root, fromHex(blob.header.dataRoot))).to.equal(true);
  });

  it("take one call up to 220 rows, and two of 128 rows at most beyond", async () => {
    const { extended } = await compute.extendRows(
      payloadOf("long", 131_072).map((byte, i) => (i % 32 === 0 ? 0 : byte)),
    );
    const [row, roots] = [matrixOf(extended), (rows: number) => new Uint8Array(rows * 32)];
    for (const [rows, counts] of [
      [220, [220]],
      [221, [128, 93]],
      [256, [128, 128]],
    ] as const) {
      // The same row many times: what matters here is their number.
      const segmentRoots = roots(rows);
      for (let i = 0; i < rows; i++) segmentRoots.set(row.segmentRoots, i * 32);
      const header = { length: full(rows), rows, dataRoot: toHex(dataRootOf(segmentRoots)) } as BlobHeader;
      const frame = frameOf(row, 5);
      const frames = concat(...Array.from({ length: rows }, () => frame));
      const parts = proveCorrupt({ header, column: 5, frames }, 5 * 64);
      expect(parts.map((part) => part.rows.length)).to.deep.equal(counts);
      // With 2 KiB for the header, its path, the opening and the transaction around it.
      for (const part of parts) expect(part.rows.length * 18 * 32 + 2048).to.be.lessThan(131_072);
    }
  });

  it("refuse columns of other blobs, other columns and places outside", async () => {
    const blob = await sampleBlob(compute, "refused", full(2));
    const matrix = await compute.extendRows(blob.rows);
    const held = { header: blob.header, column: 7, frames: frameOf(matrix, 7) };
    const other = { ...held, frames: frameOf(matrix, 8) };
    expect(refusal(() => proveCorrupt(other, 7 * 64))).to.equal("DataRootMismatch");
    expect(refusal(() => proveCorrupt(held, 8 * 64))).to.equal("BadRequest");
    expect(refusal(() => proveMalformed(held, { row: 2, position: 7 * 64 }))).to.equal("BadRequest");
    expect(refusal(() => pointOf(8192))).to.equal("BadRequest");
    expect(refusal(() => findFraud({ ...held, frames: held.frames.slice(1) }))).to.equal("LengthMismatch");
    expect(refusal(() => findFraud(held, new Uint8Array(32)))).to.equal("LengthMismatch");
  });

  it("open a commitment to what the rows have at each position", async () => {
    const blob = await sampleBlob(compute, "opening", full(3));
    const expected = await opened(blob);
    for (const position of [0, 1, 64, 4095, 4096, 8191]) {
      const { value, proof } = await compute.openBlob(blob.q, position);
      expect(value).to.equal(`0x${Buffer.from(expected.slice(position * 32, position * 32 + 32)).toString("hex")}`);
      expect(fromHex(proof).length).to.equal(48);
    }
  });
});
