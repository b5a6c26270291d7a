import { createRequire } from "node:module";
import type * as CKzg from "c-kzg";
import { rowAt } from "../protocol/blob.ts";
import { CELL_BYTES, COLUMNS, EXTENDED_ROW_BYTES, POINT_BYTES, PROOFS_BYTES, ROW_BYTES } from "../protocol/params.ts";

/** The KZG operations of the project over the trusted setup of Ethereum. Synchronous: for worker threads only. */
export interface Kzg {
  /** n packed rows (n × 131,072) to n extended rows (n × 262,144). */
  extend(rows: Uint8Array): Uint8Array;
  /** Commitment of a row or combination, 48 bytes. */
  commit(row: Uint8Array): Uint8Array;
  /** The 128 cell proofs of a row or combination, 6,144 bytes. */
  prove(row: Uint8Array): Uint8Array;
  /** Does one cell of the committed polynomial have this proof? Refused points count as false. */
  verifyCell(commitment: Uint8Array, column: number, cell: Uint8Array, proof: Uint8Array): boolean;
  /** All 128 at once, against the extended form of the same polynomial. */
  verifyCells(commitment: Uint8Array, extended: Uint8Array, proofs: Uint8Array): boolean;
}

/**
 * Loads the setup: 2 s, and 100 MB more at precompute 8.
 *
 * @param precompute 8 where proofs are made; 0 for verifiers; 1–3 are slower than 0
 */
export function openKzg(precompute: number): Kzg {
  const kzg = createRequire(import.meta.url)("c-kzg") as typeof CKzg;
  kzg.loadTrustedSetup(precompute);
  const verify = (commitment: Uint8Array, columns: number[], cells: Uint8Array[], proofs: Uint8Array[]): boolean => {
    // The library holds an empty list to be true.
    if (columns.length === 0) return false;
    try {
      return kzg.verifyCellKzgProofBatch(new Array(columns.length).fill(commitment), columns, cells, proofs);
    } catch {
      return false;
    }
  };
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
    verifyCell: (commitment, column, cell, proof) => verify(commitment, [column], [cell], [proof]),
    verifyCells(commitment, extended, proofs) {
      const columns = Array.from({ length: COLUMNS }, (_, j) => j);
      return verify(
        commitment,
        columns,
        columns.map((j) => extended.subarray(j * CELL_BYTES, (j + 1) * CELL_BYTES)),
        columns.map((j) => proofs.subarray(j * POINT_BYTES, (j + 1) * POINT_BYTES)),
      );
    },
  };
}

/** The binding takes no shared memory. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}
