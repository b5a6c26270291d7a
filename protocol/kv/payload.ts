import { ZgError } from "../errors.ts";
import { bigToBytes, concat, fromHex, type Hex, toHex } from "../hex.ts";
import { MAX_KEY_BYTES, MAX_KEYS_BYTES, MAX_PAYLOAD_BYTES, MAX_SET_SIZE } from "./limits.ts";
import { hasAccount, hasKey, isOp, type Op } from "./ops.ts";

/** A payload's bytes, wherever they are: a value is never read here, so a long one costs nothing. */
export interface PayloadSource {
  readonly length: number;
  /** Exactly these bytes, which lie within `length`. What comes back is the caller's to keep. */
  read(at: number, size: number): Uint8Array;
}

export interface PayloadKey {
  readonly stream: Hex;
  readonly key: Uint8Array;
}
export interface PayloadWrite extends PayloadKey {
  /** First byte of the value within the payload. */
  readonly at: number;
  /** Bytes of the value; 0 deletes the key. */
  readonly size: number;
}

/** 0G's transaction: version u64 | reads | writes (all keys, then all values) | operations; integers big-endian. */
export interface Payload {
  /** The txSeq up to which the writer had seen the keys it reads and writes. */
  readonly version: bigint;
  readonly reads: readonly PayloadKey[];
  readonly writes: readonly PayloadWrite[];
  readonly ops: readonly Op[];
  /** Where the keys of the writes end and the values begin: who has read this far knows where each value is. */
  readonly values: number;
}

const VERSION = 8;
const COUNT = 4;
const STREAM = 32;
const KEY_LENGTH = 3;
const VALUE_LENGTH = 8;
const ACCOUNT = 20;
/** Fewest bytes of one element of a set. */
const LEAST = { read: STREAM + KEY_LENGTH + 1, write: STREAM + KEY_LENGTH + 1 + VALUE_LENGTH, op: 1 + STREAM };

const INVALID = "Invalid stream data";
/** 0G's two texts, which its clients compare with. */
const TOO_LONG = "Stream read/write/access_control list too long";

export function sourceOf(bytes: Uint8Array): PayloadSource {
  return { length: bytes.length, read: (at, size) => bytes.slice(at, at + size) };
}

/**
 * Strict: the payload ends where it says. Every length is compared with what is left before anything is allocated.
 * Throws `BadPayload` with 0G's text in `why`.
 */
export function decodePayload(source: PayloadSource): Payload {
  const reader = createReader(source);
  const { version, reads, sized } = readHead(reader);
  const values = reader.at();
  const writes = placed(sized, values, source.length);
  for (const { size } of writes) reader.skip(size);
  const ops = reader.set(LEAST.op, (): Op => {
    const type = Number(reader.number(1));
    if (!isOp(type)) throw bad(INVALID, reader.at());
    const stream = reader.stream();
    const key = hasKey(type) ? reader.key() : undefined;
    const account = hasAccount(type) ? toHex(reader.take(ACCOUNT)) : undefined;
    return { type, stream, key, account };
  });
  if (reader.at() !== source.length) throw bad(INVALID, reader.at());
  return { version, reads, writes, ops, values };
}

/**
 * What a reader needs to know of a payload to find its values.
 *
 * @param bytes the payload's beginning, exactly as far as the values
 * @param length of the whole payload
 */
export function decodeHead(bytes: Uint8Array, length: number): Pick<Payload, "version" | "writes"> {
  const reader = createReader(sourceOf(bytes));
  const { version, sized } = readHead(reader);
  if (reader.at() !== bytes.length) throw bad(INVALID, reader.at());
  return { version, writes: placed(sized, bytes.length, length) };
}

/**
 * Where the values of a payload begin, without a look at what is before them; undefined where that is beyond `bytes`.
 *
 * @param bytes the beginning of a payload that has been decoded before
 */
export function valuesAt(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = VERSION;
  for (const behind of [0, VALUE_LENGTH]) {
    if (at + COUNT > bytes.length) return undefined;
    const count = view.getUint32(at);
    at += COUNT;
    for (let element = 0; element < count; element++) {
      const key = at + STREAM + KEY_LENGTH;
      if (key > bytes.length) return undefined;
      at = key + (view.getUint32(key - 4) & MAX_KEY_BYTES) + behind;
    }
  }
  return at <= bytes.length ? at : undefined;
}

