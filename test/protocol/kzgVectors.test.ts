import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DasContextJs } from "@crate-crypto/node-eth-kzg";
import { expect } from "chai";
import { rowDecoder } from "../../protocol/decode.ts";
import { ZgError } from "../../protocol/errors.ts";
import { bytesToBig, concat, equalBytes, fromHex, toHex } from "../../protocol/hex.ts";
import { FIELD_ORDER } from "../../protocol/params.ts";
import { chunks } from "./naive.ts";
import { sharedKzg } from "./pool.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

interface Vector<Input, Output> {
  readonly name: string;
  readonly input: Input;
  readonly output: Output | null;
}
interface CellBatch {
  readonly commitments: string[];
  readonly cell_indices: number[];
  readonly cells: string[];
  readonly proofs: string[];
}

interface Recovery {
  readonly cell_indices: number[];
  readonly cells: string[];
}

/** Also of what is no whole number of field elements. */
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.slice(2), "hex"));

/** What is wrong with a recovery's input, as our reader sees it. */
function faultOf(columns: readonly number[], cells: readonly Uint8Array[]): string {
  if (cells.some((cell) => cell.length !== 2048)) return "LengthMismatch";
  if (new Set(columns.slice(0, 64)).size < 64) return "TooFewCells";
  const canonical = cells.every((cell) => chunks(cell, 32).every((element) => bytesToBig(element) < FIELD_ORDER));
  if (!canonical) return "not an encoding";
  return columns.every((j, i) => i === 0 || j > (columns[i - 1] as number)) ? "none" : "order";
}

/** The vectors of c-kzg-4844; a copy of this repository without them skips these tests and says so. */
function read<Input, Output>(name: string): Vector<Input, Output>[] | null {
  const file = new URL(`../vectors/kzg/${name}.json.gz`, import.meta.url);
  return existsSync(file) ? JSON.parse(gunzipSync(readFileSync(file)).toString()) : null;
}
const missing = (name: string) => `skipped: test/vectors/kzg/${name}.json.gz is absent`;

