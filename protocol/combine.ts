// biome-ignore lint/style/noRestrictedImports: v8's deserializer is pure, and the one way from bytes to a BigInt at the speed of memory.
import { deserialize } from "node:v8";
import { ZgError } from "./errors.ts";
import { ELEMENT_BYTES, FIELD_ORDER } from "./params.ts";

/**
 * Linear combinations of vectors of field elements, the inner loop of the encoder.
 *
 * A vector becomes giant integers, an element each STRIDE bytes; coefficient × vector is then a few native
 * multiplications without carries between elements (256 + 255 bits, and 33 more for up to 2^33 additions), and the
 * modulus is taken once at the end: 4,096 elements in under 1 ms, against 2.4 ms one by one (bench/combine.ts).
 */
export const STRIDE = 68;
const STRIDE_WORDS = STRIDE / 4;
const ELEMENT_WORDS = ELEMENT_BYTES / 4;
/** Elements to an integer: larger ones fall out of the cache. Every caller's vector is a multiple or smaller. */
const CHUNK = 64;

export interface Combination {
  /** Adds coefficient × vector; elements are taken as integers, canonical or not. */
  add(coefficient: bigint, vector: Uint8Array): void;
  /** The sum mod r, elements × 32 bytes, canonical. */
  result(): Uint8Array;
}

export function combination(elements: number): Combination {
  const count = Math.min(CHUNK, elements);
  const sums: bigint[] = new Array(Math.ceil(elements / count)).fill(0n);
  const toGiant = giantReader(count);
  return {
    add(coefficient, vector) {
      if (vector.length !== elements * ELEMENT_BYTES) {
        throw new ZgError("LengthMismatch", { expected: elements * ELEMENT_BYTES, actual: vector.length });
      }
      const aligned = vector.byteOffset % 4 === 0 ? vector : vector.slice();
      const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
      for (const [i, sum] of sums.entries()) {
        const giant = toGiant(words, i * count * ELEMENT_WORDS);
        sums[i] = sum + (coefficient === 1n ? giant : giant * coefficient);
      }
    },
    result() {
      const out = new Uint8Array(elements * ELEMENT_BYTES);
      for (const [i, sum] of sums.entries()) out.set(fromGiant(sum, count), i * count * ELEMENT_BYTES);
      return out;
    },
  };
}

/**
 * Reads `elements` big-endian elements from 32-bit words into one integer, the first in the highest slot.
 *
 * The integer is written in the form that v8.deserialize reads (format 15: 0xff, version, "Z", digit bytes × 2 as a
 * varint, then little-endian digits), which every later version reads too. Parsing hex instead takes ten times as long.
 */
function giantReader(elements: number): (words: Uint32Array, from: number) => bigint {
  const digitBytes = Math.ceil((elements * STRIDE) / 8) * 8;
  const head = [0xff, 0x0f, 0x5a, ...varint(digitBytes * 2)];
  const start = Math.ceil(head.length / 4) * 4;
  const buffer = new ArrayBuffer(start + digitBytes);
  const serialized = new Uint8Array(buffer, start - head.length);
  serialized.set(head);
  const digits = new Uint32Array(buffer, start);
  return (words, from) => {
    let to = 0;
    for (let element = elements - 1; element >= 0; element--, to += STRIDE_WORDS) {
      const last = from + element * ELEMENT_WORDS + ELEMENT_WORDS - 1;
      for (let i = 0; i < ELEMENT_WORDS; i++) {
        const w = words[last - i] as number;
        digits[to + i] = (w >>> 24) | ((w >>> 8) & 0xff00) | ((w << 8) & 0xff0000) | (w << 24);
      }
    }
    return deserialize(serialized) as bigint;
  };
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** Every slot of a giant integer mod r: elements × 32 bytes. */
export function fromGiant(giant: bigint, elements: number): Uint8Array {
  const slots = giant.toString(16).padStart(elements * STRIDE * 2, "0");
  const digits: string[] = new Array(elements);
  for (let i = 0; i < elements; i++) {
    const slot = BigInt(`0x${slots.slice(i * STRIDE * 2, (i + 1) * STRIDE * 2)}`);
    digits[i] = (slot % FIELD_ORDER).toString(16).padStart(64, "0");
  }
  return new Uint8Array(Buffer.from(digits.join(""), "hex"));
}

/** Index of the first element that is not smaller than r, or -1. */
export function firstNonCanonical(vector: Uint8Array): number {
  for (let at = 0; at < vector.length; at += ELEMENT_BYTES) {
    // Nearly every element ends here: its top byte is below that of r.
    if ((vector[at] as number) < FIELD_ORDER_TOP) continue;
    let i = 0;
    while (i < ELEMENT_BYTES - 1 && vector[at + i] === FIELD_ORDER_BYTES[i]) i++;
    if ((vector[at + i] as number) >= (FIELD_ORDER_BYTES[i] as number)) return at / ELEMENT_BYTES;
  }
  return -1;
}

const FIELD_ORDER_BYTES = new Uint8Array(Buffer.from(FIELD_ORDER.toString(16).padStart(64, "0"), "hex"));
const FIELD_ORDER_TOP = FIELD_ORDER_BYTES[0] as number;
