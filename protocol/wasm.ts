/**
 * As much of a WebAssembly assembler as the kernels need. They are written out here because a binary in the repository
 * cannot be read, and because a compiler for them would be one more thing to trust: the module is what these lines say.
 */
export type Code = readonly (number | Code)[];

export interface WasmFunction {
  /** Exported under this name; otherwise only called from inside. */
  readonly name?: string;
  /** How many, all of them i32. Locals are counted on from them: first those of i32, then those of v128. */
  readonly params: number;
  readonly i32: number;
  readonly v128: number;
  readonly body: Code;
}

export interface WasmModule {
  /** Called by their places in this list. */
  readonly functions: readonly WasmFunction[];
  /** 64 KiB each, exported as "memory". */
  readonly pages: number;
  /** What the memory begins with. */
  readonly data: readonly number[];
}

const leb = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]);
/** Signed: the constants here are positive, so the top bit of the last byte must stay clear. */
const sleb = (value: number): number[] => (value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...sleb(value >>> 7)]);
const bytesOf = (value: bigint): number[] =>
  Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

export const get = (local: number): number[] => [0x20, ...leb(local)];
export const set = (local: number): number[] => [0x21, ...leb(local)];
export const i32 = (value: number): number[] => [0x41, ...sleb(value)];
export const add: Code = [0x6a];
export const sub: Code = [0x6b];
export const and: Code = [0x71];
export const shl: Code = [0x74];
export const equal: Code = [0x46];
export const less: Code = [0x49]; // unsigned
export const loadByte: Code = [0x2d, 0, 0];
export const storeByte = (offset: number): Code => [0x3a, 0, ...leb(offset)];
export const call = (index: number): Code => [0x10, ...leb(index)];
export const fill: Code = [0xfc, 0x0b, 0x00]; // address, byte, length
export const when = (body: Code): Code => [0x04, 0x40, body, 0x0b];
/** Again as long as the condition holds. */
export const loop = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];

const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)];
const memory = (opcode: number, align: number, offset: number): number[] => [...simd(opcode), align, ...leb(offset)];
export const load = (offset: number): Code => memory(0x00, 4, offset);
export const store = (offset: number): Code => memory(0x0b, 4, offset);
/** The same 64 bits into both lanes. */
export const loadBoth = (offset: number): Code => memory(0x0a, 3, offset);
export const loadFirst = (offset: number): Code => memory(0x5d, 3, offset);
/** Address and what the first lane has are on the stack. */
export const loadSecond = (offset: number): Code => [...memory(0x57, 3, offset), 1];
export const storeLane = (lane: number, offset: number): Code => [...memory(0x5b, 3, offset), lane];
export const xor: Code = simd(0x51);
export const or: Code = simd(0x50);
export const andNot: Code = simd(0x4f);
export const addLanes: Code = simd(0xce);
export const shiftLeft: Code = simd(0xcb);
export const shiftRight: Code = simd(0xcd);
/** A 64-bit constant in both lanes. */
export const lanes = (value: bigint): Code => [simd(0x0c), bytesOf(value), bytesOf(value)];
/** An i32, with its sign, in both lanes. */
export const spread: Code = [0xac, simd(0x12)];
/** Bytes of one register in another order, the same in both lanes. */
export const shuffle = (value: Code, order: readonly number[]): Code => [
  value,
  value,
  simd(0x0d),
  order,
  order.map((i) => i + 8),
];
export const rotate = (value: Code, by: number): Code => [
  [value, i32(by), shiftLeft],
  [value, i32(64 - by), shiftRight],
  or,
];
export const words = (values: readonly bigint[]): number[] => values.flatMap(bytesOf);

const flat = (code: Code): number[] => code.flat(Number.POSITIVE_INFINITY as 20) as number[];
const sized = (code: Code): number[] => {
  const bytes = flat(code);
  return [...leb(bytes.length), ...bytes];
};
const section = (id: number, ...content: Code): number[] => [id, ...sized(content)];
const list = (items: readonly Code[]): Code => [leb(items.length), items];
const text = (name: string): Code => [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))];

const typeOf = ({ params }: WasmFunction): Code => [0x60, params, Array(params).fill(0x7f), 0];
const codeOf = ({ i32: whole, v128, body }: WasmFunction): Code =>
  sized([list([...(whole > 0 ? [[leb(whole), 0x7f]] : []), ...(v128 > 0 ? [[leb(v128), 0x7b]] : [])]), body, 0x0b]);

export function assemble({ functions, pages, data }: WasmModule): Uint8Array {
  const exported = functions.flatMap(({ name }, i) => (name === undefined ? [] : [[text(name), 0, leb(i)]]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(functions.map(typeOf))),
    ...section(3, list(functions.map((_, i) => leb(i)))),
    ...section(5, 1, 0, leb(pages)),
    ...section(7, list([[text("memory"), 2, 0], ...exported])),
    ...section(10, list(functions.map(codeOf))),
    ...section(11, 1, 0, i32(0), 0x0b, sized(data)),
  ]);
}

/** The platform's, of which neither the language's nor Node's types speak. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** Exports is what the caller knows the module to export. */
export function instantiate<Exports>(
  module: WasmModule,
): Exports & { readonly memory: { readonly buffer: ArrayBuffer } } {
  const compiled = new WebAssembly.Module(assemble(module));
  return new WebAssembly.Instance(compiled).exports as Exports & { readonly memory: { readonly buffer: ArrayBuffer } };
}
