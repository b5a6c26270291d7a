/**
 * A WebAssembly module that hashes two messages of equal length at a time, one in each half of a 128-bit register:
 * twice as fast as one at a time (bench/keccak.ts). Written out here because a binary in the repository cannot be read;
 * held against another implementation on every length it is used for (test/protocol/keccak.test.ts).
 */
export interface KeccakPairs {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Hashes `pairs` × 2 messages of `size` bytes (a multiple of 8) from `from` on; digests go to `to`, 32 bytes each. */
  hash(from: number, to: number, pairs: number, size: number): void;
}

const STATE = 256; // 25 lanes × 16 bytes, after the 24 round constants
const RATE_LANES = 17;
const ROUNDS = 24;
const PAGES = 6;
/** Where messages may lie: the rest of the memory belongs to the module. */
export const HEAP = 1024;
export const HEAP_BYTES = PAGES * 65_536 - HEAP;

type Code = readonly (number | Code)[];

const leb = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]);
/** Signed: the constants here are positive, so the top bit of the last byte must stay clear. */
const sleb = (value: number): number[] => (value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...sleb(value >>> 7)]);
const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)];

const get = (local: number): number[] => [0x20, ...leb(local)];
const set = (local: number): number[] => [0x21, ...leb(local)];
const i32 = (value: number): number[] => [0x41, ...sleb(value)];
const add: Code = [0x6a];
const loop = (body: Code): Code => [0x03, 0x40, body, 0x0b];
const when = (body: Code): Code => [0x04, 0x40, body, 0x0b];
const again = 0x0d; // br_if
const memory = (opcode: number, align: number, offset: number): number[] => [...simd(opcode), align, ...leb(offset)];
const load = (offset: number) => memory(0x00, 4, offset);
const store = (offset: number) => memory(0x0b, 4, offset);
const loadBoth = (offset: number) => memory(0x0a, 3, offset);
const loadFirst = (offset: number) => memory(0x5d, 3, offset);
const loadSecond = (offset: number): number[] => [...memory(0x57, 3, offset), 1];
const storeLane = (lane: number, offset: number): number[] => [...memory(0x5b, 3, offset), lane];
const xor = simd(0x51);
const or = simd(0x50);
const andNot = simd(0x4f);
const rotate = (value: Code, by: number): Code => [value, i32(by), simd(0xcb), value, i32(64 - by), simd(0xcd), or];

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

/** Keccak-f[1600] on the state in memory, which stays in locals 0–24 for its 24 rounds. */
function permutation(): { locals: Code; body: Code } {
  const [C, D, T, ROUND] = [25, 30, 35, 36];
  const theta: Code[] = [];
  for (let x = 0; x < 5; x++) {
    const column: Code[] = [get(x)];
    for (let y = 1; y < 5; y++) column.push(get(x + 5 * y), xor);
    theta.push(column, set(C + x));
  }
  for (let x = 0; x < 5; x++) theta.push(get(C + ((x + 4) % 5)), rotate(get(C + ((x + 1) % 5)), 1), xor, set(D + x));
  for (let i = 0; i < 25; i++) theta.push(get(i), get(D + (i % 5)), xor, set(i));
  const rhoPi: Code[] = [get(1), set(T)];
  for (let step = 0, x = 1, y = 0; step < 24; step++) {
    const [nextX, nextY] = [y, (2 * x + 3 * y) % 5];
    const target = nextX + 5 * nextY;
    const by = (((step + 1) * (step + 2)) / 2) % 64;
    rhoPi.push(get(target), set(C), rotate(get(T), by), set(target), get(C), set(T));
    [x, y] = [nextX, nextY];
  }
  const chi: Code[] = [];
  for (let y = 0; y < 25; y += 5) {
    for (let x = 0; x < 5; x++) chi.push(get(y + x), set(C + x));
    for (let x = 0; x < 5; x++) {
      chi.push(get(C + x), get(C + ((x + 2) % 5)), get(C + ((x + 1) % 5)), andNot, xor, set(y + x));
    }
  }
  const iota: Code = [get(0), get(ROUND), loadBoth(0), xor, set(0)];
  const lanes = Array.from({ length: 25 }, (_, i) => i);
  const body: Code = [
    lanes.map((i) => [i32(0), load(STATE + 16 * i), set(i)]),
    loop([theta, rhoPi, chi, iota, get(ROUND), i32(8), add, set(ROUND), get(ROUND), i32(8 * ROUNDS), 0x49, again, 0]),
    lanes.map((i) => [i32(0), get(i), store(STATE + 16 * i)]),
  ];
  return { locals: [2, 36, 0x7b, 1, 0x7f], body };
}

