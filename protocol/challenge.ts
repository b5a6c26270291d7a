import type { BlobHeader } from "./header.ts";
import { bytesToBig, concat, fromHex, type Hex, word } from "./hex.ts";
import { keccak, keccakText } from "./keccak.ts";
import { FIELD_ORDER } from "./params.ts";

export const DST_ROW = keccakText("0G-DA/row/v1");
export const DST_BLOB = keccakText("0G-DA/blob/v1");

/**
 * 512 bits of keccak, reduced: uniform in the whole field to within 2^-257. A shorter challenge would void the union
 * bound over 2^124 column sets (docs/encoding.md 5).
 */
export function hashToField(dst: Uint8Array, root: Hex, count: number, index: number): bigint {
  const message = concat(dst, fromHex(root, 32), word(count), word(index));
  const wide = concat(keccak(concat(Uint8Array.of(0), message)), keccak(concat(Uint8Array.of(1), message)));
  return bytesToBig(wide) % FIELD_ORDER;
}

/** ρ_0 … ρ_{rows-1}: known only after dataRoot is fixed; the row count is in each. */
export function rowCoefficients(dataRoot: Hex, rows: number): bigint[] {
  return coefficients(DST_ROW, dataRoot, rows);
}

/** σ_0 … σ_{blobs-1}: known only after batchRoot, and with it every header, is fixed. */
export function blobCoefficients(batchRoot: Hex, blobs: number): bigint[] {
  return coefficients(DST_BLOB, batchRoot, blobs);
}

function coefficients(dst: Uint8Array, root: Hex, count: number): bigint[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? 1n : hashToField(dst, root, count, index)));
}

/** σ_b ρ_{b,i} for each row of the batch in order: P = Σ over these. */
export function batchCoefficients(headers: readonly BlobHeader[], batchRoot: Hex): bigint[] {
  const sigma = blobCoefficients(batchRoot, headers.length);
  return headers.flatMap((header, b) =>
    rowCoefficients(header.dataRoot, header.rows).map((rho) => (rho * (sigma[b] as bigint)) % FIELD_ORDER),
  );
}
