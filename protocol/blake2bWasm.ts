/** Blake2b-512 without a key, for the mining kernel: two messages at a time, one in each half of a register. */
import {
  addLanes,
  type Code,
  get,
  i32,
  lanes,
  load,
  rotate,
  set,
  shuffle,
  spread,
  store,
  sub,
  type WasmFunction,
  xor,
} from "./wasm.ts";

const ROUNDS = 12;
/** In which order a round reads the words of a block; the rounds after the tenth begin anew. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;
const COLUMNS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;
/** The fractions of the square roots of the first eight primes, as in SHA-512. */
const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
] as const;
/** 64 bytes of digest, no key. */
const PARAMETERS = 0x01010040n;

/** By whole bytes: in the order in which they come out. */
const rotateBytes = (value: Code, by: number): Code =>
  shuffle(
    value,
    Array.from({ length: 8 }, (_, i) => (i + by / 8) % 8),
  );

const mix = ([a, b, c, d]: readonly [number, number, number, number], x: Code, y: Code): Code => {
  const sum = (to: number, from: number, ...word: Code): Code => [get(to), word, get(from), addLanes, set(to)];
  const turned = (to: number, from: number, turn: (value: Code) => Code): Code => [
    [get(to), get(from), xor, set(to)],
    [turn(get(to)), set(to)],
  ];
  return [
    [sum(a, b, x, addLanes), turned(d, a, (value) => rotateBytes(value, 32))],
    [sum(c, d), turned(b, c, (value) => rotateBytes(value, 24))],
    [sum(a, b, y, addLanes), turned(d, a, (value) => rotateBytes(value, 16))],
    [sum(c, d), turned(b, c, (value) => rotate(value, 1))],
  ];
};

/** The two states of digests that begin, at `at`. */
export const begin = (at: number): Code =>
  IV.map((value, i) => [i32(0), lanes(i === 0 ? value ^ PARAMETERS : value), store(at + 16 * i)]);

/**
 * compress(count, last): two blocks of 16 words at `block` into two states of 8 words at `state`, word by word the first's
 * and then the second's. Count: bytes so far, these included. Last: 1 or 0.
 */
export function compression(state: number, block: number): WasmFunction {
  const [COUNT, LAST, V] = [0, 1, 2];
  const word = (i: number): Code => [i32(0), load(block + 16 * i)];
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const order = SIGMA[round % SIGMA.length] as (typeof SIGMA)[number];
    return COLUMNS.map(([a, b, c, d], i) =>
      mix([V + a, V + b, V + c, V + d], word(order[2 * i] as number), word(order[2 * i + 1] as number)),
    );
  });
  const body: Code = [
    IV.map((value, i) => [
      [i32(0), load(state + 16 * i), set(V + i)],
      [lanes(value), set(V + 8 + i)],
    ]),
    [get(V + 12), get(COUNT), spread, xor, set(V + 12)],
    [get(V + 14), i32(0), get(LAST), sub, spread, xor, set(V + 14)],
    rounds,
    IV.map((_, i) => [
      [i32(0), i32(0), load(state + 16 * i), get(V + i), xor, get(V + 8 + i), xor],
      store(state + 16 * i),
    ]),
  ];
  return { params: 2, i32: 0, v128: 16, body };
}