/** hash(from, to, pairs, size): the sponge around it. */
function sponge(): { locals: Code; body: Code } {
  const [FROM, TO, PAIRS, SIZE, LANE, AT, END] = [0, 1, 2, 3, 4, 5, 6];
  const PERMUTE = [0x10, 0];
  const pad = (address: Code, value: bigint): Code => [
    address,
    address,
    load(STATE),
    constant(value),
    xor,
    store(STATE),
  ];
  const absorb: Code = [
    get(LANE),
    [get(LANE), load(STATE), get(AT), loadFirst(0), set(7), get(AT), get(SIZE), add, get(7), loadSecond(0), xor],
    store(STATE),
    [get(AT), i32(8), add, set(AT), get(LANE), i32(16), add, set(LANE)],
    [get(LANE), i32(16 * RATE_LANES), 0x46, when([PERMUTE, i32(0), set(LANE)])],
    [get(AT), get(END), 0x49, again, 0],
  ];
  const each: Code = [
    [i32(STATE), i32(0), i32(400), 0xfc, 0x0b, 0x00], // memory.fill
    [i32(0), set(LANE), get(FROM), set(AT), get(FROM), get(SIZE), add, set(END)],
    loop(absorb),
    pad(get(LANE), 1n),
    pad(i32(16 * (RATE_LANES - 1)), 1n << 63n),
    PERMUTE,
    [0, 1, 2, 3].map((i) =>
      [0, 1].map((half) => [get(TO), i32(0), load(STATE + 16 * i), storeLane(half, 8 * i + 32 * half)]),
    ),
    [get(TO), i32(64), add, set(TO), get(END), get(SIZE), add, set(FROM)],
    [get(PAIRS), i32(1), 0x6b, set(PAIRS), get(PAIRS), again, 0],
  ];
  return { locals: [2, 3, 0x7f, 1, 0x7b], body: loop(each) };
}

function constant(value: bigint): Code {
  const lane = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  return [simd(0x0c), lane, lane];
}

function assemble(): Uint8Array {
  const flat = (code: Code): number[] => code.flat(Number.POSITIVE_INFINITY as 20) as number[];
  const sized = (code: Code): number[] => {
    const bytes = flat(code);
    return [...leb(bytes.length), ...bytes];
  };
  const section = (id: number, ...content: Code): number[] => [id, ...sized(content)];
  const text = (name: string): number[] => [name.length, ...Buffer.from(name)];
  const fn = ({ locals, body }: { locals: Code; body: Code }) => sized([locals, body, 0x0b]);
  const table = roundConstants().flatMap((c) =>
    Array.from({ length: 8 }, (_, i) => Number((c >> BigInt(8 * i)) & 0xffn)),
  );
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, [0x60, 0, 0], [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0]), // types: () and (i32 × 4)
    ...section(3, 2, 0, 1),
    ...section(5, 1, 0, PAGES),
    ...section(7, 2, text("memory"), 2, 0, text("hash"), 0, 1),
    ...section(10, 2, fn(permutation()), fn(sponge())),
    ...section(11, 1, 0, i32(0), 0x0b, sized(table)),
  ]);
}

/** The platform's, of which neither the language's nor Node's types speak. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

export function openKeccakPairs(): KeccakPairs {
  const module = new WebAssembly.Module(assemble());
  return new WebAssembly.Instance(module).exports as KeccakPairs;
}
