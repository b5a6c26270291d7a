import { fromGiant, STRIDE } from "./combine.ts";
import { ZgError } from "./errors.ts";
import {
  CELL_BYTES,
  COLUMNS,
  DATA_COLUMNS,
  ELEMENT_BYTES,
  ELEMENTS_PER_CELL,
  FIELD_ORDER as R,
  ROW_BYTES,
} from "./params.ts";

/**
 * Rows from any 64 columns, by linear algebra instead of a library's recovery (which also makes proofs nobody asked
 * for, and which trusts its input).
 *
 * Write f(x) = Σ_{t<64} x^t g_t(x^64), each g_t of degree < 64. On column j, x runs over h_j·⟨ω_64⟩, so x^64 = y_j is
 * constant: a 64-point inverse transform of the cell gives h_j^t g_t(y_j) for every t. Knowing g_t at 64 points y_j,
 * Lagrange gives it at the missing ones, and a forward transform gives the missing cell. The Lagrange matrix depends on
 * the set of columns only; its product with the data is a few thousand multiplications of giant integers per row.
 */
export interface RowDecoder {
  /** The 64 columns it decodes from, ascending. */
  readonly columns: readonly number[];
  /**
   * The data halves of `rows` rows: rows × 131,072 bytes. Elements are taken mod r: what a cell that is no part of an
   * encoding decodes to does not matter, for the re-encoding cannot match then.
   *
   * @param cells for each of `columns`, rows × 2048 bytes
   */
  decode(cells: readonly Uint8Array[], rows: number): Uint8Array;
}

/** Rows that share one giant integer: enough to hide the cost of a call, small enough for the cache. */
const GROUP = 4;

export function rowDecoder(columns: readonly number[]): RowDecoder {
  const known = [...new Set(columns)].sort((a, b) => a - b);
  if (known.length !== DATA_COLUMNS || known.some((j) => !(Number.isInteger(j) && j >= 0 && j < COLUMNS))) {
    throw new ZgError("TooFewCells", { known: known.length, needed: DATA_COLUMNS });
  }
  const missing = Array.from({ length: DATA_COLUMNS }, (_, j) => j).filter((j) => !known.includes(j));
  const matrix = lagrange(known, missing);
  // 1/64 of the inverse transform goes with h_j^-t.
  const untwist = known.map((j) => powers(inverse(shift(j)), inverse(BigInt(ELEMENTS_PER_CELL))));
  const twist = missing.map((j) => powers(shift(j), 1n));

  const decodeGroup = (cells: readonly Uint8Array[], row: number, rows: number, out: Uint8Array) => {
    for (const [k, j] of known.entries()) {
      if (j >= DATA_COLUMNS) continue;
      for (let i = row; i < row + rows; i++) out.set(cellOf(cells[k] as Uint8Array, i), i * ROW_BYTES + j * CELL_BYTES);
    }
    if (missing.length === 0) return;
    const giants = known.map((_, k) => {
      const slots: string[] = [];
      for (let i = row; i < row + rows; i++) {
        const values = elementsOf(cellOf(cells[k] as Uint8Array, i));
        inverseTransform(values);
        for (let t = 0; t < ELEMENTS_PER_CELL; t++) {
          const value = mod((values[t] as bigint) * (untwist[k]?.[t] as bigint));
          slots.push(value.toString(16).padStart(2 * STRIDE, "0"));
        }
      }
      return BigInt(`0x${slots.join("")}`);
    });
    for (const [m, j] of missing.entries()) {
      let sum = 0n;
      for (const [k, giant] of giants.entries()) sum += giant * (matrix[m]?.[k] as bigint);
      const coefficients = elementsOf(fromGiant(sum, rows * ELEMENTS_PER_CELL));
      for (let i = 0; i < rows; i++) {
        const values = coefficients.slice(i * ELEMENTS_PER_CELL, (i + 1) * ELEMENTS_PER_CELL);
        for (let t = 0; t < ELEMENTS_PER_CELL; t++) values[t] = ((values[t] as bigint) * (twist[m]?.[t] as bigint)) % R;
        forwardTransform(values);
        out.set(bytesOf(values), (row + i) * ROW_BYTES + j * CELL_BYTES);
      }
    }
  };

  return {
    columns: known,
    decode(cells, rows) {
      for (const cell of cells) {
        if (cell.length !== rows * CELL_BYTES) {
          throw new ZgError("LengthMismatch", { expected: rows * CELL_BYTES, actual: cell.length });
        }
      }
      const out = new Uint8Array(rows * ROW_BYTES);
      for (let row = 0; row < rows; row += GROUP) decodeGroup(cells, row, Math.min(GROUP, rows - row), out);
      return out;
    },
  };
}