type Reader = ReturnType<typeof createReader>;
type Sized = PayloadKey & { readonly size: bigint };

function readHead(reader: Reader) {
  const version = reader.number(VERSION);
  const reads = reader.set(LEAST.read, (): PayloadKey => ({ stream: reader.stream(), key: reader.key() }));
  const sized = reader.set(
    LEAST.write,
    (): Sized => ({ stream: reader.stream(), key: reader.key(), size: reader.number(VALUE_LENGTH) }),
  );
  return { version, reads, sized };
}

/** Values lie one behind the other, in the order of their keys. */
function placed(sized: readonly Sized[], from: number, length: number): PayloadWrite[] {
  let at = from;
  return sized.map(({ stream, key, size }) => {
    if (size > length - at) throw bad(INVALID, at);
    at += Number(size);
    return { stream, key, at: at - Number(size), size: Number(size) };
  });
}

function createReader(source: PayloadSource) {
  if (source.length > MAX_PAYLOAD_BYTES) throw bad(TOO_LONG, 0);
  let [at, keys] = [0, 0];
  const left = (): number => source.length - at;
  const take = (size: number): Uint8Array => {
    if (size > left()) throw bad(INVALID, at);
    at += size;
    return source.read(at - size, size);
  };
  const number = (size: number): bigint => BigInt(toHex(take(size)));
  return {
    at: () => at,
    take,
    number,
    stream: (): Hex => toHex(take(STREAM)),
    key: (): Uint8Array => {
      const size = Number(number(KEY_LENGTH));
      if (size === 0) throw bad(INVALID, at);
      keys += size;
      if (keys > MAX_KEYS_BYTES) throw bad(TOO_LONG, at);
      return take(size);
    },
    skip: (size: number): void => {
      at += size;
    },
    set: <T>(least: number, element: () => T): T[] => {
      const count = Number(number(COUNT));
      if (count > MAX_SET_SIZE) throw bad(TOO_LONG, at);
      if (count * least > left()) throw bad(INVALID, at);
      return Array.from({ length: count }, element);
    },
  };
}

function bad(why: string, at: number): ZgError {
  return new ZgError("BadPayload", { why, at });
}

export interface Writing {
  readonly stream: Hex;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
export interface Transaction {
  readonly version: bigint;
  readonly reads?: readonly PayloadKey[];
  readonly writes?: readonly Writing[];
  readonly ops?: readonly Op[];
}

/** The inverse of `decodePayload`; refuses what it would refuse. */
export function encodePayload({ version, reads = [], writes = [], ops = [] }: Transaction): Uint8Array {
  for (const set of [reads, writes, ops]) if (set.length > MAX_SET_SIZE) throw bad(TOO_LONG, 0);
  const count = (set: readonly unknown[]): Uint8Array => bigToBytes(BigInt(set.length), COUNT);
  // A list, not arguments: 65,536 writes are more than a call takes.
  const parts = [
    bigToBytes(version, VERSION),
    count(reads),
    ...reads.flatMap(({ stream, key }) => [fromHex(stream, STREAM), sizedKey(key)]),
    count(writes),
    ...writes.flatMap(({ stream, key, value }) => [
      fromHex(stream, STREAM),
      sizedKey(key),
      bigToBytes(BigInt(value.length), VALUE_LENGTH),
    ]),
    ...writes.map(({ value }) => value),
    count(ops),
    ...ops.flatMap(({ type, stream, key, account }) => [
      Uint8Array.of(type),
      fromHex(stream, STREAM),
      ...(hasKey(type) ? [sizedKey(key ?? new Uint8Array())] : []),
      ...(hasAccount(type) ? [fromHex(account ?? "0x", ACCOUNT)] : []),
    ]),
  ];
  const payload = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    payload.set(part, at);
    at += part.length;
  }
  decodePayload(sourceOf(payload));
  return payload;
}

function sizedKey(key: Uint8Array): Uint8Array {
  if (key.length === 0 || key.length > MAX_KEY_BYTES) throw bad(INVALID, 0);
  return concat(bigToBytes(BigInt(key.length), KEY_LENGTH), key);
}
