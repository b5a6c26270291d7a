import { PublicKey } from "@chainsafe/blst";
import { pippenger } from "@noble/curves/abstract/curve.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ZgError } from "../protocol/errors.ts";
import { type BlobHeader, blobKeyOf, checkCommitmentForm } from "../protocol/header.ts";
import { bytesToBig, fromHex, type Hex } from "../protocol/hex.ts";
import { POINT_BYTES } from "../protocol/params.ts";

const { Point } = bls12_381.G1;
type Point = InstanceType<typeof Point>;

/**
 * The commitments of a batch: each on its own canonical, finite and in the prime-order subgroup. Checking only their
 * combination is not enough: parts of order 3 can cancel there (docs/encoding.md 3).
 */
export function decodeCommitments(headers: readonly BlobHeader[]): Point[] {
  return headers.map((header, index) => {
    try {
      return decodeCommitment(header.commitment);
    } catch (error) {
      if (!(error instanceof ZgError)) throw error;
      throw new ZgError(error.code, { ...error.fields, index, blobKey: blobKeyOf(header) });
    }
  });
}

function decodeCommitment(commitment: Hex): Point {
  checkCommitmentForm(commitment);
  let bytes: Uint8Array;
  try {
    // Native decompression with curve, subgroup and infinity checks; ten times faster than in JavaScript.
    bytes = PublicKey.fromBytes(fromHex(commitment, POINT_BYTES), true).toBytes(false);
  } catch (cause) {
    throw new ZgError("BadPoint", { why: "not in the subgroup", point: commitment }, { cause });
  }
  return Point.fromAffine({
    x: bytesToBig(bytes.subarray(0, POINT_BYTES)),
    y: bytesToBig(bytes.subarray(POINT_BYTES)),
  });
}

/** Σ coefficient_b C_b, compressed: C_P when the coefficients are the batch's σ. */
export function combineCommitments(points: readonly Point[], coefficients: readonly bigint[]): Uint8Array {
  const [first] = points;
  if (points.length === 1 && coefficients[0] === 1n && first !== undefined) return first.toBytes(true);
  return pippenger(Point, [...points], [...coefficients]).toBytes(true);
}