const ROOT_OF_8192 = power(7n, (R - 1n) / BigInt(COLUMNS * ELEMENTS_PER_CELL));
const ROOT_OF_64 = power(ROOT_OF_8192, BigInt(COLUMNS));
const FORWARD = powers(ROOT_OF_64, 1n);
const BACKWARD = powers(inverse(ROOT_OF_64), 1n);

/** h_j: column j is the coset h_j·⟨ω_64⟩ of the 8192nd roots of unity, in bit-reversed order. */
function shift(column: number): bigint {
  return power(ROOT_OF_8192, BigInt(reverseBits(column, 7)));
}

/** matrix[m][k] = L_k(y_m), the Lagrange basis over the known y at each missing one. */
function lagrange(known: readonly number[], missing: readonly number[]): bigint[][] {
  const y = (j: number) => power(shift(j), BigInt(ELEMENTS_PER_CELL));
  const at = known.map(y);
  const weights = at.map((yk, k) => inverse(product(at.filter((_, i) => i !== k).map((yi) => yk - yi))));
  return missing.map((m) => {
    const differences = at.map((yk) => mod(y(m) - yk));
    const all = product(differences);
    const inverses = inverseEach(differences);
    return weights.map((weight, k) => mod(mod(all * weight) * (inverses[k] as bigint)));
  });
}

/** 64-point inverse transform without the 1/64, in place: bit-reversed values to coefficients. */
function inverseTransform(values: bigint[]): void {
  for (let half = 1; half < ELEMENTS_PER_CELL; half *= 2) {
    const step = ELEMENTS_PER_CELL / (2 * half);
    for (let start = 0; start < ELEMENTS_PER_CELL; start += 2 * half) {
      for (let i = 0; i < half; i++) {
        const a = values[start + i] as bigint;
        const b = ((values[start + i + half] as bigint) * (BACKWARD[i * step] as bigint)) % R;
        // Sums grow by a bit a level and may be negative; the next product takes them mod r.
        values[start + i] = a + b;
        values[start + i + half] = a - b;
      }
    }
  }
}

/** 64-point transform in place: coefficients to bit-reversed values. */
function forwardTransform(values: bigint[]): void {
  for (let half = ELEMENTS_PER_CELL / 2; half >= 1; half /= 2) {
    const step = ELEMENTS_PER_CELL / (2 * half);
    for (let start = 0; start < ELEMENTS_PER_CELL; start += 2 * half) {
      for (let i = 0; i < half; i++) {
        const a = values[start + i] as bigint;
        const b = values[start + i + half] as bigint;
        values[start + i] = a + b;
        values[start + i + half] = ((a - b) * (FORWARD[i * step] as bigint)) % R;
      }
    }
  }
}

function cellOf(column: Uint8Array, row: number): Uint8Array {
  return column.subarray(row * CELL_BYTES, (row + 1) * CELL_BYTES);
}

function elementsOf(bytes: Uint8Array): bigint[] {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  const size = 2 * ELEMENT_BYTES;
  return Array.from({ length: hex.length / size }, (_, i) => BigInt(`0x${hex.slice(i * size, (i + 1) * size)}`));
}

function bytesOf(values: readonly bigint[]): Uint8Array {
  return Buffer.from(
    values
      .map((value) =>
        mod(value)
          .toString(16)
          .padStart(2 * ELEMENT_BYTES, "0"),
      )
      .join(""),
    "hex",
  );
}

function mod(value: bigint): bigint {
  const rest = value % R;
  return rest < 0n ? rest + R : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, e = exponent; e > 0n; e >>= 1n, square = (square * square) % R) {
    if (e & 1n) result = (result * square) % R;
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(mod(value), R - 2n);
}

/** first, first·base, first·base², …: 64 of them. */
function powers(base: bigint, first: bigint): bigint[] {
  const out = [first];
  while (out.length < ELEMENTS_PER_CELL) out.push(((out.at(-1) as bigint) * base) % R);
  return out;
}

function product(values: readonly bigint[]): bigint {
  return values.reduce((all, value) => mod(all * value), 1n);
}

/** Inverses of non-zero values at the price of one inversion. */
function inverseEach(values: readonly bigint[]): bigint[] {
  const before: bigint[] = [];
  let all = 1n;
  for (const value of values) {
    before.push(all);
    all = mod(all * value);
  }
  let rest = inverse(all);
  const out: bigint[] = new Array(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    out[i] = mod(rest * (before[i] as bigint));
    rest = mod(rest * (values[i] as bigint));
  }
  return out;
}

function reverseBits(value: number, width: number): number {
  let out = 0;
  for (let i = 0; i < width; i++) out |= ((value >> i) & 1) << (width - 1 - i);
  return out;
}