describe("official KZG vectors", function () {
  this.timeout(60_000);

  const batches = read<CellBatch, boolean>("verify_cell_kzg_proof_batch");
  if (batches === null) it.skip(missing("verify_cell_kzg_proof_batch"));
  for (const { name, input, output } of batches ?? []) {
    const empty = input.cells.length === 0 && output === true;
    it(`${name}: ${empty ? "true by the specification, refused here" : String(output ?? "refused")}`, () => {
      const bytes = (list: readonly string[]) => list.map((hex) => new Uint8Array(Buffer.from(hex.slice(2), "hex")));
      let verdict: boolean | null;
      try {
        const { commitments, cell_indices, cells, proofs } = input;
        verdict = sharedKzg().verify(bytes(commitments), cell_indices, bytes(cells), bytes(proofs));
      } catch (error) {
        expect(error).to.be.instanceOf(ZgError);
        verdict = null;
      }
      expect(verdict).to.equal(empty ? null : output);
    });
  }

  const rows = read<{ blob: string }, string[]>("compute_cells");
  if (rows === null) it.skip(missing("compute_cells"));
  for (const { name, input, output } of rows ?? []) {
    it(`${name}: ${output === null ? "refused" : "the same cells, and our decoder inverts them"}`, () => {
      const row = fromHex(input.blob);
      if (output === null) {
        expect(() => sharedKzg().extend(row)).to.throw();
        return;
      }
      const cells = output.map((hex) => fromHex(hex));
      expect(equalBytes(sharedKzg().extend(row), concat(...cells))).to.equal(true);
      const decoder = rowDecoder(Array.from({ length: 64 }, (_, i) => 2 * i + 1));
      const decoded = decoder.decode(
        decoder.columns.map((j) => cells[j]!),
        1,
      );
      expect(equalBytes(decoded, row)).to.equal(true);
    });
  }

  const commitments = read<{ blob: string }, string>("blob_to_kzg_commitment");
  if (commitments === null) it.skip(missing("blob_to_kzg_commitment"));
  for (const { name, input, output } of commitments ?? []) {
    it(`${name}: ${output === null ? "refused" : "the same commitment"}`, () => {
      const row = bytesOf(input.blob);
      if (output === null) expect(() => sharedKzg().commit(row)).to.throw();
      else expect(toHex(sharedKzg().commit(row))).to.equal(output);
    });
  }

  const proofs = read<{ blob: string }, [cells: string[], proofs: string[]]>("compute_cells_and_kzg_proofs");
  if (proofs === null) it.skip(missing("compute_cells_and_kzg_proofs"));
  for (const { name, input, output } of proofs ?? []) {
    it(`${name}: ${output === null ? "refused" : "the same cells and proofs"}`, () => {
      const row = bytesOf(input.blob);
      if (output === null) {
        expect(() => sharedKzg().prove(row)).to.throw();
        return;
      }
      const [cells, points] = output.map((list) => concat(...list.map((hex) => fromHex(hex)))) as [
        Uint8Array,
        Uint8Array,
      ];
      expect(equalBytes(sharedKzg().extend(row), cells)).to.equal(true);
      expect(equalBytes(sharedKzg().prove(row), points)).to.equal(true);
    });
  }

  const recoveries = read<Recovery, [cells: string[], proofs: string[]]>("recover_cells_and_kzg_proofs");
  if (recoveries === null) it.skip(missing("recover_cells_and_kzg_proofs"));
  for (const { name, input, output } of recoveries ?? []) {
    const { cell_indices: columns } = input;
    const cells = input.cells.map(bytesOf);
    // A piece of ours has its column with it: lists of unlike lengths cannot be said.
    if (cells.length !== columns.length) continue;
    // What the library must refuse, our reader refuses, or finds out by encoding again; or, the order being the only fault, mends.
    const fault = faultOf(columns, cells);
    const outcome =
      { none: "the same cells", order: "the same cells, whatever the order" }[fault] ?? `refused: ${fault}`;
    it(`${name}: ${outcome}`, () => {
      expect(output === null).to.equal(fault !== "none");
      const recover = () => {
        const decoder = rowDecoder(columns.slice(0, 64));
        return sharedKzg().extend(
          decoder.decode(
            decoder.columns.map((j) => cells[columns.indexOf(j)]!),
            1,
          ),
        );
      };
      if (fault === "TooFewCells" || fault === "LengthMismatch") {
        expect(refusal(recover)).to.equal(fault);
        return;
      }
      if (fault === "not an encoding" && columns.slice(0, 64).every((j) => j < 64)) {
        // Nothing was decoded, and a row that is no row is not extended.
        expect(recover).to.throw();
        return;
      }
      const extended = recover();
      const same = columns.every((j, i) => equalBytes(extended.subarray(j * 2048, (j + 1) * 2048), cells[i]!));
      expect(same).to.equal(fault !== "not an encoding");
      if (output !== null) expect(equalBytes(extended, concat(...output[0].map((hex) => fromHex(hex))))).to.equal(true);
    });
  }
});

describe("a second KZG library", function () {
  this.timeout(120_000);

  it("makes the same cells, commitment and proofs, and accepts ours", () => {
    const kzg = sharedKzg();
    const witness = DasContextJs.create({ usePrecomp: false });
    const row = payloadOf("witnessed row", 131_072).map((byte, i) => (i % 32 === 0 ? 0 : byte));
    const extended = kzg.extend(row);
    const commitment = kzg.commit(row);
    const proofs = chunks(kzg.prove(row), 48);
    const theirs = witness.computeCellsAndKzgProofs(row);
    expect(equalBytes(concat(...theirs.cells), extended)).to.equal(true);
    expect(theirs.proofs.map(toHex)).to.deep.equal(proofs.map(toHex));
    expect(toHex(witness.blobToKzgCommitment(row))).to.equal(toHex(commitment));
    const cells = chunks(extended, 2048);
    const columns = [0, 63, 64, 127];
    const pick = (list: readonly Uint8Array[]) => columns.map((j) => list[j]!);
    expect(
      kzg.verify(
        columns.map(() => commitment),
        columns,
        pick(cells),
        pick(proofs),
      ),
    ).to.equal(true);
    const held = witness.verifyCellKzgProofBatch(
      columns.map(() => commitment),
      columns,
      pick(cells),
      pick(proofs),
    );
    expect(held).to.equal(true);
  });
});
