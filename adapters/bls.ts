import { randomBytes } from "node:crypto";
import { aggregatePublicKeys, aggregateSignatures, PublicKey, SecretKey, Signature, verify } from "@chainsafe/blst";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { POSSESSION_DST } from "../protocol/attestation.ts";
import { ZgError } from "../protocol/errors.ts";
import { bytesToBig, concat, fromHex, type Hex, toHex } from "../protocol/hex.ts";

/**
 * BLS with keys in G1 and signatures in G2, Ethereum's ciphersuite, by the native library. Keys and signatures travel
 * in EIP-2537 form, as the contracts take them: 128 and 256 bytes, a field element in 64.
 */
const ELEMENT = 48;
const PADDED = 64;

/** The contracts' G1 struct: each 48-byte coordinate as (high 16 bytes, low 32 bytes). */
export interface G1 {
  readonly xHi: bigint;
  readonly xLo: bigint;
  readonly yHi: bigint;
  readonly yLo: bigint;
}
/** The contracts' G2 struct: c0 before c1. */
export interface G2 {
  readonly x0Hi: bigint;
  readonly x0Lo: bigint;
  readonly x1Hi: bigint;
  readonly x1Lo: bigint;
  readonly y0Hi: bigint;
  readonly y0Lo: bigint;
  readonly y1Hi: bigint;
  readonly y1Lo: bigint;
}

export interface BlsKey {
  /** EIP-2537, 128 bytes. */
  readonly publicKey: Hex;
  /** Signature of a 32-byte message, EIP-2537, 256 bytes. Unique: there is nothing to grind. */
  sign(message: Hex): Hex;
  /** The same under the proof-of-possession tag, so that neither passes for the other. */
  provePossession(message: Hex): Hex;
}

export function newSecretKey(): Hex {
  return toHex(SecretKey.fromKeygen(randomBytes(32)).toBytes());
}

export function openKey(secret: Hex): BlsKey {
  const bytes = fromHex(secret, 32);
  const key = SecretKey.fromBytes(bytes);
  return {
    publicKey: encodeG1(key.toPublicKey()),
    sign: (message) => encodeG2(key.sign(fromHex(message, 32))),
    provePossession: (message) => {
      // blst's binding has the signing tag built in; possession is proved once in a key's life.
      const point = bls12_381.longSignatures.hash(fromHex(message, 32), POSSESSION_DST);
      return encodeG2(Signature.fromBytes(bls12_381.longSignatures.sign(point, bytes).toBytes(true)));
    },
  };
}

/** False for a signature that does not fit; malformed, infinite or small-order points are refused by name. */
export function verifySignature(publicKey: Hex, message: Hex, signature: Hex): boolean {
  return verify(fromHex(message, 32), decodeG1(publicKey), decodeG2(signature));
}

export function verifyPossession(publicKey: Hex, message: Hex, proof: Hex): boolean {
  const point = bls12_381.longSignatures.hash(fromHex(message, 32), POSSESSION_DST);
  return bls12_381.longSignatures.verify(decodeG2(proof).toBytes(true), point, decodeG1(publicKey).toBytes(true));
}

export function aggregateKeys(keys: readonly Hex[]): Hex {
  return encodeG1(aggregatePublicKeys(keys.map(decodeG1)));
}

export function sumSignatures(signatures: readonly Hex[]): Hex {
  return encodeG2(aggregateSignatures(signatures.map(decodeG2)));
}

/** The finite point of the prime-order subgroup that these 128 bytes are. */
export function decodeG1(key: Hex): PublicKey {
  const bytes = fromHex(key, 2 * PADDED);
  return point(key, () => PublicKey.fromBytes(concat(unpad(bytes, 0), unpad(bytes, 1)), true));
}

/** The finite point of the prime-order subgroup that these 256 bytes are. */
export function decodeG2(signature: Hex): Signature {
  const bytes = fromHex(signature, 4 * PADDED);
  // EIP-2537 writes c0 before c1, the usual serialisation c1 before c0.
  const order = [1, 0, 3, 2].map((index) => unpad(bytes, index));
  return point(signature, () => Signature.fromBytes(concat(...order), true, true));
}

export function encodeG1(key: PublicKey): Hex {
  const bytes = key.toBytes(false);
  return toHex(concat(pad(bytes, 0), pad(bytes, 1)));
}

export function encodeG2(signature: Signature): Hex {
  const bytes = signature.toBytes(false);
  return toHex(concat(...[1, 0, 3, 2].map((index) => pad(bytes, index))));
}

export function g1Struct(key: Hex): G1 {
  const [xHi, xLo, yHi, yLo] = words(fromHex(key, 128));
  return { xHi, xLo, yHi, yLo } as G1;
}

export function g2Struct(signature: Hex): G2 {
  const [x0Hi, x0Lo, x1Hi, x1Lo, y0Hi, y0Lo, y1Hi, y1Lo] = words(fromHex(signature, 256));
  return { x0Hi, x0Lo, x1Hi, x1Lo, y0Hi, y0Lo, y1Hi, y1Lo } as G2;
}

/** The G1 struct as the 128 bytes it stands for. */
export function g1Bytes(key: G1): Hex {
  const hex = (value: bigint) => BigInt(value).toString(16).padStart(64, "0");
  return `0x${hex(key.xHi)}${hex(key.xLo)}${hex(key.yHi)}${hex(key.yLo)}`;
}

function words(bytes: Uint8Array): bigint[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytesToBig(bytes.subarray(i * 32, (i + 1) * 32)));
}

function pad(bytes: Uint8Array, index: number): Uint8Array {
  return concat(new Uint8Array(PADDED - ELEMENT), bytes.subarray(index * ELEMENT, (index + 1) * ELEMENT));
}

function unpad(bytes: Uint8Array, index: number): Uint8Array {
  const padded = bytes.subarray(index * PADDED, (index + 1) * PADDED);
  if (padded.subarray(0, PADDED - ELEMENT).some((byte) => byte !== 0))
    throw new ZgError("BadPoint", { why: "padding" });
  // The top bits of the usual serialisation are flags; an element that sets them is no canonical element.
  if ((padded[PADDED - ELEMENT] as number) >= 0x20) throw new ZgError("BadPoint", { why: "flags" });
  return padded.subarray(PADDED - ELEMENT);
}

function point<T>(hex: Hex, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new ZgError("BadPoint", { point: `${hex.slice(0, 40)}…` }, { cause });
  }
}
