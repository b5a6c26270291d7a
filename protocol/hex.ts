import { ZgError } from "./errors.ts";

/** 0x-prefixed lower-case hex: how hashes, keys and addresses are written at the edges of the API. */
export type Hex = `0x${string}`;

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

export function isHex(value: unknown, byteLength?: number): value is Hex {
  if (typeof value !== "string" || value.length % 2 !== 0) return false;
  if (byteLength !== undefined && value.length !== 2 + 2 * byteLength) return false;
  return /^0x[0-9a-fA-F]*$/.test(value);
}

/** Bytes of a hex string; refuses another length than `byteLength` before it allocates anything. */
export function fromHex(value: string, byteLength?: number): Uint8Array {
  if (!isHex(value, byteLength)) {
    throw new ZgError("MalformedHex", { value: String(value).slice(0, 80), bytes: byteLength ?? "any" });
  }
  const bytes = new Uint8Array((value.length - 2) / 2);
  Buffer.from(bytes.buffer).write(value.slice(2), "hex");
  return bytes;
}

/** One spelling per value, so that ids compare as strings. */
export function normalHex(value: string, byteLength?: number): Hex {
  if (!isHex(value, byteLength)) {
    throw new ZgError("MalformedHex", { value: String(value).slice(0, 80), bytes: byteLength ?? "any" });
  }
  return value.toLowerCase() as Hex;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Big-endian word of `abi.encode`: any unsigned integer that fits 32 bytes. */
export function word(value: bigint | number): Uint8Array {
  return bigToBytes(BigInt(value), 32);
}

export function bigToBytes(value: bigint, byteLength: number): Uint8Array {
  const digits = value.toString(16);
  if (value < 0n || digits.length > 2 * byteLength) throw new RangeError(`${value} does not fit ${byteLength} bytes`);
  return fromHex(`0x${digits.padStart(2 * byteLength, "0")}`);
}

export function bytesToBig(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}
