/** Keccak-f[1600] on two states at once, one in each half of 25 registers, for the WebAssembly kernels. */
import { add, andNot, type Code, get, i32, less, loadBoth, loop, rotate, set, words, xor } from "./wasm.ts";

const ROUNDS = 24;

/** Round constants by the generator of the standard: an 8-bit shift register, 7 bits a round. */
function roundConstants(): bigint[] {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    return constant;
  });
}

/** What a module that permutes has at the start of its memory. */
export const KECCAK_DATA: readonly number[] = words(roundConstants());
/** Lanes of the state, of which a 256-bit digest is the first four; messages fill 17 a block. */
export const LANES = 25;
export const RATE_LANES = 17;
/** v128 locals that the rounds need: the state, and their own. */
export const KECCAK_LOCALS = LANES + 11;

/**
 * @param state first of the locals, whose first 25 are the state
 * @param round an i32 local
 */
export function permute(state: number, round: number): Code {
  const lane = (i: number): number => state + i;
  const [C, D, T] = [lane(25), lane(30), lane(35)];
  const theta: Code[] = [];
  for (let x = 0; x < 5; x++) {
    const column: Code[] = [get(lane(x))];
    for (let y = 1; y < 5; y++) column.push(get(lane(x + 5 * y)), xor);
    theta.push(column, set(C + x));
  }
  for (let x = 0; x < 5; x++) {
    theta.push(get(C + ((x + 4) % 5)), rotate(get(C + ((x + 1) % 5)), 1), xor, set(D + x));
  }
  for (let i = 0; i < LANES; i++) theta.push(get(lane(i)), get(D + (i % 5)), xor, set(lane(i)));
  const rhoPi: Code[] = [get(lane(1)), set(T)];
  for (let step = 0, x = 1, y = 0; step < 24; step++) {
    const [nextX, nextY] = [y, (2 * x + 3 * y) % 5];
    const target = lane(nextX + 5 * nextY);
    const by = (((step + 1) * (step + 2)) / 2) % 64;
    rhoPi.push(get(target), set(C), rotate(get(T), by), set(target), get(C), set(T));
    [x, y] = [nextX, nextY];
  }
  const chi: Code[] = [];
  for (let y = 0; y < LANES; y += 5) {
    for (let x = 0; x < 5; x++) chi.push(get(lane(y + x)), set(C + x));
    for (let x = 0; x < 5; x++) {
      chi.push(get(C + x), get(C + ((x + 2) % 5)), get(C + ((x + 1) % 5)), andNot, xor, set(lane(y + x)));
    }
  }
  const iota: Code = [get(lane(0)), get(round), loadBoth(0), xor, set(lane(0))];
  const next: Code = [get(round), i32(8), add, set(round)];
  return [i32(0), set(round), loop([theta, rhoPi, chi, iota, next], [get(round), i32(8 * ROUNDS), less])];
}
