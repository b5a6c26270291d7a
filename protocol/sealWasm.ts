/** The parts of the mining kernel that are chains of keccak: seals and scratch pads, two side by side. */
import { KECCAK_LOCALS, LANES, permute, RATE_LANES } from "./keccakRounds.ts";
import { PAD_BYTES } from "./scratchPad.ts";
import { SEAL_BYTES } from "./seal.ts";
import {
  add,
  type Code,
  get,
  i32,
  lanes,
  less,
  loadFirst,
  loadSecond,
  loop,
  set,
  storeLane,
  sub,
  type WasmFunction,
  xor,
} from "./wasm.ts";

const WORD = 32;
const STATE_BYTES = 64;
const QUARTERS = [0, 1, 2, 3];

/** A state that has taken a message of so many lanes, which are in their places already: the rest of its only block. */
const padded = (first: number, length: number): Code =>
  Array.from({ length: LANES - length }, (_, i) => {
    const lane = length + i;
    const value = lane === length ? 1n : lane === RATE_LANES - 1 ? 1n << 63n : 0n;
    return [lanes(value), set(first + lane)];
  });

/**
 * seal(at, masks, pairs) and unseal(…): 2 × pairs seals of 4,096 bytes that lie one behind the other, in place, with
 * their first masks, 32 bytes each. Sealed and unsealed differ in what the next mask is the hash of: what comes out, or
 * what went in.
 */
export function sealing(name: "seal" | "unseal"): WasmFunction {
  const [AT, MASKS, PAIRS, END, ROUND] = [0, 1, 2, 3, 4];
  const [FIRST, MASK] = [5, 5 + KECCAK_LOCALS];
  const both = (address: number, i: number, apart: number): Code => [
    [get(address), get(address), loadFirst(8 * i), loadSecond(8 * i + apart)],
  ];
  const each: Code = [
    QUARTERS.map((i) => [
      [get(MASKS), get(MASKS), loadFirst(8 * i)],
      [loadSecond(8 * i + WORD), set(MASK + i)],
    ]),
    [get(AT), i32(SEAL_BYTES), add, set(END)],
    loop(
      [
        QUARTERS.map((i) => {
          const word: Code = [both(AT, i, SEAL_BYTES), set(FIRST + i)];
          const mixed: Code = [get(FIRST + i), get(MASK + i), xor];
          const kept = name === "seal" ? FIRST + i : MASK + i;
          return [
            word,
            mixed,
            set(kept),
            [0, 1].map((half) => [get(AT), get(kept), storeLane(half, 8 * i + half * SEAL_BYTES)]),
          ];
        }),
        padded(FIRST, QUARTERS.length),
        permute(FIRST, ROUND),
        QUARTERS.map((i) => [get(FIRST + i), set(MASK + i)]),
        [get(AT), i32(WORD), add, set(AT)],
      ],
      [get(AT), get(END), less],
    ),
    [get(AT), i32(SEAL_BYTES), add, set(AT), get(MASKS), i32(2 * WORD), add, set(MASKS)],
    [get(PAIRS), i32(1), sub, set(PAIRS)],
  ];
  return { name, params: 3, i32: 2, v128: KECCAK_LOCALS + QUARTERS.length, body: loop(each, get(PAIRS)) };
}

/**
 * pads(seeds, to, recall): two pads of 16,384 bytes, one behind the other, from two seeds of 64 bytes; and the two hashes
 * of their last states, which draw the loads.
 */
export function padding(): WasmFunction {
  const [SEEDS, TO, RECALL, END, ROUND] = [0, 1, 2, 3, 4];
  const [FIRST, A, B] = [5, 5 + KECCAK_LOCALS, 9 + KECCAK_LOCALS];
  const read = (local: number, at: number): Code =>
    QUARTERS.map((i) => [
      [get(SEEDS), get(SEEDS), loadFirst(at + 8 * i), loadSecond(at + 8 * i + STATE_BYTES)],
      set(local + i),
    ]);
  const write = (to: number, local: number, at: number, apart: number): Code =>
    QUARTERS.map((i) => [0, 1].map((half) => [get(to), get(local + i), storeLane(half, at + 8 * i + half * apart)]));
  const hash: Code = [
    QUARTERS.map((i) => [get(A + i), set(FIRST + i), get(B + i), set(FIRST + 4 + i)]),
    padded(FIRST, 2 * QUARTERS.length),
    permute(FIRST, ROUND),
  ];
  const become = (local: number): Code => QUARTERS.map((i) => [get(FIRST + i), set(local + i)]);
  const body: Code = [
    [read(A, 0), read(B, WORD)],
    [get(TO), i32(PAD_BYTES), add, set(END)],
    loop(
      [
        [hash, become(A), write(TO, A, 0, PAD_BYTES)],
        [hash, become(B), write(TO, B, WORD, PAD_BYTES)],
        [get(TO), i32(STATE_BYTES), add, set(TO)],
      ],
      [get(TO), get(END), less],
    ),
    [hash, write(RECALL, FIRST, 0, WORD)],
  ];
  return { name: "pads", params: 3, i32: 2, v128: KECCAK_LOCALS + 8, body };
}
