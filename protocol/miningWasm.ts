/**
 * The mining kernel: a WebAssembly module that seals, makes scratch pads and computes the tickets of a load, always two of
 * a kind at a time, without a call back or an allocation. What it computes is said in seal.ts, scratchPad.ts and pora.ts,
 * against which it is tested bit by bit; how fast, in bench/seal.ts and bench/mine.ts.
 */
import { begin, compression } from "./blake2bWasm.ts";
import { KECCAK_DATA } from "./keccakRounds.ts";
import { SEAL_BYTES } from "./seal.ts";
import { padding, sealing } from "./sealWasm.ts";
import {
  add,
  and,
  type Code,
  call,
  equal,
  get,
  i32,
  instantiate,
  lanes,
  less,
  load,
  loadBoth,
  loadByte,
  loadFirst,
  loadSecond,
  loop,
  set,
  shl,
  store,
  storeByte,
  storeLane,
  sub,
  type WasmFunction,
  xor,
} from "./wasm.ts";

const BLOCK_BYTES = 128;
const SEED_BYTES = 64;
const HASH = 32;
/** What a ticket is the hash of: a block with its number and seed, then the seal. */
const TICKET_BYTES = BLOCK_BYTES + SEAL_BYTES;

/** Where things lie in the kernel's memory. */
const STATE = 256; // 8 × 16
const BLOCK = 384; // 16 × 16
export const AT = {
  /** Two messages of 128 bytes, of which the seeds are made. */
  input: 640,
  /** 2 × 64 bytes. */
  seeds: 896,
  /** 2 × 32 bytes, which draw the loads. */
  recall: 1024,
  /** The numbers of the seals to hash, a byte each. */
  list: 1088,
  /** Their qualities, 32 bytes each, in the order of the list. */
  qualities: 1152,
  /** First masks of seals, 32 bytes each. */
  masks: 3200,
  /** 2 × 16,384 bytes. */
  pads: 8192,
  /** A load, or seals that lie one behind the other. */
  load: 65_536,
} as const;
const PAGES = 5;
const [COMPRESS, MAKE_PADS] = [0, 1];

export interface MiningKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** 2 × pairs seals at `load`, in place; their first masks are at `masks`. */
  seal(load: number, masks: number, pairs: number): void;
  unseal(load: number, masks: number, pairs: number): void;
  /** Two pads at `to` from two seeds of 64 bytes, and the hashes of their last states. */
  pads(seeds: number, to: number, recall: number): void;
  /** Two trials: seeds, pads and what draws their loads, from `input`. */
  trials(): void;
  /** Qualities of 2 × pairs seals, those of the list, in the first trial (0) or the second (1). */
  tickets(trial: number, pairs: number): void;
}

/** trials() */
function trials(): WasmFunction {
  const words = Array.from({ length: 16 }, (_, i) => i);
  const body: Code = [
    begin(STATE),
    words.map((i) => [
      [i32(0), i32(0), i32(0), loadFirst(AT.input + 8 * i), loadSecond(AT.input + 8 * i + BLOCK_BYTES)],
      store(BLOCK + 16 * i),
    ]),
    [i32(BLOCK_BYTES), i32(1), call(COMPRESS)],
    words
      .slice(0, 8)
      .map((i) =>
        [0, 1].map((half) => [
          i32(0),
          [i32(0), load(STATE + 16 * i)],
          storeLane(half, AT.seeds + 8 * i + half * SEED_BYTES),
        ]),
      ),
    [i32(AT.seeds), i32(AT.pads), i32(AT.recall), call(MAKE_PADS)],
  ];
  return { name: "trials", params: 0, i32: 0, v128: 0, body };
}

/** tickets(trial, pairs) */
function tickets(): WasmFunction {
  const [TRIAL, PAIRS, LIST, OUT, SEAL_A, SEAL_B, PAD_A, PAD_B, COUNT] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const sealAt = (place: Code): Code => [i32(AT.load), place, loadByte, i32(12), shl, add];
  const padAt = (place: Code): Code => [
    [i32(AT.pads), get(TRIAL), i32(14), shl, add],
    [place, loadByte, i32(3), and, i32(12), shl, add],
  ];
  const [first, second]: [Code, Code] = [get(LIST), [get(LIST), i32(1), add]];
  const seedAt: Code = [i32(AT.seeds), get(TRIAL), i32(6), shl, add];
  /** Number, seed, zeros; both numbers stand at the end of their words. */
  const head: Code = [
    [0, 1, 2, 3, 12, 13, 14, 15].map((i) => [i32(0), lanes(0n), store(BLOCK + 16 * i)]),
    [i32(0), first, loadByte, storeByte(BLOCK + 55)],
    [i32(0), second, loadByte, storeByte(BLOCK + 63)],
    Array.from({ length: 8 }, (_, i) => [i32(0), seedAt, loadBoth(8 * i), store(BLOCK + 16 * (4 + i))]),
    [i32(BLOCK_BYTES), i32(0), call(COMPRESS)],
  ];
  const both = (a: number, b: number, i: number): Code => [get(b), get(a), loadFirst(8 * i), loadSecond(8 * i)];
  const advance = (local: number): Code => [get(local), i32(BLOCK_BYTES), add, set(local)];
  const mixed: Code = [
    Array.from({ length: 16 }, (_, i) => [
      i32(0),
      [both(SEAL_A, SEAL_B, i), both(PAD_A, PAD_B, i), xor],
      store(BLOCK + 16 * i),
    ]),
    [SEAL_A, SEAL_B, PAD_A, PAD_B, COUNT].map(advance),
    [get(COUNT), get(COUNT), i32(TICKET_BYTES), equal, call(COMPRESS)],
  ];
  const each: Code = [
    [begin(STATE), head],
    [sealAt(first), set(SEAL_A), sealAt(second), set(SEAL_B)],
    [padAt(first), set(PAD_A), padAt(second), set(PAD_B)],
    [i32(BLOCK_BYTES), set(COUNT)],
    loop(mixed, [get(COUNT), i32(TICKET_BYTES), less]),
    Array.from({ length: 4 }, (_, i) =>
      [0, 1].map((half) => [[get(OUT), i32(0), load(STATE + 16 * i)], storeLane(half, 8 * i + half * HASH)]),
    ),
    [get(LIST), i32(2), add, set(LIST), get(OUT), i32(2 * HASH), add, set(OUT)],
    [get(PAIRS), i32(1), sub, set(PAIRS)],
  ];
  const body: Code = [i32(AT.list), set(LIST), i32(AT.qualities), set(OUT), loop(each, get(PAIRS))];
  return { name: "tickets", params: 2, i32: 7, v128: 0, body };
}

export function openMiningKernel(): MiningKernel {
  const functions = [compression(STATE, BLOCK), padding(), trials(), tickets(), sealing("seal"), sealing("unseal")];
  return instantiate<MiningKernel>({ functions, pages: PAGES, data: KECCAK_DATA });
}
