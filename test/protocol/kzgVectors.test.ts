import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DasContextJs } from "@crate-crypto/node-eth-kzg";
import { expect } from "chai";
import { rowDecoder } from "../../protocol/decode.ts";
import { ZgError } from "../../protocol/errors.ts";
import { concat, equalBytes, fromHex, toHex } from "../../protocol/hex.ts";
import { chunks } from "./naive.ts";
import { sharedKzg } from "./pool.ts";
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
