/**
 * A WebAssembly module that hashes two messages of equal length at a time, one in each half of a 128-bit register:
 * twice as fast as one at a time (bench/keccak.ts). Held against another implementation on every length it is used for
 * (test/protocol/keccak.test.ts).
 */
import { KECCAK_DATA, KECCAK_LOCALS, LANES, permute, RATE_LANES } from "./keccakRounds.ts";
import {
  add,
  type Code,
  call,
  equal,
  fill,
  get,
  i32,
  instantiate,
  lanes,
  less,
  load,
  loadFirst,
  loadSecond,
  loop,
  set,
  store,
  storeLane,
  sub,
  type WasmFunction,
  when,
  xor,
} from "./wasm.ts";

export interface KeccakPairs {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Hashes `pairs` × 2 messages of `size` bytes (a multiple of 8) from `from` on; digests go to `to`, 32 bytes each. */
  hash(from: number, to: number, pairs: number, size: number): void;
}

const STATE = 256; // 25 lanes × 16 bytes, after the round constants
const PAGES = 6;
/** Where messages may lie: the rest of the memory belongs to the module. */
export const HEAP = 1024;
export const HEAP_BYTES = PAGES * 65_536 - HEAP;

/** The permutation of the state in memory, which stays in locals for its rounds. */
function permutation(): WasmFunction {
  const [ROUND, FIRST] = [0, 1];
  const state = Array.from({ length: LANES }, (_, i) => i);
  const body: Code = [
    state.map((i) => [i32(0), load(STATE + 16 * i), set(FIRST + i)]),
    permute(FIRST, ROUND),
    state.map((i) => [i32(0), get(FIRST + i), store(STATE + 16 * i)]),
  ];
  return { params: 0, i32: 1, v128: KECCAK_LOCALS, body };
}

/** hash(from, to, pairs, size): the sponge around it. */
function sponge(): WasmFunction {
  const [FROM, TO, PAIRS, SIZE, LANE, AT, END, BOTH] = [0, 1, 2, 3, 4, 5, 6, 7];
  const PERMUTE = call(0);
  const pad = (address: Code, value: bigint): Code => [address, address, load(STATE), lanes(value), xor, store(STATE)];
  const absorb: Code = [
    get(LANE),
    [get(LANE), load(STATE), get(AT), loadFirst(0), set(BOTH), get(AT), get(SIZE), add, get(BOTH), loadSecond(0), xor],
    store(STATE),
    [get(AT), i32(8), add, set(AT), get(LANE), i32(16), add, set(LANE)],
    [get(LANE), i32(16 * RATE_LANES), equal, when([PERMUTE, i32(0), set(LANE)])],
  ];
  const each: Code = [
    [i32(STATE), i32(0), i32(16 * LANES), fill],
    [i32(0), set(LANE), get(FROM), set(AT), get(FROM), get(SIZE), add, set(END)],
    loop(absorb, [get(AT), get(END), less]),
    pad(get(LANE), 1n),
    pad(i32(16 * (RATE_LANES - 1)), 1n << 63n),
    PERMUTE,
    [0, 1, 2, 3].map((i) =>
      [0, 1].map((half) => [get(TO), i32(0), load(STATE + 16 * i), storeLane(half, 8 * i + 32 * half)]),
    ),
    [get(TO), i32(64), add, set(TO), get(END), get(SIZE), add, set(FROM)],
    [get(PAIRS), i32(1), sub, set(PAIRS)],
  ];
  return { name: "hash", params: 4, i32: 3, v128: 1, body: loop(each, get(PAIRS)) };
}

export function openKeccakPairs(): KeccakPairs {
  return instantiate<KeccakPairs>({ functions: [permutation(), sponge()], pages: PAGES, data: KECCAK_DATA });
}
