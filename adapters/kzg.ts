import { createRequire } from "node:module";
import type * as CKzg from "c-kzg";
import { rowAt } from "../protocol/blob.ts";
import { ZgError } from "../protocol/errors.ts";
import { CELL_BYTES, EXTENDED_ROW_BYTES, POINT_BYTES, PROOFS_BYTES, ROW_BYTES } from "../protocol/params.ts";

/** The KZG operations of the project over the trusted setup of Ethereum. Synchronous: for worker threads only. */
export interface Kzg {
  /** n packed rows (n × 131,072) to n extended rows (n × 262,144). */
  extend(rows: Uint8Array): Uint8Array;
  /** Commitment of a row or combination, 48 bytes. */
  commit(row: Uint8Array): Uint8Array;
  /** The 128 cell proofs of a row or combination, 6,144 bytes. */
  prove(row: Uint8Array): Uint8Array;
  /** What a row or combination is at `point`, a canonical field element, and the proof of that for EIP-4844's precompile. */
  open(row: Uint8Array, point: Uint8Array): { value: Uint8Array; proof: Uint8Array };
  /**
   * Do these cells of the committed polynomials have these proofs? Refuses (`BadPoint`, `BadRequest`) what is no point,
   * no element or no list: refused and false are different verdicts.
   */
  verify(
    commitments: readonly Uint8Array[],
    columns: readonly number[],
    cells: readonly Uint8Array[],
    proofs: readonly Uint8Array[],
  ): boolean;
}

/**
 * Loads the setup: 2 s, and 100 MB more at precompute 8.
 *
 * @param precompute 8 where proofs are made; 0 for verifiers; 1–3 are slower than 0
 */
export function openKzg(precompute: number): Kzg {
  const kzg = createRequire(import.meta.url)("c-kzg") as typeof CKzg;
  kzg.loadTrustedSetup(precompute);
  return {
    extend(rows) {
      const count = rows.length / ROW_BYTES;
      const extended = new Uint8Array(count * EXTENDED_ROW_BYTES);
      for (let row = 0; row < count; row++) {
        let at = row * EXTENDED_ROW_BYTES;
        for (const cell of kzg.computeCells(own(rowAt(rows, row)))) {
          extended.set(cell, at);
          at += CELL_BYTES;
        }
      }
      return extended;
    },
    commit: (row) => kzg.blobToKzgCommitment(row),
    prove(row) {
      const proofs = new Uint8Array(PROOFS_BYTES);
      for (const [j, proof] of kzg.computeCellsAndKzgProofs(row)[1].entries()) proofs.set(proof, j * POINT_BYTES);
      return proofs;
    },
    open(row, point) {
      const [proof, value] = kzg.computeKzgProof(own(row), own(point));
      return { value, proof };
    },
    verify(commitments, columns, cells, proofs) {
      // The library holds an empty list to be true.
      if (columns.length === 0) throw new ZgError("BadRequest", { why: "no cells" });
      try {
        return kzg.verifyCellKzgProofBatch([...commitments], [...columns], [...cells], [...proofs]);
      } catch (cause) {
        throw new ZgError("BadPoint", { why: "refused by the KZG library" }, { cause });
      }
    },
  };
}

/** The binding takes no shared memory. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}
