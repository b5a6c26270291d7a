import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { createPacker } from "../../protocol/blob.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { keccakStream } from "../../protocol/keccak.ts";

/** A socket that has much to read is read many times before anybody else's turn comes: 3 ms of hashing and packing. */
const BREATH_BYTES = 1 << 19;

/** A payload as it is kept. */
export interface Packed {
  /** Payload bytes. */
  readonly length: number;
  readonly payloadHash: Hex;
  /** Packed rows, in pieces that follow each other. */
  readonly rows: readonly Uint8Array[];
}

/**
 * Reads a body of at most `limit` bytes. The declared length is only good for refusing early: memory is taken for bytes
 * that have arrived, never for bytes that were announced. Each chunk is hashed and packed as it comes: afterwards both would
 * stand in the way of everybody else for a fifth of a second (bench/body.ts).
 */
export const readBody = async (
  body: Readable,
  limit: number,
  declared: number | undefined,
  take: (bytes: number) => void | Promise<void>,
): Promise<Packed> => {
  if (declared !== undefined && declared > limit) {
    body.resume();
    throw new ZgError("BlobTooLarge", { length: declared, limit });
  }
  const [hash, packer] = [keccakStream(), createPacker()];
  const rows: Uint8Array[] = [];
  let length = 0;
  let breathed = 0;
  try {
    // Not destroyed on an early end: the refusal must still reach the sender over the same socket.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      length += bytes.length;
      if (length > limit) throw new ZgError("BlobTooLarge", { length, limit });
      await take(bytes.length);
      hash.update(bytes);
      const elements = packer.add(bytes);
      if (elements.length > 0) rows.push(elements);
      if (length - breathed > BREATH_BYTES) {
        breathed = length;
        await setImmediate();
      }
      if (declared !== undefined && length * 2 >= declared) crashpoint("body-half-read");
    }
  } catch (error) {
    if (error instanceof ZgError) {
      body.resume();
      throw error;
    }
    throw new ZgError("LengthMismatch", { expected: declared ?? "unknown", actual: length }, { cause: error });
  }
  if (declared !== undefined && length !== declared) {
    throw new ZgError("LengthMismatch", { expected: declared, actual: length });
  }
  if (length === 0) throw new ZgError("EmptyBlob", { length });
  rows.push(packer.end());
  return { length, payloadHash: toHex(hash.digest()), rows };
};
